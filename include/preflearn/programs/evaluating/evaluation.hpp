/// \file
/// Everything that is computed of students' responses and of what evaluators said of them: gold rewards, wins, gaps,
/// best of k, and the evaluators against each other. Nothing here reads a file or knows a model.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <preflearn/agreement/labels/position_bias.hpp>
#include <preflearn/agreement/uncertainty/clustered.hpp>
#include <preflearn/agreement/uncertainty/estimate.hpp>
#include <preflearn/core/ragged.hpp>
#include <preflearn/programs/evaluating/best_of_curve.hpp>
#include <preflearn/programs/evaluating/evaluate_options.hpp>
#include <preflearn/programs/evaluating/evaluator.hpp>
#include <preflearn/programs/evaluating/evaluator_panel.hpp>
#include <preflearn/programs/evaluating/response_quality.hpp>
#include <preflearn/programs/evaluating/student_gap.hpp>
#include <preflearn/programs/evaluating/student_responses.hpp>
#include <preflearn/programs/evaluating/student_wins.hpp>

namespace preflearn {

/// What one evaluator says.
struct evaluator_result {
    evaluator_verdicts said{};
    std::size_t prompts = 0; ///< that it judges
    /// wins[pair][prompt].
    std::vector<std::vector<prompt_win>> wins{};
    /// One a pair.
    std::vector<student_win> pairs{};
    /// Mean reward of each student over prompts, of an evaluator that scores.
    std::vector<estimate> rewards{};
    std::vector<win_contrast> contrasts{};
    /// Of one that compares, over all pairs; intervals as if they were independent.
    std::optional<swap_result> orders{};
    /// Of a gold evaluator that scores.
    std::vector<student_gap> gaps{};
    std::vector<best_of_curve> best_of{};

    /// The pair of a student and another one; nothing where they were not compared.
    [[nodiscard]] const student_win* against(std::size_t ours, std::size_t theirs) const {
        for (const student_win& pair : pairs)
            if (pair.ours == ours && pair.theirs == theirs) return &pair;
        return nullptr;
    }
};

struct evaluation {
    evaluated_students students{};
    evaluation_roles roles{};
    std::vector<std::array<std::size_t, 2>> pairs{};
    std::vector<std::vector<std::vector<response_quality>>> qualities{};
    std::vector<student_quality> quality{};
    std::vector<evaluator_result> evaluators{};
    evaluator_panel panel{};
    double confidence = 0.95;
    std::string length_unit = "characters";
    /// Sentences for people.
    std::vector<std::string> notes{};

    /// Whether any evaluator has a reward or a win rate to tell.
    [[nodiscard]] bool defined() const {
        return std::ranges::any_of(evaluators, [](const evaluator_result& one) {
            const auto known = [](const estimate& e) { return e.defined(); };
            return std::ranges::any_of(one.rewards, known) ||
                   std::ranges::any_of(one.pairs, known, &student_win::win_rate);
        });
    }
};

namespace detail {

/// The mean reward of each student on the prompts that are judged, and the clusters of these.
struct mean_rewards {
    std::vector<std::vector<double>> of{};
    std::vector<std::size_t> clusters{};
};

inline mean_rewards mean_rewards_of(const evaluated_students& students, const evaluator_verdicts& said) {
    mean_rewards means{.of = std::vector<std::vector<double>>(students.names.size())};
    for (std::size_t p = 0; p < said.rewards.size(); ++p) {
        if (said.rewards[p].empty()) continue;
        means.clusters.push_back(students.clusters[p]);
        for (std::size_t s = 0; s < means.of.size(); ++s) {
            const std::vector<double>& rewards = said.rewards[p][s];
            double sum = 0;
            for (const double reward : rewards) sum += reward;
            means.of[s].push_back(sum / static_cast<double>(rewards.size()));
        }
    }
    return means;
}

/// Of the prompts that gold judges those to which a selector has scores: nothing where it has not.
template <class Scores>
std::optional<best_of_curve> best_of_by(const evaluated_students& students, const evaluator_verdicts& gold,
                                        std::size_t student, const Scores& scores, double confidence) {
    ragged<double> values, chosen_by;
    std::vector<std::size_t> clusters;
    for (std::size_t p = 0; p < gold.rewards.size(); ++p) {
        if (gold.rewards[p].empty()) continue;
        const std::vector<double>& row = scores(p);
        if (row.size() != gold.rewards[p][student].size()) continue;
        values.push_back(gold.rewards[p][student]);
        chosen_by.push_back(row);
        clusters.push_back(students.clusters[p]);
    }
    if (values.empty()) return std::nullopt;
    best_of_curve curve = best_of_curve_of(values, chosen_by, clusters, students.fewest(student), confidence);
    curve.student = student;
    return curve;
}

inline std::vector<best_of_curve> best_of_curves(const evaluated_students& students, const evaluator_verdicts& gold,
                                                 std::span<const evaluator_result> all, double confidence) {
    std::vector<best_of_curve> curves;
    const auto add = [&](std::optional<best_of_curve> curve, const std::string& selector) {
        if (!curve) return;
        curve->selector = selector;
        curves.push_back(*std::move(curve));
    };
    const std::vector<double> none;
    for (std::size_t s = 0; s < students.names.size(); ++s) {
        if (students.fewest(s) < 2) continue;
        for (const evaluator_result& by : all) {
            if (!by.said.way.scores) continue;
            const auto scores = [&](std::size_t p) -> const std::vector<double>& {
                return by.said.rewards[p].empty() ? none : by.said.rewards[p][s];
            };
            add(best_of_by(students, gold, s, scores, confidence), by.said.name);
        }
        const auto of_file = [&](std::size_t p) -> const std::vector<double>& {
            return students.prompts[p].of[s].record.scores;
        };
        const bool scored = std::ranges::all_of(students.prompts, [&](const evaluated_prompt& prompt) {
            const std::vector<double>& scores = prompt.of[s].record.scores;
            return !scores.empty() && std::ranges::none_of(scores, [](double score) { return std::isnan(score); });
        });
        if (scored) add(best_of_by(students, gold, s, of_file, confidence), "the file's scores");
    }
    return curves;
}

/// Every two students against the one that both were compared with.
inline std::vector<win_contrast> contrasts_of(const evaluator_result& result,
                                              std::span<const std::array<std::size_t, 2>> pairs,
                                              std::optional<std::size_t> reference) {
    std::vector<win_contrast> contrasts;
    if (!reference) return contrasts;
    for (std::size_t a = 0; a < pairs.size(); ++a) {
        for (std::size_t b = a + 1; b < pairs.size(); ++b) {
            if (pairs[a][1] != *reference || pairs[b][1] != *reference) continue;
            win_contrast& made = contrasts.emplace_back(contrast_of(result.wins[a], result.wins[b]));
            made.first = pairs[a][0];
            made.second = pairs[b][0];
            made.against = *reference;
        }
    }
    return contrasts;
}

inline std::vector<std::vector<std::vector<double>>>
lengths_in(std::span<const std::vector<std::vector<response_quality>>> qualities) {
    std::vector<std::vector<std::vector<double>>> lengths;
    for (const auto& prompt : qualities) {
        auto& row = lengths.emplace_back();
        for (const auto& own : prompt) {
            row.emplace_back();
            for (const response_quality& one : own) row.back().push_back(one.length);
        }
    }
    return lengths;
}

} // namespace detail

/// \param said one an evaluator, in the order of the options
inline evaluation evaluate_students(evaluated_students students, std::vector<evaluator_verdicts> said,
                                    const evaluate_options& options) {
    evaluation made{
        .students = std::move(students), .confidence = options.confidence, .length_unit = options.length_unit};
    const evaluated_students& all = made.students;
    made.roles = roles_of(all.names, options);
    made.pairs = compared_pairs(all.names, options);
    made.notes = all.notes;
    made.qualities = qualities_of(all, options.length_unit);
    for (std::size_t s = 0; s < all.names.size(); ++s)
        made.quality.push_back(quality_of(all, s, made.qualities, options.confidence));
    const auto lengths = detail::lengths_in(made.qualities);
    const std::optional<std::size_t> reference =
        options.against.empty() ? made.roles.sft : detail::student_called(all.names, options.against);
    for (evaluator_verdicts& one : said) {
        evaluator_result& result = made.evaluators.emplace_back(evaluator_result{.said = std::move(one)});
        const std::size_t prompts = all.prompts.size();
        for (std::size_t p = 0; p < prompts; ++p) result.prompts += result.said.judges(p);
        for (std::size_t k = 0; k < made.pairs.size(); ++k) {
            result.wins.push_back(prompt_wins(result.said, k, made.pairs[k], options.tie_within));
            result.pairs.push_back(
                compare_students(all, result.said, k, made.pairs[k], result.wins.back(), lengths, options.confidence));
        }
        result.contrasts = detail::contrasts_of(result, made.pairs, reference);
        adjust_tests(result.pairs, result.contrasts);
        if (!result.said.way.scores) {
            swap_counts orders;
            for (const student_win& win : result.pairs) orders += win.orders->counts;
            result.orders = analyse_swaps(orders, options.confidence);
            continue;
        }
        const detail::mean_rewards means = detail::mean_rewards_of(all, result.said);
        const std::span<const std::size_t> clusters(means.clusters);
        for (const std::vector<double>& own : means.of)
            result.rewards.push_back(clustered_mean(std::span<const double>(own), clusters, options.confidence));
        if (result.said.role == "gold")
            result.gaps = student_gaps(
                means.of, clusters, made.roles,
                {.replicates = options.replicates, .confidence = options.confidence, .seed = options.seed});
    }
    for (evaluator_result& result : made.evaluators)
        if (result.said.way.scores && result.said.role == "gold")
            result.best_of = detail::best_of_curves(all, result.said, made.evaluators, options.confidence);
    std::vector<std::vector<std::vector<prompt_win>>> wins;
    std::vector<std::vector<student_win>> results;
    for (const evaluator_result& result : made.evaluators) {
        wins.push_back(result.wins);
        results.push_back(result.pairs);
    }
    made.panel = panel_of(wins, results, all.clusters, all.names.size(), options.confidence);
    return made;
}

} // namespace preflearn
