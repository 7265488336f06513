#include <doctest/doctest.h>

#include <preflearn/ranking/fit/fit_board.hpp>
#include <preflearn/ranking/solver/spectral.hpp>

#include "../boards.hpp"

using namespace test;

TEST_CASE("the repeated spectral ranking is the maximum") {
    for (const pair_counts& counts : {citations(), springall(), count_games(random_games(25, 3000, 6).list())}) {
        const rating_fit fit = fit_ratings(counts, bradley_terry_model{}, spectral{});
        REQUIRE(fit.converged());
        CHECK(fit.iterations < 60);
        check_close(fit.scores, fit_ratings(counts).scores, 1e-9);
    }
}
