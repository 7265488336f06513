/// \file
/// What a teacher says of any number of responses to a prompt, whole ones or the beginnings of some: a score each. A
/// teacher that only compares two says of each against each other how likely it wins; the mean of that is the score.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/core/preference.hpp>
#include <preflearn/data/preferences/record.hpp>
#include <preflearn/data/records/reading/record_turns.hpp>
#include <preflearn/data/records/reading/response_record.hpp>
#include <preflearn/data/selection/left_out.hpp>
#include <preflearn/data/selection/split.hpp>
#include <preflearn/pipeline/teacher_folder/open_teacher.hpp>
#include <preflearn/pipeline/teacher_kinds/text_teacher.hpp>
#include <preflearn/text/chat/formats.hpp>

namespace preflearn {

/// Responses to one prompt.
struct candidate_responses {
    const nlohmann::json* prompt = nullptr; ///< as it is written: the teacher may have another chat template
    std::uint64_t id = 0;
    std::vector<std::string> texts{};
    std::vector<bool> open{}; ///< whether it goes on: then nothing ends it; empty: none does
};

struct candidate_scores {
    /// One each, higher is better; nothing of a response that the teacher cannot judge. Empty where it judges none.
    std::vector<std::optional<double>> of{};
    std::optional<left_out_pair> unfit{}; ///< why it judges none
};

/// The numbers of the responses, the best first: by score, then as they stand; those without a score last.
inline std::vector<std::size_t> best_first(std::span<const std::optional<double>> scores) {
    std::vector<std::size_t> order(scores.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::sort(order, [&](std::size_t a, std::size_t b) {
        if (scores[a].has_value() != scores[b].has_value()) return scores[a].has_value();
        if (scores[a] && *scores[a] != *scores[b]) return *scores[a] > *scores[b];
        return a < b;
    });
    return order;
}

class response_judge {
  public:
    /// \param seed of the order in which two responses are shown to a teacher that compares
    response_judge(text_teacher teacher, const chosen_chat_format& chat, std::uint64_t seed)
        : teacher_(std::move(teacher)), seed_(seed) {
        if (!chat.render) return;
        reading_.render = chat.render;
        const chat_layout& layout = layout_of(chat.format);
        turn_end_ = std::string(layout.assistant_after) + std::string(layout.conversation_end);
    }

    [[nodiscard]] std::vector<candidate_scores> operator()(std::span<const candidate_responses> all) {
        std::vector<set_texts> sets;
        for (const candidate_responses& one : all) sets.push_back(read(one));
        std::vector<shown_texts> shown;
        for (const set_texts& set : sets) shown.push_back(together(set));
        const std::vector<judgement> said = judged(shown);
        std::vector<candidate_scores> scores;
        for (std::size_t i = 0; i < sets.size(); ++i) {
            const std::size_t count = sets[i].responses.size();
            if (said[i].scores.size() == shown[i].responses.size())
                scores.push_back({.of = {said[i].scores.begin(), said[i].scores.begin() + std::ptrdiff_t(count)}});
            else
                scores.push_back(one_by_one(sets[i], said[i]));
        }
        return scores;
    }
    /// How many tokens were computed so far.
    [[nodiscard]] std::size_t tokens() const { return tokens_; }
    [[nodiscard]] const text_teacher& teacher() const { return teacher_; }
    /// The same judge, which keeps what it computed of responses for the next call, in which they may go on.
    [[nodiscard]] response_judge that_continues() const {
        response_judge made = *this;
        made.teacher_.judge = teacher_.judge_that_continues();
        return made;
    }

  private:
    /// As the teacher reads them.
    struct set_texts {
        std::uint64_t id = 0;
        std::string prompt{};
        std::vector<std::string> responses{};
        std::vector<bool> open{};
    };

    [[nodiscard]] set_texts read(const candidate_responses& given) const {
        response_record record{.prompt = *given.prompt};
        for (const std::string& text : given.texts) record.responses.emplace_back(text);
        record = as_texts(std::move(record), reading_);
        set_texts set{.id = given.id, .prompt = record.prompt.get<std::string>(), .open = given.open};
        set.open.resize(given.texts.size());
        for (std::size_t i = 0; i < given.texts.size(); ++i) {
            std::string& text = set.responses.emplace_back(record.responses[i].get<std::string>());
            if (set.open[i] && !given.prompt->is_string() && text.ends_with(turn_end_))
                text.resize(text.size() - turn_end_.size());
        }
        return set;
    }

    static shown_texts chosen(const set_texts& set, std::span<const std::size_t> which) {
        shown_texts shown{.id = set.id, .prompt = set.prompt};
        for (const std::size_t i : which) {
            shown.responses.emplace_back(set.responses[i]);
            shown.places.push_back(i);
            shown.open.push_back(set.open[i]);
        }
        return shown;
    }
    /// All responses: three at least, the last one again, since of two some teachers only say which is better.
    static shown_texts together(const set_texts& set) {
        std::vector<std::size_t> which(std::max<std::size_t>(set.responses.size(), 3));
        for (std::size_t i = 0; i < which.size(); ++i) which[i] = std::min(i, set.responses.size() - 1);
        return chosen(set, which);
    }
    std::vector<judgement> judged(std::span<const shown_texts> shown) {
        if (shown.empty()) return {};
        judged_block block = teacher_.judge(shown);
        tokens_ += block.tokens;
        return std::move(block.all);
    }

    /// Where the teacher does not score them together: one of them may be unfit, or it only compares.
    candidate_scores one_by_one(const set_texts& set, const judgement& together_said) {
        const std::size_t count = set.responses.size();
        std::vector<shown_texts> alone;
        for (std::size_t i = 0; i < count; ++i) alone.push_back(chosen(set, std::array{i, i, i}));
        candidate_scores scores{.of = std::vector<std::optional<double>>(count)};
        bool any = false;
        const std::vector<judgement> said = judged(alone);
        for (std::size_t i = 0; i < count; ++i) {
            if (said[i].scores.size() != 3) continue;
            scores.of[i] = said[i].scores.front();
            any = true;
        }
        if (any) return scores;
        scores.unfit = together_said.unfit;
        if (count > 1) compare_all(set, scores, any);
        if (any) scores.unfit.reset();
        if (!any) scores.of.clear();
        if (!any && !scores.unfit)
            scores.unfit = left_out_pair{.reason = left_out_reason::no_label,
                                         .message = "the teacher compares two responses, and says nothing of them"};
        return scores;
    }
    /// Equal responses are even and not shown; so are two of which the teacher says nothing.
    void compare_all(const set_texts& set, candidate_scores& scores, bool& any) {
        const std::size_t count = set.responses.size();
        std::vector<std::pair<std::size_t, std::size_t>> pairs;
        std::vector<shown_texts> shown;
        for (std::size_t a = 0; a < count; ++a) {
            for (std::size_t b = a + 1; b < count; ++b) {
                if (set.responses[a] == set.responses[b] && set.open[a] == set.open[b]) continue;
                const bool swapped = is_swapped(seed_, set.id + a * count + b);
                pairs.emplace_back(swapped ? b : a, swapped ? a : b);
                shown.push_back(chosen(set, std::array{pairs.back().first, pairs.back().second}));
            }
        }
        std::vector<double> wins(count, 0.5 * static_cast<double>(count - 1));
        const std::vector<judgement> said = judged(shown);
        for (std::size_t i = 0; i < pairs.size(); ++i) {
            if (said[i].unfit) {
                scores.unfit = said[i].unfit;
                continue;
            }
            any = true;
            const preference verdict = said[i].verdict    ? *said[i].verdict
                                       : said[i].margin() ? preference::from_margin(*said[i].margin())
                                                          : preference::tied();
            const double more = verdict.abstained() ? 0 : verdict.half_win() - 0.5;
            wins[pairs[i].first] += more;
            wins[pairs[i].second] -= more;
        }
        for (std::size_t i = 0; i < count; ++i) scores.of[i] = wins[i] / static_cast<double>(count - 1);
    }

    text_teacher teacher_;
    preference_options reading_{};
    std::string turn_end_{};
    std::uint64_t seed_;
    std::size_t tokens_ = 0;
};

} // namespace preflearn
