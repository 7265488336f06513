/// \file
/// Evaluators against each other, on every pair of students on every prompt: how often they disagree on who wins, how
/// alike they order the pairs by their margins and the students by their win rates, and what is the worst that any of
/// them says of a student against another.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <preflearn/agreement/labels/accuracy_by_prompt.hpp>
#include <preflearn/agreement/labels/source_matrix.hpp>
#include <preflearn/agreement/ranks/correlation.hpp>
#include <preflearn/agreement/ranks/kendall.hpp>
#include <preflearn/agreement/uncertainty/clustered.hpp>
#include <preflearn/agreement/uncertainty/estimate.hpp>
#include <preflearn/core/preference.hpp>
#include <preflearn/programs/evaluating/student_wins.hpp>

namespace preflearn {

/// Two evaluators on the comparisons that both judge.
struct evaluator_pair {
    std::size_t first = 0, second = 0;
    std::size_t comparisons = 0;
    /// Of the comparisons that both decide the share with another winner; over clusters of prompts.
    estimate disagreement{};
    /// Cohen's, a tie as a category of its own.
    estimate kappa{};
    /// Of their margins; intervals as if comparisons were independent.
    estimate spearman{}, kendall{};
    /// Kendall's tau of the students' win rates.
    estimate students{};
};

/// The lowest win rate that any evaluator gives a student against another.
struct worst_case {
    std::size_t ours = 0, theirs = 0, evaluator = 0;
    estimate win_rate{};
};

struct evaluator_panel {
    std::vector<evaluator_pair> pairs{};
    std::vector<worst_case> worst{};
};

namespace detail {

inline preference win_verdict(double win) {
    return win > 0.5 ? preference::for_first() : win < 0.5 ? preference::for_second() : preference::tied();
}

/// A student's mean win rate over all pairs that it is in.
inline std::vector<double> mean_win_rates(std::span<const student_win> wins, std::size_t students) {
    std::vector<double> sum(students), count(students), mean;
    for (const student_win& one : wins) {
        if (!one.win_rate.defined()) continue;
        sum[one.ours] += one.win_rate.value;
        sum[one.theirs] += 1 - one.win_rate.value;
        ++count[one.ours];
        ++count[one.theirs];
    }
    for (std::size_t s = 0; s < students; ++s)
        if (count[s] > 0) mean.push_back(sum[s] / count[s]);
    return mean;
}

/// \param first, second wins[pair][prompt] of two evaluators
inline evaluator_pair compare_evaluators(std::span<const std::vector<prompt_win>> first,
                                         std::span<const std::vector<prompt_win>> second,
                                         std::span<const std::size_t> clusters, double confidence) {
    evaluator_pair made;
    std::vector<double> margins[2], differs;
    std::vector<std::size_t> of;
    label_set said[2];
    for (std::size_t k = 0; k < first.size(); ++k) {
        for (std::size_t p = 0; p < first[k].size(); ++p) {
            const prompt_win &a = first[k][p], &b = second[k][p];
            if (std::isnan(a.win) || std::isnan(b.win)) continue;
            const std::uint64_t id = made.comparisons++;
            said[0].add({id, win_verdict(a.win)});
            said[1].add({id, win_verdict(b.win)});
            margins[0].push_back(a.margin);
            margins[1].push_back(b.margin);
            if (a.win == 0.5 || b.win == 0.5) continue;
            differs.push_back((a.win > 0.5) != (b.win > 0.5) ? 1 : 0);
            of.push_back(clusters[p]);
        }
    }
    made.disagreement = clustered_share(std::span<const double>(differs), std::span<const std::size_t>(of), confidence);
    const std::array<label_source, 2> both{label_source{"", &said[0]}, label_source{"", &said[1]}};
    made.kappa = agreement_of(both, tie_rule::half, confidence).kappa(0, 1);
    made.spearman = spearman(margins[0], margins[1], confidence);
    made.kendall = kendall_tau_b(margins[0], margins[1], confidence);
    return made;
}

} // namespace detail

/// \param by by evaluator: wins[pair][prompt] \param results the same, compared
inline evaluator_panel panel_of(std::span<const std::vector<std::vector<prompt_win>>> by,
                                std::span<const std::vector<student_win>> results,
                                std::span<const std::size_t> clusters, std::size_t students, double confidence) {
    evaluator_panel panel;
    if (by.size() < 2) return panel;
    for (std::size_t a = 0; a < by.size(); ++a) {
        for (std::size_t b = a + 1; b < by.size(); ++b) {
            evaluator_pair& made =
                panel.pairs.emplace_back(detail::compare_evaluators(by[a], by[b], clusters, confidence));
            made.first = a;
            made.second = b;
            const auto of_a = detail::mean_win_rates(results[a], students),
                       of_b = detail::mean_win_rates(results[b], students);
            made.students = of_a.size() == of_b.size() ? kendall_tau_b(of_a, of_b, confidence)
                                                       : estimate::none(estimate_status::not_applicable);
        }
    }
    for (std::size_t k = 0; k < results[0].size(); ++k) {
        for (const bool turned : {false, true}) {
            worst_case worst{.ours = turned ? results[0][k].theirs : results[0][k].ours,
                             .theirs = turned ? results[0][k].ours : results[0][k].theirs};
            for (std::size_t e = 0; e < results.size(); ++e) {
                estimate rate = results[e][k].win_rate;
                if (!rate.defined()) continue;
                if (turned) {
                    rate.value = 1 - rate.value;
                    rate.bounds = {1 - rate.bounds.high, 1 - rate.bounds.low};
                }
                if (worst.win_rate.defined() && worst.win_rate.value <= rate.value) continue;
                worst.win_rate = rate;
                worst.evaluator = e;
            }
            panel.worst.push_back(worst);
        }
    }
    return panel;
}

} // namespace preflearn
