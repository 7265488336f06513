#include <cmath>
#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/core/system/error.hpp>
#include <preflearn/ranking/errors/bootstrap.hpp>

#include "../boards.hpp"

using namespace test;

TEST_CASE("the bootstrap's errors are the sandwich's, over games and over clusters") {
    const game_columns games = random_games(5, 3000, 1);
    std::vector<std::uint32_t> clusters;
    for (std::uint32_t g = 0; g < 3000; ++g) clusters.push_back(g / 10);
    const bradley_terry_model<> model;
    const rating_fit fit = fit_ratings(count_games(games.list()));
    for (const bool clustered : {false, true}) {
        const std::span<const std::uint32_t> codes =
            clustered ? std::span<const std::uint32_t>(clusters) : std::span<const std::uint32_t>();
        const score_bootstrap drawn = bootstrap_scores(games.list(), codes, model, fit, {.replicates = 800});
        const rating_covariance sandwich = sandwich_covariance(games.list(), model, fit, codes);
        CHECK(drawn.failed() == 0);
        for (std::size_t i = 0; i < 5; ++i) {
            CHECK(drawn.standard_errors[i] == doctest::Approx(sandwich.standard_error(i)).epsilon(0.12));
            CHECK(drawn.bounds[i].low < fit.scores[i]);
            CHECK(drawn.bounds[i].high > fit.scores[i]);
        }
    }
    const auto once = bootstrap_scores(games.list(), clusters, model, fit, {.replicates = 20, .seed = 3});
    const auto again = bootstrap_scores(games.list(), clusters, model, fit, {.replicates = 20, .seed = 3});
    CHECK(once.standard_errors == again.standard_errors);
}

TEST_CASE("draws without an estimate are counted") {
    game_columns games{.items = 3}; // one game joins item 2 to the others, in each direction
    games.add(0, 1, game_result::left, 20);
    games.add(0, 1, game_result::right, 20);
    games.add(1, 2, game_result::left);
    games.add(1, 2, game_result::right);
    const bradley_terry_model<> model;
    const rating_fit fit = fit_ratings(count_games(games.list()));
    REQUIRE(fit.converged());
    const score_bootstrap drawn = bootstrap_scores(games.list(), {}, model, fit, {.replicates = 400});
    // P(neither) = (1 − 2/42)^42, P(exactly one of the two kinds) = 2 ((1 − 1/42)^42 − (1 − 2/42)^42)
    const double neither = std::pow(40.0 / 42, 42), one = 2 * (std::pow(41.0 / 42, 42) - neither);
    CHECK(static_cast<double>(drawn.disconnected) / 400 == doctest::Approx(neither).epsilon(0.4));
    CHECK(static_cast<double>(drawn.separated) / 400 == doctest::Approx(one).epsilon(0.2));
    CHECK(drawn.otherwise_failed == 0);
    CHECK_THROWS_AS(bootstrap_scores(games.list(), {}, model, rating_fit{}), numeric_error);
}
