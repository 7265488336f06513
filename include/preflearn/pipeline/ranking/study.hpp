/// \file
/// A file of games rated: what was read, what the fit says, and on which scale it is shown.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <preflearn/core/preference.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/data/tables/game_table.hpp>
#include <preflearn/ranking/board/counts.hpp>
#include <preflearn/ranking/board/games.hpp>
#include <preflearn/ranking/board/item_records.hpp>
#include <preflearn/ranking/fit/fit_board.hpp>
#include <preflearn/ranking/rate/rate.hpp>
#include <preflearn/ranking/rate/rating_scale.hpp>

namespace preflearn {

/// A file of games, its rating, and how both are study.
struct ranking_study {
    game_table file{};
    rating_report report{};
    std::vector<item_record> records{};
    rating_scale scale{};
    bool elo = false;
    std::optional<std::size_t> anchor{};
    std::vector<std::string> covariates{};
    std::string ties{}, judge_model{};
    double confidence = 0.95;

    [[nodiscard]] const rating_fit& fit() const { return report.fit; }
    [[nodiscard]] std::string reason() const { return explain(report.fit, file.items, covariates); }
    [[nodiscard]] bool weighted() const { return !file.weights.empty(); }

    /// What the scores are, in a sentence.
    [[nodiscard]] std::string scale_words() const {
        const std::string unit =
            elo ? "Scores are Elo points (400 points: odds of 10 to 1) with " : "Scores are natural logits with ";
        if (anchor)
            return message(unit, excerpt{file.items[*anchor]}, " at ", scale.zero,
                           "; errors and intervals are those of differences to it");
        return unit + (elo ? message("mean ", scale.zero) : "mean zero");
    }
};

/// How many games each name of a column has.
inline std::vector<std::size_t> games_per_name(const name_column& column) {
    std::vector<std::size_t> games(column.names.size());
    for (const std::uint32_t code : column.codes) ++games[code];
    return games;
}

/// How the games of a file are to be rated and shown.
struct ranking_request {
    rating_options rating{};
    /// The names of the tie rule and the model of judges, as results call them.
    std::string ties = "half", judge_model = "reliability";
    std::vector<std::string> covariates{};
    bool elo = false;
    /// The item whose score is fixed; empty: none.
    std::string anchor{};
    /// The anchor's score, or the mean, on the scale shown; nothing: 0 logits, 1000 Elo points.
    std::optional<double> zero{};
    /// Weights say for how many games one stands: errors are those of the sandwich.
    bool sampling_weights = false;
};

/// The number of an item. \throws input_error naming some of the items when it is not among them.
inline std::size_t item_named(const std::string& name, const std::vector<std::string>& items) {
    const auto at = std::ranges::find(items, name);
    if (at != items.end()) return static_cast<std::size_t>(at - items.begin());
    std::string some;
    for (std::size_t i = 0; i < std::min<std::size_t>(8, items.size()); ++i)
        some += message(i == 0 ? "" : ", ", excerpt{items[i]});
    throw input_error(message("there is no item ", excerpt{name}, " among the ", items.size(), ": ", some,
                              items.size() > 8 ? ", …" : ""));
}

/// Rates the games of a file. A template only so that its models are compiled where it is called.
/// \throws input_error for weights that are no weights or an anchor that did not play; and what `rate_games` throws.
template <std::same_as<ranking_request> Request> ranking_study rank_games(game_table file, const Request& request) {
    ranking_study study{.file = std::move(file),
                        .elo = request.elo,
                        .covariates = request.covariates,
                        .ties = request.ties,
                        .judge_model = request.judge_model,
                        .confidence = request.rating.confidence};
    std::vector<game_result> results;
    for (const choice winner : study.file.winners)
        results.push_back(winner == choice::first    ? game_result::left
                          : winner == choice::second ? game_result::right
                                                     : game_result::tie);
    const game_list games{study.file.items.size(), study.file.left, study.file.right, results, study.file.weights};
    if (study.weighted()) check_counts(count_games(games), study.file.items); // with names
    study.records = item_records(games);
    rating_options options = request.rating;
    if (!request.anchor.empty()) study.anchor = options.anchor = item_named(request.anchor, study.file.items);
    study.scale = study.elo ? rating_scale::elo() : rating_scale{};
    if (request.zero) study.scale.zero = *request.zero;
    std::vector<std::uint32_t> clusters = study.file.clusters.codes;
    if (clusters.empty() && request.sampling_weights) {
        clusters.resize(games.size());
        std::iota(clusters.begin(), clusters.end(), 0U);
    }
    const game_covariates covariates{
        {study.file.covariates.data(), study.covariates.empty() ? 0 : games.size(), study.covariates.size()},
        study.covariates};
    study.report = rate_games(games, options, clusters, covariates, study.file.judges.codes);
    return study;
}

} // namespace preflearn
