#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <preflearn/pipeline/output/work_progress.hpp>

#include "../../files.hpp"

using namespace preflearn;

TEST_CASE("the whole time is told once a title, after its first block, if anything is left") {
    std::vector<std::string> said;
    std::size_t seen = 0;
    const work_progress watched =
        with_first_estimate([&](std::string_view, std::size_t, std::size_t, double, double) { ++seen; },
                            [&](const std::string& sentence) { said.push_back(sentence); });
    watched("reading", 5, 20, 0, 0); // where an earlier run stopped
    CHECK(said.empty());
    for (const std::size_t done : {10U, 15U, 20U}) watched("reading", done, 20, 1, 1);
    watched("writing", 0, 1, 0, 0);
    watched("writing", 1, 1, 1, 1);
    REQUIRE(said.size() == 1);
    CHECK(test::contains(said[0], "reading: 10 of 20; the rest will take about "));
    CHECK(seen == 6);
}
