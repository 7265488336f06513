#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include <preflearn/data/records/preparing/split_parts.hpp>

#include "../../../files.hpp"

using namespace preflearn;

namespace {

std::vector<std::uint64_t> prompts_of(std::size_t items, std::size_t different) {
    std::vector<std::uint64_t> prompts;
    for (std::size_t i = 0; i < items; ++i) prompts.push_back(1000 + i * i % different);
    return prompts;
}
std::map<std::size_t, std::size_t> sizes_of_parts(const std::vector<std::optional<std::size_t>>& dealt) {
    std::map<std::size_t, std::size_t> sizes;
    for (const auto& part : dealt) ++sizes[part.value_or(99)];
    return sizes;
}

} // namespace

TEST_CASE("parts are read from a line of text, and what is no part is named") {
    const auto two = split_parts_of("0.1");
    CHECK(two[0].name == "labelled");
    CHECK(two[0].size == 0.1);
    CHECK(!two[1].size);
    const auto three = split_parts_of("test=500,a-b=0.25,rest_1=rest");
    CHECK(three.size() == 3);
    CHECK(three[0].size == 500);
    for (const char* const bad : {"1.5", "0", "a", "a=0.5,a=0.5", "a=rest,b=rest", "a=0.6,b=0.6", "a=1.5", "a=-1",
                                  "a/b=0.5", "=0.5", "a=0.5,", "a=nan", ""})
        CHECK_MESSAGE(!test::error_of([&] { split_parts_of(bad); }).empty(), bad);
    CHECK(part_path("d/pairs.jsonl.gz", "test") == "d/pairs.test.jsonl.gz");
    CHECK(part_path("pairs", "test") == "pairs.test");
}

TEST_CASE("no prompt stands in two parts, and the sizes are what was asked for as far as groups fit") {
    const auto prompts = prompts_of(1000, 331);
    const auto dealt = deal(prompts, split_parts_of("test=100,labelled=0.3,unlabelled=rest"), 5);
    std::map<std::uint64_t, std::size_t> home;
    for (std::size_t i = 0; i < prompts.size(); ++i) {
        REQUIRE(dealt[i]);
        CHECK(home.try_emplace(prompts[i], *dealt[i]).first->second == *dealt[i]);
    }
    auto sizes = sizes_of_parts(dealt);
    CHECK(sizes[0] <= 100);
    CHECK(sizes[0] > 90);
    CHECK(sizes[1] <= 300);
    CHECK(sizes[1] > 290);
    // who goes where depends on the prompts, not on their order
    auto backwards = prompts;
    std::ranges::reverse(backwards);
    auto again = deal(backwards, split_parts_of("test=100,labelled=0.3,unlabelled=rest"), 5);
    std::ranges::reverse(again);
    CHECK(again == dealt);
    CHECK(deal(prompts, split_parts_of("test=100,labelled=0.3,unlabelled=rest"), 6) != dealt);
}

TEST_CASE("shares that sum to one leave nobody out, others do, and too many are refused") {
    const auto prompts = prompts_of(101, 101);
    CHECK(sizes_of_parts(deal(prompts, split_parts_of("a=0.5,b=0.5"), 1)).count(99) == 0);
    CHECK(sizes_of_parts(deal(prompts, split_parts_of("a=0.5,b=0.25"), 1))[99] > 0);
    CHECK(test::contains(test::error_of([&] { deal(prompts, split_parts_of("a=200"), 1); }), "more than the 101"));
    CHECK(deal({}, split_parts_of("0.5"), 1).empty());
}
