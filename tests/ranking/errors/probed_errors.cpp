#include <cmath>
#include <cstddef>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/core/system/error.hpp>
#include <preflearn/ranking/errors/covariance.hpp>
#include <preflearn/ranking/errors/probed_errors.hpp>

#include "../boards.hpp"

using namespace test;

namespace {

/// Against the matrix: the errors of the scores by root mean square, those of the other parameters exactly.
template <class Model> void check_against_matrix(const pair_counts& counts, const Model& model, double worst) {
    const rating_fit fit = fit_ratings(counts, model);
    REQUIRE(fit.converged());
    const rating_covariance v = inverse_information(counts, model, fit);
    const probed_errors found = probe_errors(counts, model, fit);
    REQUIRE(found.standard_errors.size() == Model::size(counts.items));
    double square = 0;
    for (std::size_t i = 0; i < counts.items; ++i)
        square += std::pow(found.standard_errors[i] / v.standard_error(i) - 1, 2) / static_cast<double>(counts.items);
    CHECK(std::sqrt(square) < 1.5 * found.relative_error);
    CHECK(found.relative_error < worst);
    for (std::size_t e = counts.items; e < Model::size(counts.items); ++e)
        CHECK(found.standard_errors[e] == doctest::Approx(v.standard_error(e)).epsilon(1e-5));
}

} // namespace

TEST_CASE("errors by probes are those of the matrix, to what their spread says") {
    const game_columns games = random_games(120, 12'000, 3);
    const pair_counts merged = count_games(games.list()), kept = count_games(games.list(), sides::kept);
    check_against_matrix(merged, bradley_terry_model{}, 0.002);
    check_against_matrix(merged, bradley_terry_model{.prior = gaussian_prior{.variance = 0.1}}, 0.002);
    check_against_matrix(merged, bradley_terry_model{.prior = pseudo_games{.wins = 1e-4, .losses = 1e-4}}, 0.002);
    check_against_matrix(kept, bradley_terry_model{.ties = davidson_rule{}, .order = order_effect{}}, 0.002);
    check_against_matrix(
        kept,
        bradley_terry_model{.ties = rao_kupper_rule{}, .order = order_effect{}, .prior = gaussian_prior{.variance = 4}},
        0.002);
    // Few opponents an item, some without a game: the prior alone knows these.
    game_columns few = random_games(120, 240, 3);
    few.items = 125;
    check_against_matrix(count_games(few.list()), bradley_terry_model{.prior = gaussian_prior{}}, 0.05);
}

TEST_CASE("a board on which probes say too little has no errors, and says so") {
    game_columns chain{.items = 500};
    for (item_id i = 0; i + 1 < 500; ++i) {
        chain.add(i, i + 1, game_result::left);
        chain.add(i, i + 1, game_result::right);
    }
    const pair_counts counts = count_games(chain.list());
    const rating_fit fit = fit_ratings(counts);
    REQUIRE(fit.converged());
    const probed_errors found = probe_errors(counts, bradley_terry_model{}, fit);
    CHECK(found.relative_error > 0.05);
    REQUIRE(found.standard_errors.size() == 500);
    for (const double error : found.standard_errors) CHECK(std::isnan(error));
}

TEST_CASE("probes that fail say so") {
    pair_counts counts = count_games(random_games(60, 4000, 3).list());
    for (pair_cell& cell : counts.cells) cell.left_wins = cell.right_wins = 1e-310, cell.ties = 0;
    const rating_fit fit = fit_ratings(counts);
    REQUIRE(fit.converged());
    const probed_errors found = probe_errors(counts, bradley_terry_model{}, fit);
    CHECK(std::isnan(found.relative_error));
    for (const double error : found.standard_errors) CHECK(std::isnan(error));
}

TEST_CASE("probes depend on their seed alone; fits that do not exist or belong elsewhere are refused") {
    const game_columns games = random_games(60, 4000, 3);
    const pair_counts counts = count_games(games.list());
    const bradley_terry_model model;
    const rating_fit fit = fit_ratings(counts, model);
    const probed_errors a = probe_errors(counts, model, fit, {.seed = 1}), b = probe_errors(counts, model, fit);
    CHECK(a.standard_errors == probe_errors(counts, model, fit, {.seed = 1}).standard_errors);
    CHECK(a.standard_errors != b.standard_errors);
    CHECK_THROWS_AS(probe_errors(counts, model, rating_fit{}), numeric_error);
    CHECK_THROWS_AS(probe_errors(counts, model, fit, {.most = 1}), argument_error);
    CHECK_THROWS_AS(
        probe_errors(count_games(games.list(), sides::kept), bradley_terry_model{.order = order_effect{}}, fit),
        argument_error);
}
