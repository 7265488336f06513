#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/core/comparison.hpp>
#include <preflearn/core/tokens.hpp>
#include <preflearn/training/loop/fingerprint.hpp>

using namespace preflearn;

TEST_CASE("a fingerprint sees values, their order and where one ends") {
    using texts = std::vector<std::string>;
    CHECK(fingerprint_of(texts{"ab", "c"}) == fingerprint_of(texts{"ab", "c"}));
    CHECK(fingerprint_of(texts{"ab", "c"}) != fingerprint_of(texts{"a", "bc"}));
    CHECK(fingerprint_of(texts{"ab", "c"}) != fingerprint_of(texts{"c", "ab"}));
    CHECK(fingerprint_of(texts{"ab"}) != fingerprint_of(texts{"ab", ""}));
    CHECK(fingerprint_of(std::vector<double>{0.0}) != fingerprint_of(std::vector<double>{}));
    CHECK(fingerprint_of(std::string_view("abcdefgh")) != fingerprint_of(std::string_view("abcdefgi")));
    CHECK(fingerprint_of(std::string("same")) == fingerprint_of(std::string_view("same")));
    CHECK(fingerprint_of(std::string_view("x")).size() == 16);
}

TEST_CASE("a fingerprint of comparisons sees the id, the prompt and what the spans point at") {
    const std::vector<token_id> x{1, 2}, a{3}, b{4, 5}, also_a{3};
    const auto of = [](std::uint64_t id, token_span prompt, token_span first, token_span second) {
        const std::vector<token_comparison> one{{id, prompt, first, second}};
        return fingerprint_of(one);
    };
    CHECK(of(1, x, a, b) == of(1, x, also_a, b));
    CHECK(of(1, x, a, b) != of(2, x, a, b));
    CHECK(of(1, x, a, b) != of(1, x, b, a));
    CHECK(of(1, x, a, b) != of(1, a, a, b));
}

TEST_CASE("a type that a fingerprint cannot see into is refused, unless it says itself what it holds") {
    struct opaque {
        int hidden;
    };
    struct shown {
        int value;
        void add_to(fingerprint& print) const { print.add(value); }
    };
    const auto of = [](const auto& prompt) { return fingerprint_of(std::vector{completion{prompt, 1}}); };
    CHECK_THROWS_WITH_AS(of(opaque{1}), doctest::Contains("add_to(preflearn::fingerprint&)"), argument_error);
    CHECK(of(shown{1}) == of(shown{1}));
    CHECK(of(shown{1}) != of(shown{2}));
    CHECK_NOTHROW(of(no_prompt{}));
}
