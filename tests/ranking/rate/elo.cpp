#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/core/concepts.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/ranking/rate/elo.hpp>

#include "../boards.hpp"

using namespace test;

static_assert(RewardModel<elo_ratings, comparison<no_prompt, std::size_t>>);

TEST_CASE("one game between equals moves both by half of K, a tie moves nothing") {
    elo_ratings elo(3, {.k = 32});
    elo.add(0, 1, game_result::left);
    CHECK(elo.ratings() == std::vector<double>{1016, 984, 1000});
    elo_ratings tied(2);
    tied.add(1, 0, game_result::tie);
    CHECK(tied.ratings() == std::vector<double>{1000, 1000});
    // 400 points are odds of ten
    elo_ratings favourite(2, {.k = 100, .initial = 0});
    for (int i = 0; i < 8; ++i) favourite.add(0, 1, game_result::left);
    const double gap = favourite.ratings()[0] - favourite.ratings()[1], before = favourite.ratings()[0];
    favourite.add(1, 0, game_result::left);
    CHECK(before - favourite.ratings()[0] == doctest::Approx(100 / (1 + std::pow(10, -gap / 400))));
    CHECK(favourite({}, 0) - favourite({}, 1) ==
          doctest::Approx((favourite.ratings()[0] - favourite.ratings()[1]) * std::log(10) / 400));
}

TEST_CASE("points are handed over, never made; a stream can be cut anywhere") {
    const game_columns games = random_games(6, 500, 1);
    elo_ratings whole(6), parts(6);
    whole.add(games.list());
    CHECK(std::accumulate(whole.ratings().begin(), whole.ratings().end(), 0.0) == doctest::Approx(6000));
    for (std::size_t g = 0; g < 200; ++g) parts.add(games.left[g], games.right[g], games.results[g]);
    elo_ratings later = parts;
    for (std::size_t g = 200; g < 500; ++g) later.add(games.left[g], games.right[g], games.results[g]);
    CHECK(later.ratings() == whole.ratings());
}

TEST_CASE("bad games and options are refused") {
    elo_ratings elo(2);
    CHECK_THROWS_AS(elo.add(0, 2, game_result::left), argument_error);
    CHECK_THROWS_AS(elo.add(1, 1, game_result::left), argument_error);
    CHECK_THROWS_AS(elo.add(0, 1, game_result::left, -1), argument_error);
    CHECK_THROWS_AS(elo({}, 5), argument_error);
    CHECK_THROWS_AS(elo_ratings(2, {.k = 0}), argument_error);
    CHECK_THROWS_AS(elo_ratings(2, {.initial = std::numeric_limits<double>::quiet_NaN()}), argument_error);
    CHECK(elo.ratings() == std::vector<double>{1000, 1000});
}
