#include <cmath>

#include <doctest/doctest.h>

#include <preflearn/core/system/error.hpp>
#include <preflearn/ranking/board/item_records.hpp>

#include "../boards.hpp"

using namespace test;

TEST_CASE("wins, losses and ties are weights of both sides, games are rows") {
    game_columns games{.items = 3};
    games.add(0, 1, game_result::left, 2);
    games.add(1, 0, game_result::right);
    games.add(1, 0, game_result::tie);
    CHECK(item_records(games.list())[0].win_rate() == doctest::Approx(3.5 / 4));
    games.weights = {2, 0, 0.5, 1.5};
    const std::vector<item_record> records = item_records(games.list());
    CHECK(records[0].games == 4);
    CHECK(records[0].wins == 2.5);
    CHECK(records[0].ties == 1.5);
    CHECK(records[1].losses == 2.5);
    CHECK(records[1].weight() == 4);
    CHECK(records[0].win_rate() + records[1].win_rate() == doctest::Approx(1));
    CHECK(std::isnan(records[2].win_rate()));
    games.items = 1;
    CHECK_THROWS_AS(item_records(games.list()), argument_error);
}
