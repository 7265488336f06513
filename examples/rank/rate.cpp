// SPDX-License-Identifier: MIT
#include <filesystem>

#include <preflearn/data/files/csv_separator.hpp>
#include <preflearn/data/tables/game_table.hpp>

#include "rank.hpp"

preflearn::ranking_study rate_file(const arguments& given, const preflearn::rating_options& options) {
    return preflearn::rank_games(preflearn::read_games(std::filesystem::path(given.file),
                                                       {.left = given.left,
                                                        .right = given.right,
                                                        .winner = given.winner,
                                                        .weight = given.weight,
                                                        .cluster = given.cluster,
                                                        .judge = given.judge,
                                                        .covariates = given.covariates,
                                                        .skip_unusable = given.skip_unusable},
                                                       given.separator.empty()
                                                           ? preflearn::recognised_separator
                                                           : *preflearn::separator_named(given.separator)),
                                 preflearn::ranking_request{.rating = options,
                                                            .ties = given.ties,
                                                            .judge_model = given.judge_model,
                                                            .covariates = given.covariates,
                                                            .elo = given.scale == "elo",
                                                            .anchor = given.anchor,
                                                            .zero = given.anchor_score,
                                                            .sampling_weights = given.weights == "sampling"});
}
