#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <vector>

#include <preflearn/pipeline/noise/judged_pairs.hpp>

#include "../../files.hpp"

using namespace preflearn;

TEST_CASE("judged pairs are read as they were written, certain verdicts too") {
    const test::folder folder;
    const std::vector<judged_pair> pairs{{-0.1, 1, 0xFFFFFFFFFFFFFFFF, -3},
                                         {std::numeric_limits<double>::infinity(), 0.5, 2, 0}};
    write_judged_pairs(folder / "pairs.jsonl", pairs);
    const std::vector<judged_pair> read = read_judged_pairs(folder / "pairs.jsonl");
    REQUIRE(read.size() == 2);
    CHECK(read[0].margin == -0.1);
    CHECK(read[0].right == 1);
    CHECK(read[0].prompt == 0xFFFFFFFFFFFFFFFF);
    CHECK(read[0].longer == -3);
    CHECK(std::isinf(read[1].margin));
    CHECK(read[1].right == 0.5);
}

TEST_CASE("a line that is no judged pair is refused by file and line") {
    const test::folder folder;
    for (const char* const bad : {"{}", "[", R"({"margin":1,"right":2,"prompt":1,"longer":0})"}) {
        const auto path = folder.write("pairs.jsonl", std::string(R"({"margin":1,"right":1,"prompt":1,"longer":0})") +
                                                          "\n" + bad + "\n");
        CHECK(test::contains(test::error_of([&] { read_judged_pairs(path); }), "pairs.jsonl:2: is no judged pair"));
    }
}
