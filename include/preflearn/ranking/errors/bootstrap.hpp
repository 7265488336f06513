/// \file
/// The cluster bootstrap of a rating: whole clusters (all games of an annotator or of a prompt) are drawn with
/// replacement and the model is fitted again, from the last estimate. Draws whose estimate does not exist are counted,
/// not replaced: they say that the board hangs on a few games.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include <preflearn/core/numbers/interval.hpp>
#include <preflearn/core/numbers/random.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/core/system/parallel.hpp>
#include <preflearn/ranking/errors/covariance.hpp>
#include <preflearn/ranking/fit/fit_board.hpp>

namespace preflearn {

struct score_bootstrap_options {
    std::size_t replicates = 1000;
    double confidence = 0.95;
    std::uint64_t seed = 0;
};

struct score_bootstrap {
    /// Per item, over the draws that have an estimate: deviation and percentile interval; NaN with fewer than two.
    std::vector<double> standard_errors;
    std::vector<interval> bounds;
    /// Draws without an estimate, by their status.
    std::size_t disconnected = 0, separated = 0, otherwise_failed = 0;
    std::size_t replicates = 0;

    [[nodiscard]] std::size_t failed() const { return disconnected + separated + otherwise_failed; }
};

/// \param clusters one code a game; empty: games are drawn one by one.
/// \throws numeric_error when the fit itself does not exist; argument_error when columns differ in length.
template <class Model, class Solver = newton>
score_bootstrap bootstrap_scores(const game_list& games, std::span<const std::uint32_t> clusters, const Model& model,
                                 const rating_fit& fit, const score_bootstrap_options& options = {},
                                 const Solver& solver = {}) {
    fit.check();
    require(clusters.empty() || clusters.size() == games.size(), games.size(), " games and ", clusters.size(),
            " cluster codes");
    require(options.confidence > 0 && options.confidence < 1, "a confidence level lies inside (0, 1), found ",
            options.confidence);
    std::vector<std::uint32_t> cluster_of(games.size()); // numbered by first appearance
    std::unordered_map<std::uint32_t, std::uint32_t> numbers;
    for (std::size_t g = 0; g < games.size(); ++g) {
        const auto code = clusters.empty() ? static_cast<std::uint32_t>(g) : clusters[g];
        cluster_of[g] = numbers.try_emplace(code, static_cast<std::uint32_t>(numbers.size())).first->second;
    }
    const std::size_t count = numbers.size(), n = fit.scores.size();
    std::vector<std::vector<double>> scores(options.replicates);
    std::vector<fit_status> status(options.replicates);
    parallel_for(options.replicates, [&](std::size_t r) {
        generator random(options.seed, "score bootstrap", r);
        std::vector<double> times(count), weights(games.size());
        for (std::size_t c = 0; c < count; ++c) ++times[random.below(count)];
        for (std::size_t g = 0; g < games.size(); ++g) weights[g] = times[cluster_of[g]] * games.weight(g);
        const pair_counts counts = count_games(games.items, games.left, games.right, games.results, weights,
                                               Model::has_order ? sides::kept : sides::merged);
        rating_fit drawn = fit_ratings(counts, model, solver, fit.parameters);
        status[r] = drawn.status;
        scores[r] = std::move(drawn.scores);
    });
    score_bootstrap result{.standard_errors = std::vector<double>(n, std::numeric_limits<double>::quiet_NaN()),
                           .bounds = std::vector<interval>(n),
                           .replicates = options.replicates};
    for (const fit_status s : status) {
        result.disconnected += s == fit_status::disconnected || s == fit_status::no_data;
        result.separated += s == fit_status::separated;
    }
    result.otherwise_failed = static_cast<std::size_t>(std::ranges::count_if(scores, &std::vector<double>::empty)) -
                              result.disconnected - result.separated;
    std::vector<double> values;
    for (std::size_t i = 0; i < n; ++i) {
        values.clear();
        for (const auto& s : scores)
            if (!s.empty()) values.push_back(s[i]);
        if (values.size() < 2) break;
        const auto m = static_cast<double>(values.size());
        double mean = 0, squares = 0;
        for (const double v : values) mean += v / m;
        for (const double v : values) squares += (v - mean) * (v - mean);
        result.standard_errors[i] = std::sqrt(squares / (m - 1));
        std::ranges::sort(values);
        const auto quantile = [&](double q) { // linear between order statistics
            const double at = q * (m - 1);
            const auto below = static_cast<std::size_t>(at);
            const double above = values[std::min(below + 1, values.size() - 1)];
            return values[below] + (at - static_cast<double>(below)) * (above - values[below]);
        };
        result.bounds[i] = {quantile((1 - options.confidence) / 2), quantile((1 + options.confidence) / 2)};
    }
    return result;
}

} // namespace preflearn
