#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/core/system/error.hpp>
#include <preflearn/ranking/errors/game_errors.hpp>

#include "../boards.hpp"

using namespace test;

TEST_CASE("errors of a fit of another model are refused, and probes of a model without items") {
    const game_columns games = random_games(5, 300, 2);
    std::vector<double> features(300);
    for (std::size_t g = 0; g < 300; ++g) features[g] = static_cast<double>(g % 7) - 3;
    const game_details details{.features = {features.data(), 300, 1}};
    const game_model with_features{.features = game_features{}};
    const game_fit fit = fit_games(games.list(), details, with_features);
    REQUIRE(fit.converged());
    CHECK_THROWS_AS(inverse_information(games.list(), {}, game_model{}, fit), argument_error);
    const game_model alone{.features = game_features{.with_items = false}};
    const game_fit without_items = fit_games(games.list(), details, alone);
    REQUIRE(without_items.converged());
    CHECK_THROWS_AS(probe_errors(games.list(), details, alone, without_items), argument_error);
    CHECK(inverse_information(games.list(), details, alone, without_items).standard_error(0) > 0);
}

TEST_CASE("games told twice have errors smaller by the root of two, and the same by clusters") {
    const game_columns games = random_games(5, 300, 2);
    game_columns twice = games;
    std::vector<std::uint32_t> once_clusters, clusters;
    for (std::size_t g = 0; g < 300; ++g) {
        twice.add(games.left[g], games.right[g], games.results[g]);
        once_clusters.push_back(static_cast<std::uint32_t>(g));
    }
    clusters = once_clusters;
    clusters.insert(clusters.end(), once_clusters.begin(), once_clusters.end());
    const game_model model{};
    const game_fit a = fit_games(games.list(), {}, model), b = fit_games(twice.list(), {}, model);
    const double single = inverse_information(games.list(), {}, model, a).standard_error(0);
    CHECK(inverse_information(twice.list(), {}, model, b).standard_error(0) ==
          doctest::Approx(single / std::sqrt(2.0)));
    CHECK(sandwich_covariance(twice.list(), {}, model, b, clusters).standard_error(0) ==
          doctest::Approx(sandwich_covariance(games.list(), {}, model, a, once_clusters).standard_error(0)));
}
