#include <doctest/doctest.h>

#include <preflearn/core/system/error.hpp>
#include <preflearn/ranking/board/games.hpp>

TEST_CASE("columns of games that differ in length are refused with their lengths; weights may be absent") {
    CHECK_NOTHROW(preflearn::check_columns(3, 3, 3, 0));
    CHECK_NOTHROW(preflearn::check_columns(3, 3, 3, 3));
    CHECK_THROWS_WITH_AS(preflearn::check_columns(3, 2, 3, 0), doctest::Contains("3 left items, 2 right items"),
                         preflearn::argument_error);
    CHECK_THROWS_AS(preflearn::check_columns(3, 3, 3, 2), preflearn::argument_error);
    CHECK(preflearn::game_list{}.weight(7) == 1);
}
