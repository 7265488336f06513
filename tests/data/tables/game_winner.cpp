#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/core/system/error.hpp>
#include <preflearn/data/tables/game_winner.hpp>

#include "../../files.hpp"

using namespace preflearn;

TEST_CASE("a winner is a word or a name, and never read as one where it may be the other") {
    winner_reader read;
    const file_line place{"games", 3};
    CHECK(read("model_b", "a", "b", place) == choice::second);
    CHECK(read("tie (bothbad)", "a", "b", place) == choice::tie);
    CHECK(read("b", "a", "b", place) == choice::second);
    CHECK(read("left", "left", "b", place) == choice::first); // both readings say the same
    CHECK(!read("c", "a", "b", place));
    CHECK(!read("", "a", "b", place));
    CHECK(test::error_of([&] { read("left", "a", "left", place); }) ==
          "games:3: the winner 'left' is the name of the right item and a word for the left side; give the items other "
          "names, or the winners by another word");
    CHECK(test::contains(test::error_of([&] { read("tie", "tie", "b", place); }), "a word for a tie"));
    CHECK_NOTHROW(read.check({"a", "b", "left"}));
    CHECK(test::contains(test::error_of([&] { read.check({"a", "model_b"}); }), "games:3: the winner 'model_b'"));
}
