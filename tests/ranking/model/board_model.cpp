#include <cmath>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/ranking/fit/fit_board.hpp>
#include <preflearn/ranking/model/board_model.hpp>

#include "../boards.hpp"

using namespace test;

TEST_CASE("scores have mean zero and the order of the published fit") {
    const rating_fit fit = fit_ratings(citations());
    double sum = 0;
    for (const double score : fit.scores) sum += score;
    CHECK(std::abs(sum) < 1e-9);
    CHECK(fit.scores[0] > fit.scores[1]); // Biometrika over Communications in Statistics
}
