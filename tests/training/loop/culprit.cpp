#include <doctest/doctest.h>

#include <cstddef>
#include <vector>

#include <preflearn/training/loop/culprit.hpp>

#include "../../files.hpp"

using namespace preflearn;

TEST_CASE("where a batch fails, the first of its parts that fails by itself is named, with its own words") {
    std::vector<std::size_t> tried;
    const auto run = [&](std::size_t bad) {
        return test::error_of([&] {
            naming_the_culprit([]() -> int { throw numeric_error("completion 6: its log-probability is nan"); }, 5,
                               [&](std::size_t i) {
                                   tried.push_back(i);
                                   if (i >= bad) throw numeric_error("completion 1: its log-probability is nan");
                               },
                               [](std::size_t i) { return message("pair ", 10 * i); });
        });
    };
    CHECK(run(3) == "pair 30: its log-probability is nan");
    CHECK(tried == std::vector<std::size_t>{0, 1, 2, 3});
    CHECK(run(5) == "completion 6: its log-probability is nan"); // only together: nobody to name
    CHECK(naming_the_culprit([] { return 7; }, 0, [](std::size_t) {}, [](std::size_t) { return ""; }) == 7);
    CHECK_THROWS_AS(naming_the_culprit([]() -> int { throw argument_error("completion 0: x"); }, 0, [](std::size_t) {},
                                       [](std::size_t) { return ""; }),
                    argument_error);
}

TEST_CASE("only a number is taken from the start of a message") {
    using detail::without_completion;
    CHECK(without_completion("completion 12: the prompt is empty") == "the prompt is empty");
    CHECK(without_completion("completion twelve: x") == "completion twelve: x");
    CHECK(without_completion("completion 12") == "completion 12");
    CHECK(without_completion("the completion 1: x") == "the completion 1: x");
}
