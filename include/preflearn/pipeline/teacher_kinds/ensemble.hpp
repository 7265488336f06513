/// \file
/// The kind `ensemble`: several teachers' folders as one teacher. Their margins, each by its own temperature, are
/// combined:
///   mean    their mean
///   vote    the log-odds of the share of members that prefer the first response, with half a vote added to each side
///   careful their mean, moved towards 0 by λ standard deviations and no further than 0 (Coste et al. 2023,
///           arXiv:2310.02743, for margins): where members disagree there is no label
///   dawid_skene  votes weighed by the members' reliabilities, which were found without labels (member_votes.hpp)
/// A member that has a verdict and no margin votes, and has no part in a mean.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
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

#include <nlohmann/json.hpp>

#include <preflearn/checkpoint/json_file.hpp>
#include <preflearn/core/preference.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/pipeline/teacher_folder/folder_parts.hpp>
#include <preflearn/pipeline/teacher_folder/open_teacher.hpp>
#include <preflearn/pipeline/teacher_folder/teacher_description.hpp>
#include <preflearn/pipeline/teacher_kinds/member_votes.hpp>
#include <preflearn/pipeline/teacher_kinds/text_teacher.hpp>
#include <preflearn/policy/any_transformer.hpp>

namespace preflearn {

inline constexpr std::array<std::string_view, 4> combination_names{"mean", "vote", "careful", "dawid_skene"};

/// \throws argument_error for a rule that is none.
inline void check_combination(std::string_view rule) {
    require(std::ranges::find(combination_names, rule) != combination_names.end(),
            "members are combined by mean, vote, careful or dawid_skene, not by ", excerpt{rule});
}

/// Of members' margins about one pair, at least one. \throws argument_error for a rule that is none, or that looks at
/// more than margins
inline double combined_margin(std::span<const double> margins, std::string_view rule, double spread) {
    check_combination(rule);
    const auto count = static_cast<double>(margins.size());
    double mean = 0, square = 0, votes = 0;
    for (const double margin : margins) {
        mean += margin / count;
        votes += margin > 0 ? 1 : margin == 0 ? 0.5 : 0;
    }
    if (rule == "mean") return mean;
    if (rule == "vote") return std::log((votes + 0.5) / (count - votes + 0.5));
    require(rule == "careful", "margins alone are not combined by ", excerpt{rule});
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
    std::vector<double> reliabilities{}; ///< of dawid_skene

    /// What the members say of one record.
    [[nodiscard]] judgement combined(std::span<const judgement> said) const {
        for (const judgement& one : said)
            if (one.unfit) return {.unfit = one.unfit};
        if (said[0].scores.size() > 2) return {.scores = combined_scores(said)};
        std::vector<double> margins;
        std::vector<int> votes;
        for (std::size_t m = 0; m < said.size(); ++m) {
            const auto margin = said[m].margin();
            if (margin) margins.push_back(*margin / members[m].temperature);
            votes.push_back(vote_of(said[m]));
            if (!margin && rule == "vote" && votes.back() != 0) margins.push_back(votes.back());
        }
        if (rule == "dawid_skene" && std::ranges::any_of(votes, [](int vote) { return vote != 0; }))
            return {.verdict = preference::from_margin(weighted_votes(votes, reliabilities))};
        if (margins.empty() || rule == "dawid_skene") return {.verdict = preference::abstention()};
        return {.verdict = preference::from_margin(combined_margin(margins, rule, spread))};
    }
    /// Of more than two responses: the mean of the members' scores; by reliabilities the mean of the log-odds against
    /// all.
    [[nodiscard]] std::vector<double> combined_scores(std::span<const judgement> said) const {
        const std::size_t responses = said[0].scores.size();
        std::vector<double> mean(responses);
        std::vector<int> votes(said.size());
        for (std::size_t m = 0; m < said.size() && rule != "dawid_skene"; ++m)
            for (std::size_t r = 0; r < responses; ++r)
                mean[r] += said[m].scores.at(r) / members[m].temperature / static_cast<double>(said.size());
        for (std::size_t r = 0; r < responses && rule == "dawid_skene"; ++r) {
            for (std::size_t s = 0; s < responses; ++s) {
                for (std::size_t m = 0; m < said.size(); ++m) {
                    const double margin = said[m].scores.at(r) - said[m].scores.at(s);
                    votes[m] = margin > 0 ? 1 : margin < 0 ? -1 : 0;
                }
                mean[r] += weighted_votes(votes, reliabilities) / static_cast<double>(responses);
            }
        }
        return mean;
    }
    [[nodiscard]] judged_block judge(std::span<const shown_texts> block) const {
        std::vector<text_judging> judges;
        for (const ensemble_member& member : members) judges.push_back(member.teacher.judge);
        return judge(block, judges);
    }
    /// What a member has judged when it fails is no judgement of all.
    static judged_block said_by(const text_judging& member, std::span<const shown_texts> block) {
        try {
            return member(block);
        } catch (const judged_in_part& failure) {
            throw input_error(failure.what());
        }
    }
    /// \param judges those of the members
    [[nodiscard]] judged_block judge(std::span<const shown_texts> block, std::span<const text_judging> judges) const {
        std::vector<std::vector<judgement>> said(block.size());
        judged_block judged;
        for (const text_judging& judge_of_member : judges) {
            judged_block own = said_by(judge_of_member, block);
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

namespace detail {

/// \throws input_error where the folder does not say how reliable each of so many members is
inline std::vector<double> stored_reliabilities(const opened_teacher& opened) {
    const std::string place = (opened.folder / "teacher.json").string();
    const nlohmann::json settings = opened.description.settings;
    const nlohmann::json& list = member_or_null(settings, "reliabilities");
    const std::size_t members = opened.description.members.size();
    require<input_error>(list.is_array() && list.size() == members, place, ": 'reliabilities' is no list of ", members,
                         " numbers, one a member");
    std::vector<double> all;
    for (const nlohmann::json& one : list) {
        const double right = one.is_number() ? one.get<double>() : 0;
        require<input_error>(right > 0 && right < 1, place, ": a reliability is ", one.dump(),
                             ", a number between 0 and 1 was expected");
        all.push_back(right);
    }
    return all;
}

/// A member, and what of the ensemble it needs. \throws input_error where it does not fit the ensemble
inline opened_teacher opened_member(const opened_teacher& opened, const folder_part& member) {
    const teacher_description& told = opened.description;
    opened_teacher one = open_teacher(part_of_folder(opened.folder, member.path));
    require<input_error>(one.description.kind != "ensemble", one.folder.string(), ": is an ensemble within one");
    const auto named = [](const std::string& layout) { return layout.empty() ? "HH transcripts" : layout; };
    require<input_error>(!one.description.base || one.description.chat_layout == told.chat_layout, one.folder.string(),
                         ": reads conversations as ", named(one.description.chat_layout), ", the ensemble as ",
                         named(told.chat_layout), "; its chat format is that of its members");
    if (one.description.kind == "external") one.external = opened.external;
    return one;
}

} // namespace detail

/// The members of an ensemble's folder, or of another place that has them. Those of one base model share its weights.
/// \throws input_error as opening and loading them does; argument_error for a program that is asked by none or by two
inline std::vector<detail::ensemble_member> load_members(const opened_teacher& opened, const any_backend<float>& on,
                                                         const teacher_loader& load, text_teacher& of) {
    std::vector<detail::ensemble_member> members;
    const auto bases = std::make_shared<loaded_bases>();
    std::size_t asking = 0;
    for (const folder_part& member : opened.description.members) {
        opened_teacher one = detail::opened_member(opened, member);
        one.bases = bases;
        asking += one.description.kind == "external";
        require(asking < 2, opened.folder.string(), ": two members ask an external program, and one can be given");
        members.push_back({load(one, on), one.description.temperature});
        const text_teacher& loaded = members.back().teacher;
        of.gives_log_odds = of.gives_log_odds && loaded.gives_log_odds;
        of.operations_per_token = std::max(of.operations_per_token, loaded.operations_per_token);
        of.parameters = std::max(of.parameters, loaded.parameters);
        of.block = std::max(of.block, loaded.block);
        for (const std::string& note : loaded.notes) of.notes.push_back(one.name + ": " + note);
    }
    require(!opened.external || asking > 0, opened.folder.string(), ": no member asks the external program");
    return members;
}

/// \throws as `load_members`.
inline text_teacher load_ensemble_teacher(const opened_teacher& opened, const any_backend<float>& on,
                                          const teacher_loader& load) {
    const teacher_description& told = opened.description;
    require<input_error>(!told.members.empty(), (opened.folder / "teacher.json").string(), ": an ensemble has members");
    check_combination(told.combination);
    text_teacher teacher;
    auto held = std::make_shared<detail::ensemble_teacher>(
        detail::ensemble_teacher{.members = load_members(opened, on, load, teacher),
                                 .rule = told.combination,
                                 .spread = told.spread,
                                 .reliabilities = {}});
    if (told.combination == "dawid_skene") {
        held->reliabilities = detail::stored_reliabilities(opened);
        teacher.gives_log_odds = true;
    }
    teacher.judge = [held](std::span<const shown_texts> block) { return held->judge(block); };
    if (std::ranges::any_of(held->members, [](const auto& member) { return bool(member.teacher.continued); })) {
        teacher.continued = [held] {
            std::vector<text_judging> judges;
            for (const detail::ensemble_member& member : held->members)
                judges.push_back(member.teacher.judge_that_continues());
            return text_judging(
                [held, judges](std::span<const shown_texts> block) { return held->judge(block, judges); });
        };
    }
    return teacher;
}

} // namespace preflearn
