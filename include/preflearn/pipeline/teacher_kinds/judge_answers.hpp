/// \file
/// What a judge's answers say, from their log-probs.
///   pairwise  P(first ≻ second) = P(A) / (P(A) + P(B)), the mean of both orders of the responses, in which a liking
///             for a position cancels (Lee et al. 2023, RLAIF, arXiv:2309.00267); n responses: the mean log-odds of
///             each against all
///   score     Σ s P(s) / Σ P(s) over the answers 1 to 10; where the tokens of 1 begin those of 10, what goes on to 10
///             is taken from 1
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include <preflearn/core/numbers/log_space.hpp>
#include <preflearn/core/preference.hpp>
#include <preflearn/pipeline/teacher_kinds/text_teacher.hpp>

namespace preflearn {

/// Of the log-probs of A and B with the first response shown as A, and with the second one: the log-odds of the mean
/// of both probabilities that the first is better.
inline double margin_of_both_orders(double a_is_first, double b_is_second, double a_is_second, double b_is_first) {
    const double one = a_is_first - b_is_second, other = b_is_first - a_is_second;
    return log_add_exp(log_sigmoid(one), log_sigmoid(other)) - log_add_exp(log_sigmoid(-one), log_sigmoid(-other));
}

/// Σ s P(s) / Σ P(s), s from 1 to the number of answers. \param one_begins_ten whether the tokens of 1 begin those of
/// 10
inline double expected_score(std::span<const double> log_probs, bool one_begins_ten) {
    std::vector<double> logs(log_probs.begin(), log_probs.end());
    if (one_begins_ten && logs.size() >= 10) // P(1) less P(10), which rounding does not make negative
        logs[0] += log1m_exp(std::min(0.0, logs[9] - logs[0]));
    const double total = log_sum_exp(std::span<const double>(logs));
    double mean = 0;
    for (std::size_t s = 0; s < logs.size(); ++s) mean += static_cast<double>(s + 1) * std::exp(logs[s] - total);
    return mean;
}

/// Of ten log-probs for every response, the answers 1 to 10.
inline judgement rated(std::span<const double> log_probs, bool one_begins_ten) {
    judgement said;
    for (std::size_t at = 0; at < log_probs.size(); at += 10)
        said.scores.push_back(expected_score(log_probs.subspan(at, 10), one_begins_ten));
    return said;
}

/// Of four log-probs for every two of so many responses: A and B with the earlier one shown first, then the later one.
inline judgement compared(std::span<const double> log_probs, std::size_t responses) {
    judgement said;
    std::vector<double> sums(responses, 0);
    std::size_t at = 0;
    for (std::size_t i = 0; i < responses; ++i) {
        for (std::size_t j = i + 1; j < responses; ++j, at += 4) {
            const double margin =
                margin_of_both_orders(log_probs[at], log_probs[at + 1], log_probs[at + 2], log_probs[at + 3]);
            sums[i] += margin;
            sums[j] -= margin;
            if (responses != 2) continue;
            said.verdict = preference::from_margin(margin);
            said.orders = {sigmoid(log_probs[0] - log_probs[1]), sigmoid(log_probs[3] - log_probs[2])};
        }
    }
    if (responses == 2) return said;
    for (const double sum : sums) said.scores.push_back(sum / static_cast<double>(responses));
    return said;
}

} // namespace preflearn
