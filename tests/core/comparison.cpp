#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/core/comparison.hpp>

using namespace preflearn;

namespace {

/// A user's pair; the id is narrower and there is more in it than a comparison needs.
struct my_pair {
    std::uint16_t id;
    std::string_view prompt;
    std::vector<float> first, second;
    double annotator_hours;
};
/// Members through functions are no members.
struct with_functions {
    std::uint64_t id() const { return 0; }
    int prompt, first, second;
};
struct without_prompt {
    std::uint64_t id;
    int first, second;
};
struct two_types {
    std::uint64_t id;
    int prompt;
    float first;
    double second;
};
struct text_id {
    std::string id;
    int prompt, first, second;
};

} // namespace

static_assert(Comparison<comparison<std::string>> && Comparison<comparison<no_prompt, int>> && Comparison<my_pair>);
static_assert(!Comparison<int> && !Comparison<completion<int>>);
static_assert(!Comparison<with_functions> && !Comparison<without_prompt> && !Comparison<two_types> &&
              !Comparison<text_id>);
static_assert(std::same_as<prompt_of<my_pair>, std::string_view>);
static_assert(std::same_as<response_of<my_pair>, std::vector<float>>);
static_assert(std::same_as<completion_of<comparison<no_prompt, int>>, completion<no_prompt, int>>);

TEST_CASE("completions are both responses of every pair, neighbours sharing their prompt") {
    const std::vector<comparison<std::string, int>> pairs{{7, "a", 1, 2}, {9, "b", 3, 4}};
    const auto all = completions_of(std::span(pairs));
    REQUIRE(all.size() == 4);
    for (std::size_t i = 0; i < all.size(); ++i) {
        CHECK(all[i].prompt == (i < 2 ? "a" : "b"));
        CHECK(all[i].response == static_cast<int>(i) + 1);
    }
    CHECK(completions_of(std::span(pairs).first(0)).empty());
}

TEST_CASE("a user's own pair gives completions of its own types") {
    const std::vector<my_pair> pairs{{1, "x", {1, 2}, {3}, 0.5}};
    const auto all = completions_of(std::span(pairs));
    CHECK(all[1].response == std::vector<float>{3});
    CHECK(all[0].prompt.data() == pairs[0].prompt.data());
}
