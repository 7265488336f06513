#include <cmath>

#include <doctest/doctest.h>

#include <preflearn/ranking/rate/elo.hpp>
#include <preflearn/ranking/rate/rating_scale.hpp>

using namespace preflearn;

TEST_CASE("400 Elo points are odds of ten to one, as in the running ratings") {
    const rating_scale scale = rating_scale::elo(1500);
    CHECK(scale.score(std::log(10.0)) == doctest::Approx(1900));
    CHECK(scale.error(0.5) == doctest::Approx(scale.score(0.5) - 1500));
    CHECK(scale.bounds({-1, 1}).high == doctest::Approx(1673.7178));
    elo_ratings running(2);
    running.add(0, 1, game_result::left);
    const double logits = running(no_prompt{}, 0) - running(no_prompt{}, 1);
    CHECK(scale.error(logits) == doctest::Approx(running.ratings()[0] - running.ratings()[1]));
    CHECK(rating_scale{}.score(0.25) == 0.25);
}
