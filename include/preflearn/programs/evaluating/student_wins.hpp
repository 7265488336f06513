/// \file
/// One student against another under one evaluator, prompt by prompt: win rate (GRA where the other one is SFT: the
/// share of prompts on which its gold reward is higher, ties half), its length-controlled form, the sign test, and of
/// an evaluator that was asked in both orders its position bias. A prompt is won, tied or lost as a whole: where there
/// are several responses to it, by their mean rewards (Tao & Li 2025, equation 5, is the mean over responses), so that
/// counts, rate, interval and p-value are all of prompts, and on one prompt the winner is who has the higher reward.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include <preflearn/agreement/labels/position_bias.hpp>
#include <preflearn/agreement/policies/length_control.hpp>
#include <preflearn/agreement/policies/win_rate.hpp>
#include <preflearn/agreement/raters/marginal_tests.hpp>
#include <preflearn/agreement/uncertainty/clustered.hpp>
#include <preflearn/agreement/uncertainty/estimate.hpp>
#include <preflearn/agreement/uncertainty/holm.hpp>
#include <preflearn/agreement/uncertainty/proportion.hpp>
#include <preflearn/core/numbers/distribution.hpp>
#include <preflearn/core/numbers/log_space.hpp>
#include <preflearn/core/numbers/rounding.hpp>
#include <preflearn/core/preference.hpp>
#include <preflearn/programs/evaluating/evaluate_options.hpp>
#include <preflearn/programs/evaluating/evaluator.hpp>
#include <preflearn/programs/evaluating/student_responses.hpp>

namespace preflearn {

/// What one prompt says of ours against theirs; NaN where the evaluator does not say it.
struct prompt_win {
    /// 1 where ours has the higher mean reward over its responses, or the verdict, ½ of a tie, 0 else.
    double win = undefined;
    /// P(ours ≻ theirs), where margins are log-odds; of several responses the mean over all pairs of one of each.
    double probability = undefined;
    /// Mean reward of ours minus that of theirs, or the log-odds of one that compares: by it evaluators are ordered.
    double margin = undefined;
};

namespace detail {

inline prompt_win win_by_rewards(std::span<const double> ours, std::span<const double> theirs,
                                 const evaluator_verdicts& by, double tie_within) {
    prompt_win made{.probability = by.log_odds ? 0 : undefined, .margin = 0};
    const double weight = 1 / static_cast<double>(ours.size() * theirs.size());
    double mean[2] = {0, 0};
    for (const double x : ours) mean[0] += x / static_cast<double>(ours.size());
    for (const double y : theirs) mean[1] += y / static_cast<double>(theirs.size());
    made.margin = ours.size() == 1 && theirs.size() == 1 ? ours[0] - theirs[0] : mean[0] - mean[1];
    double largest = 0;
    for (const double x : ours) largest = std::max(largest, std::abs(x));
    for (const double y : theirs) largest = std::max(largest, std::abs(y));
    // The same rewards summed in another order tie.
    if (ours.size() * theirs.size() > 1 && std::abs(made.margin) <= rounding_share * largest) made.margin = 0;
    const bool tied = std::abs(made.margin) <= tie_within;
    made.win = tied ? 0.5 : made.margin > 0 ? 1 : 0;
    for (const double x : ours)
        for (const double y : theirs) made.probability += weight * sigmoid((x - y) / by.temperature);
    return made;
}

inline prompt_win win_by_verdicts(const std::optional<both_orders>& said, const evaluator_verdicts& by) {
    if (!said) return {};
    const preference both = swap_averaged(said->shown, said->swapped);
    if (both.abstained()) return {};
    const choice decided = both.decision();
    prompt_win made{.win = decided == choice::first    ? 1
                           : decided == choice::second ? 0
                                                       : 0.5,
                    .probability = by.log_odds ? both.half_win() : undefined,
                    .margin = both.half_win() - 0.5};
    if (said->shown.margin() && said->swapped.margin())
        made.margin = (*said->shown.margin() - *said->swapped.margin()) / 2;
    return made;
}

} // namespace detail

/// Of every prompt, the k-th of the compared pairs.
inline std::vector<prompt_win> prompt_wins(const evaluator_verdicts& by, std::size_t k,
                                           const std::array<std::size_t, 2>& pair, double tie_within) {
    std::vector<prompt_win> wins;
    const std::size_t prompts = by.way.scores ? by.rewards.size() : by.verdicts.size();
    for (std::size_t p = 0; p < prompts; ++p) {
        if (!by.way.scores)
            wins.push_back(detail::win_by_verdicts(by.verdicts[p][k], by));
        else if (by.rewards[p].empty())
            wins.emplace_back();
        else
            wins.push_back(detail::win_by_rewards(by.rewards[p][pair[0]], by.rewards[p][pair[1]], by, tie_within));
    }
    return wins;
}

struct student_win {
    std::size_t ours = 0, theirs = 0;
    /// Prompts on which ours wins, ties, loses.
    outcomes counts{};
    estimate win_rate{};
    /// Mean P(ours ≻ theirs) over prompts.
    estimate probability{};
    length_control_result controlled{};
    /// Exact, two-sided: wins and losses are equally likely.
    double sign_p = 1;
    /// The same among those of all pairs of students under this evaluator (Holm).
    double adjusted_p = 1;
    /// Ours minus theirs, of an evaluator that scores.
    estimate reward_difference{};
    /// Of one that compares, over the prompts on which it was asked.
    std::optional<swap_result> orders{};
    std::size_t identical = 0; ///< prompts to which both said the same
};

namespace detail {

/// A share over prompts: the interval of wins, ties and losses, or over clusters where there are some.
inline estimate share_of_wins(std::span<const double> wins, std::span<const std::size_t> clusters,
                              const outcomes& counts, double confidence) {
    const bool clustered = index_clusters(clusters).clusters < clusters.size();
    if (!clustered) return win_rate(counts, confidence);
    return clustered_share(wins, clusters, confidence);
}

/// Mean length of a student's responses to a prompt minus another's; of the first ones alone, as who compares sees.
inline double length_difference(std::span<const std::vector<double>> lengths, std::size_t ours, std::size_t theirs,
                                bool first_alone) {
    const auto mean = [&](const std::vector<double>& values) {
        if (first_alone) return values.front();
        double sum = 0;
        for (const double value : values) sum += value;
        return sum / static_cast<double>(values.size());
    };
    return mean(lengths[ours]) - mean(lengths[theirs]);
}

inline bool said_the_same(const evaluated_prompt& prompt, std::size_t ours, std::size_t theirs) {
    return prompt.of[ours].record.responses == prompt.of[theirs].record.responses;
}

} // namespace detail

/// \param lengths lengths[prompt][student][response] \param wins as `prompt_wins` made them of the k-th pair
inline student_win compare_students(const evaluated_students& students, const evaluator_verdicts& by, std::size_t k,
                                    const std::array<std::size_t, 2>& pair, std::span<const prompt_win> wins,
                                    std::span<const std::vector<std::vector<double>>> lengths, double confidence) {
    student_win made{.ours = pair[0], .theirs = pair[1]};
    std::vector<double> win, probability, longer, margin;
    std::vector<std::size_t> clusters;
    swap_counts orders;
    for (std::size_t p = 0; p < wins.size(); ++p) {
        made.identical += detail::said_the_same(students.prompts[p], pair[0], pair[1]);
        if (std::isnan(wins[p].win)) continue;
        win.push_back(wins[p].win);
        probability.push_back(wins[p].probability);
        margin.push_back(wins[p].margin);
        longer.push_back(detail::length_difference(lengths[p], pair[0], pair[1], !by.way.scores));
        clusters.push_back(students.clusters[p]);
        made.counts.add(wins[p].win - 0.5);
        if (by.way.scores || !by.verdicts[p][k]->asked) continue;
        const std::array<preference, 2> said = by.verdicts[p][k]->by_order();
        orders.add(said[0], said[1]);
    }
    const std::span<const std::size_t> of(clusters);
    made.win_rate = detail::share_of_wins(win, of, made.counts, confidence);
    made.sign_p = sign_test(made.counts.wins, made.counts.wins + made.counts.losses);
    made.controlled = length_controlled_win_rate(win, longer, {}, confidence);
    made.probability = estimate::none(estimate_status::not_applicable);
    made.reward_difference = made.probability;
    if (by.log_odds) made.probability = clustered_share(std::span<const double>(probability), of, confidence);
    if (by.way.scores)
        made.reward_difference = clustered_mean(std::span<const double>(margin), of, confidence);
    else
        made.orders = analyse_swaps(orders, confidence);
    return made;
}

/// Two students by whether they win against a third on each prompt.
struct win_contrast {
    std::size_t first = 0, second = 0, against = 0;
    std::size_t only_first = 0, only_second = 0;
    test_result test{}; ///< McNemar's, exact
    /// Its p-value among those of all contrasts of this evaluator (Holm).
    double adjusted_p = 1;
};

/// Puts Holm's p beside every test: of all pairs of students together, and of all contrasts together.
inline void adjust_tests(std::span<student_win> wins, std::span<win_contrast> contrasts) {
    const auto adjust = [](auto tests, const auto& p_of) {
        std::vector<double> p;
        for (const auto& one : tests) p.push_back(p_of(one));
        p = holm_adjusted(p);
        for (std::size_t i = 0; i < p.size(); ++i) tests[i].adjusted_p = p[i];
    };
    adjust(wins, [](const student_win& one) { return one.sign_p; });
    adjust(contrasts, [](const win_contrast& one) { return one.test.p_value; });
}

/// \param first, second wins of either against `against`; a tie is no win
inline win_contrast contrast_of(std::span<const prompt_win> first, std::span<const prompt_win> second) {
    win_contrast made;
    for (std::size_t p = 0; p < first.size(); ++p) {
        if (std::isnan(first[p].win) || std::isnan(second[p].win)) continue;
        const bool a = first[p].win > 0.5, b = second[p].win > 0.5;
        made.only_first += a && !b;
        made.only_second += b && !a;
    }
    made.test = mcnemar(made.only_first, made.only_second);
    return made;
}

} // namespace preflearn
