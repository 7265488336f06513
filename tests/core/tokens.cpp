#include <concepts>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/core/tokens.hpp>

using namespace preflearn;

static_assert(Comparison<token_comparison>);
static_assert(std::same_as<completion_of<token_comparison>, token_completion>);
static_assert(std::convertible_to<const std::vector<token_id>&, token_span>);

TEST_CASE("comparisons of tokens view them where they lie") {
    const std::vector<token_id> prompt{1, 2}, good{3}, bad{4, 5};
    const token_comparison pair{.id = 1, .prompt = prompt, .first = good, .second = bad};
    CHECK(pair.second.data() == bad.data());
    CHECK(completions_of(std::span(&pair, 1))[1].response.size() == 2);
}
