#include <doctest/doctest.h>

#include <limits>
#include <string>
#include <vector>

#include <preflearn/core/tokens.hpp>
#include <preflearn/data/preferences/preference_data.hpp>
#include <preflearn/data/selection/prompt_groups.hpp>

using namespace preflearn;

namespace {

struct only_equal {
    int value;
    bool operator==(const only_equal&) const = default;
};

/// The groups as a text of their members, "0 2|1|".
template <class Prompt> std::string groups_of(const std::vector<Prompt>& prompts) {
    std::vector<comparison<Prompt, int>> pairs;
    for (const Prompt& prompt : prompts) pairs.push_back({pairs.size(), prompt, 0, 0});
    std::string text;
    auto groups = group_by_prompt(std::span<const comparison<Prompt, int>>(pairs));
    std::ranges::sort(groups);
    for (const auto& group : groups) {
        for (const std::size_t i : group) text += std::to_string(i) + " ";
        text.back() = '|';
    }
    return text;
}

} // namespace

TEST_CASE("equal prompts form a group, whatever they are") {
    CHECK(groups_of<std::string_view>({"b", "a", "b", "ab", "", "a"}) == "0 2|1 5|3|4|");
    CHECK(groups_of<std::string>({std::string("a\0b", 3), "a", std::string("a\0b", 3), "\xFF", "\x7F"}) ==
          "0 2|1|3|4|");
    CHECK(groups_of<int>({2, 1, 2, 3}) == "0 2|1|3|");
    CHECK(groups_of<only_equal>({{2}, {1}, {2}, {3}, {1}}) == "0 2|1 4|3|");
    const std::vector<token_id> ids{1, 2, 1, 2, 3};
    const token_span all(ids);
    CHECK(groups_of<token_span>({all.subspan(0, 2), all.subspan(2, 2), all.subspan(2, 3), all.subspan(0, 0)}) ==
          "0 1|2|3|");
    constexpr double nan = std::numeric_limits<double>::quiet_NaN();
    CHECK(groups_of<std::vector<double>>({{1, 0.0}, {1}, {1, -0.0}, {nan}, {2}, {nan}}) == "0 2|1|3 5|4|");
    CHECK(groups_of<std::vector<std::vector<int>>>({{{1}, {2}}, {{1, 2}}, {{1}, {2}}}) == "0 2|1|");
    CHECK(groups_of<no_prompt>({{}, {}, {}}) == "0|1|2|");
    CHECK(groups_of<int>({}).empty());
}
