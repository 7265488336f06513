#include <cmath>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/ranking/fit/fit_board.hpp>
#include <preflearn/ranking/solver/minorise.hpp>

#include "../boards.hpp"

using namespace test;

TEST_CASE("the fixed-point solvers end where Newton's method does") {
    const rating_fit exact = fit_ratings(citations());
    for (const rating_fit& other : {fit_ratings(citations(), bradley_terry_model{}, newman{}),
                                    fit_ratings(citations(), bradley_terry_model{}, minorise_maximise{})})
        check_close(other.scores, exact.scores, 1e-6);
}
