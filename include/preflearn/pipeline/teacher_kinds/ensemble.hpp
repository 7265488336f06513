/// \file
/// The kind `ensemble`: several teachers' folders as one teacher. Their margins, each by its own temperature, are
/// combined:
///   mean    their mean
///   vote    the log-odds of the share of members that prefer the first response, with half a vote added to each side
///   careful their mean, moved towards 0 by λ standard deviations and no further than 0 (Coste et al. 2023,
///           arXiv:2310.02743, for margins): where members disagree there is no label
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <preflearn/core/preference.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/pipeline/teacher_folder/open_teacher.hpp>
#include <preflearn/pipeline/teacher_kinds/text_teacher.hpp>
#include <preflearn/policy/any_transformer.hpp>

namespace preflearn {

/// Of the members' margins about one pair, at least one. \throws argument_error for a rule that is none
inline double combined_margin(std::span<const double> margins, std::string_view rule, double spread) {
    const auto count = static_cast<double>(margins.size());
    double mean = 0, square = 0, votes = 0;
    for (const double margin : margins) {
        mean += margin / count;
        votes += margin > 0 ? 1 : margin == 0 ? 0.5 : 0;
    }
    if (rule == "mean") return mean;
    if (rule == "vote") return std::log((votes + 0.5) / (count - votes + 0.5));
    require(rule == "careful", "members are combined by mean, vote or careful, not by ", excerpt{rule});
    for (const double margin : margins) square += (margin - mean) * (margin - mean);
    const double deviation = margins.size() > 1 ? std::sqrt(square / (count - 1)) : 0;
    return std::copysign(std::max(0.0, std::abs(mean) - spread * deviation), mean);
}

namespace detail {

struct ensemble_member {
    text_teacher teacher;
    double temperature;
};

struct ensemble_teacher {
    std::vector<ensemble_member> members;
    std::string rule;
    double spread;

    /// What the members say of one record; of more than two responses the mean of their scores.
    [[nodiscard]] judgement combined(std::span<const judgement> said) const {
        for (const judgement& one : said)
            if (one.unfit) return {.unfit = one.unfit};
        const std::size_t responses = said[0].scores.size();
        if (responses > 2) {
            judgement mean{.scores = std::vector<double>(responses)};
            for (std::size_t m = 0; m < said.size(); ++m)
                for (std::size_t r = 0; r < responses; ++r)
                    mean.scores[r] += said[m].scores.at(r) / members[m].temperature / static_cast<double>(said.size());
            return mean;
        }
        std::vector<double> margins;
        for (std::size_t m = 0; m < said.size(); ++m)
            if (const auto margin = said[m].margin()) margins.push_back(*margin / members[m].temperature);
        if (margins.empty()) return {.verdict = preference::abstention()};
        return {.verdict = preference::from_margin(combined_margin(margins, rule, spread))};
    }
    [[nodiscard]] judged_block judge(std::span<const shown_texts> block) const {
        std::vector<std::vector<judgement>> said(block.size());
        judged_block judged;
        for (const ensemble_member& member : members) {
            judged_block own = member.teacher.judge(block);
            judged.tokens += own.tokens;
            for (std::size_t i = 0; i < block.size(); ++i) said[i].push_back(std::move(own.all[i]));
        }
        for (const auto& one : said) judged.all.push_back(combined(one));
        return judged;
    }
};

} // namespace detail

/// Loads the teacher of an opened folder, of whatever kind.
using teacher_loader = std::function<text_teacher(const opened_teacher&, const any_backend<float>&)>;

/// Members share no memory, also where they have one base model. \throws input_error as opening and loading them does
inline text_teacher load_ensemble_teacher(const opened_teacher& opened, const any_backend<float>& on,
                                          const teacher_loader& load) {
    const teacher_description& told = opened.description;
    require<input_error>(!told.members.empty(), (opened.folder / "teacher.json").string(), ": an ensemble has members");
    auto held = std::make_shared<detail::ensemble_teacher>(
        detail::ensemble_teacher{.members = {}, .rule = told.combination, .spread = told.spread});
    combined_margin(std::vector<double>{0}, held->rule, held->spread); // refuses an unknown rule now
    text_teacher teacher;
    for (const folder_part& member : told.members) {
        const opened_teacher one = open_teacher(part_of_folder(opened.folder, member.path));
        require<input_error>(one.description.kind != "ensemble", one.folder.string(), ": is an ensemble within one");
        const auto named = [](const std::string& layout) { return layout.empty() ? "HH transcripts" : layout; };
        require<input_error>(!one.description.base || one.description.chat_layout == told.chat_layout,
                             one.folder.string(), ": reads conversations as ", named(one.description.chat_layout),
                             ", the ensemble as ", named(told.chat_layout), "; its chat format is that of its members");
        held->members.push_back({load(one, on), one.description.temperature});
        const text_teacher& loaded = held->members.back().teacher;
        teacher.gives_log_odds = teacher.gives_log_odds && loaded.gives_log_odds;
        teacher.operations_per_token = std::max(teacher.operations_per_token, loaded.operations_per_token);
        teacher.parameters = std::max(teacher.parameters, loaded.parameters);
        for (const std::string& note : loaded.notes) teacher.notes.push_back(one.name + ": " + note);
    }
    teacher.judge = [held](std::span<const shown_texts> block) { return held->judge(block); };
    return teacher;
}

} // namespace preflearn
