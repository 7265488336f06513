#include <string>

#include <doctest/doctest.h>

#include <preflearn/loss/pairs/fault_place.hpp>

using namespace preflearn;

namespace {

std::string at_line(std::size_t i) { return "file:" + std::to_string(i + 2); }

} // namespace

TEST_CASE("a place in the batch at a message's beginning is renamed, and nothing else is") {
    CHECK(renamed_place("pair 3: weight is -1", "pair", 4, at_line) == "file:5: weight is -1");
    CHECK(renamed_place("pair 12: x: pair 1: y", "pair", 13, at_line) == "file:14: x: pair 1: y");
    for (const char* other : {"pair 4: beyond the batch", "pairs 0 to 3: a score", "pair x: y", "pair 3", "pair ",
                              "completion 1: z", "beta is -1", "", "pair 99999999999999999999: w"})
        CHECK(renamed_place(other, "pair", 4, at_line) == other);
}

TEST_CASE("renamed errors keep their type, and what returns returns") {
    const auto run = [](const auto& failure) {
        with_renamed_places("pair", 2, at_line, [&]() -> int { throw failure; });
    };
    CHECK_THROWS_WITH_AS(run(numeric_error("pair 1: NaN")), "file:3: NaN", numeric_error);
    CHECK_THROWS_WITH_AS(run(argument_error("pair 0: weight")), "file:2: weight", argument_error);
    CHECK(with_renamed_places("pair", 2, at_line, [] { return 7; }) == 7);
}
