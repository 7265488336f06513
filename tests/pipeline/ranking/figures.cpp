#include <cmath>

#include <doctest/doctest.h>

#include <preflearn/pipeline/ranking/figures.hpp>

#include "../../files.hpp"

using namespace preflearn;

TEST_CASE("predicted win rates of a pair sum to one, and nobody plays oneself") {
    const test::folder folder;
    const auto path =
        folder.write("games.csv", "left,right,winner\na,b,left\na,b,right\na,b,left\nb,c,tie\nc,a,right\n");
    const ranking_study study = rank_games(read_games(path), ranking_request{});
    REQUIRE(study.fit().converged());
    const heat_map map = win_rate_map(study);
    REQUIRE(map.values.size() == 9);
    CHECK(std::isnan(map.values[0]));
    CHECK(map.values[1] + map.values[3] == doctest::Approx(1));
    const dot_plot plot = interval_plot(study);
    CHECK(plot.names == map.row_names);
    CHECK(plot.low[0] < plot.values[0]);
    CHECK(plot.values[0] < plot.high[0]);
}
