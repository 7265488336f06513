/// \file
/// A teacher over texts as a value, whatever its kind: shown blocks of prompts with their responses, it scores each
/// response or compares two. It is never shown anybody's verdict.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <preflearn/core/preference.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/data/selection/left_out.hpp>

namespace preflearn {

/// A prompt and two or more responses, in an order that says nothing. Views its texts.
struct shown_texts {
    std::uint64_t id = 0;
    std::string_view prompt{};
    std::vector<std::string_view> responses{};
    /// Where each response stands in its file: for verdicts that were recorded by that, and for nothing else.
    std::vector<std::size_t> places{};
    /// Which responses are beginnings that go on, so that no end token stands behind them; empty: none is.
    std::vector<bool> open{};
};

/// What a teacher says of them: scores, or a verdict about the two, or why it can say nothing.
struct judgement {
    /// One a response, higher is better; their differences are the margins.
    std::vector<double> scores{};
    /// Of two responses, by a teacher that compares.
    std::optional<preference> verdict{};
    std::optional<left_out_pair> unfit{};
    /// By a teacher that was asked in both orders: P(first ≻ second) as it said it with the first one shown first, and
    /// with the second one shown first.
    std::optional<std::array<double, 2>> orders{};

    /// First minus second of two responses, not calibrated: of scores their difference, of a verdict its own or the
    /// log-odds of its probability. Nothing where there is none, as in a certain verdict.
    [[nodiscard]] std::optional<double> margin() const {
        if (!verdict) return scores.size() == 2 ? std::optional(scores[0] - scores[1]) : std::nullopt;
        if (verdict->margin() || verdict->abstained()) return verdict->margin();
        const double p = verdict->half_win();
        return p > 0 && p < 1 ? std::optional(std::log(p / (1 - p))) : std::nullopt;
    }
};

/// The judgements of a block, and how many tokens were computed for them.
struct judged_block {
    std::vector<judgement> all{};
    std::size_t tokens = 0;
};

/// A teacher failed within a block, of whose records it had judged the first ones: whoever keeps judgements keeps
/// these.
struct judged_in_part : input_error {
    judged_in_part(const std::string& what, std::vector<judgement> first)
        : input_error(what), judged(std::move(first)) {}
    std::vector<judgement> judged;
};

/// Judges a block.
using text_judging = std::function<judged_block(std::span<const shown_texts>)>;

/// A teacher. Calls are const and come from one thread; the same texts have the same judgement in any block.
struct text_teacher {
    /// Whether its margins are log-odds before they are calibrated.
    bool gives_log_odds = true;
    text_judging judge{};
    /// How many records it is best shown at once.
    std::size_t block = 16;
    /// Operations for every token, where a model is run; else 0.
    double operations_per_token = 0;
    /// Of the model, where one is run (of several the largest); else 0.
    std::uint64_t parameters = 0;
    /// What loading it noticed, sentences for people.
    std::vector<std::string> notes{};
    /// Makes one that judges as `judge` does, to the same bits, and keeps what it computed of the responses of a block
    /// for those of the next that go on from them; none: the kind has nothing that could be kept.
    std::function<text_judging()> continued{};

    /// For blocks whose responses grow, as those of a search do.
    [[nodiscard]] text_judging judge_that_continues() const { return continued ? continued() : judge; }
};

} // namespace preflearn
