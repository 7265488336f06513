#include <cmath>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/ranking/fit/fit_board.hpp>
#include <preflearn/ranking/solver/newton.hpp>

#include "../boards.hpp"

using namespace test;

TEST_CASE("the sparse and the dense step are one method") {
    const rating_fit dense = fit_ratings(baseball()), sparse = fit_ratings(baseball(), {}, newton{.dense_items = 0});
    check_close(sparse.scores, dense.scores, 1e-9);
    CHECK(dense.iterations < 20);
}
