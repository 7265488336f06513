#include <cmath>
#include <limits>

#include <doctest/doctest.h>

#include <preflearn/loss/tokens/parts.hpp>

using namespace preflearn;

static_assert(TokenPart<summed_tokens> && TokenPart<length_desensitised> && TokenPart<policy_length_desensitised> &&
              TokenPart<clamped_log_ratios> && TokenPart<sequential_divergence> &&
              TokenPart<stopped_sequential_divergence>);
static_assert(TokenWeight<no_token_weight> && TokenWeight<policy_likelihood> && TokenWeight<clamped_policy_likelihood>);

namespace {

token_point token_at(double policy, double reference, std::uint32_t number = 0) {
    return {policy, reference, 0.25, number, 6, 4, true};
}

} // namespace

TEST_CASE("length-desensitised parts weigh the tokens beyond the shorter response") {
    const length_desensitised both{.ld_alpha = 0.25};
    const policy_length_desensitised one{.ld_alpha = 0.25};
    CHECK(both(token_at(-2, -1, 3)).policy == -2);
    CHECK(both(token_at(-2, -1, 4)).policy == -0.5);
    CHECK(both(token_at(-2, -1, 4)).reference == -0.25);
    CHECK(both(token_at(-2, -1, 4)).d_policy == 0.25);
    CHECK(one(token_at(-2, -1, 4)).policy == -0.5);
    CHECK(one(token_at(-2, -1, 4)).reference == -1);
    CHECK_THROWS_AS(length_desensitised{.ld_alpha = 1.5}.check(), argument_error);
    CHECK_THROWS_AS(policy_length_desensitised{.ld_alpha = -0.1}.check(), argument_error);
}

TEST_CASE("a log-ratio is clamped with no slope outside, and an infinite one is not hidden") {
    const clamped_log_ratios part{.log_least = -1, .log_most = 0.5};
    CHECK(part(token_at(-2, -1.5)).policy == -0.5);
    CHECK(part(token_at(-2, -1.5)).d_policy == 1);
    CHECK(part(token_at(-9, -1)).policy == -1);
    CHECK(part(token_at(-9, -1)).d_policy == 0);
    CHECK(part(token_at(-1, -9)).policy == 0.5);
    CHECK(part(token_at(-2, -1)).d_policy == 1); // the bound itself
    CHECK(part(token_at(-1, -9)).reference == 0);
    CHECK_FALSE(std::isfinite(part(token_at(-std::numeric_limits<double>::infinity(), -1)).policy));
    CHECK_THROWS_AS((clamped_log_ratios{.log_least = 1, .log_most = 0}.check()), argument_error);
}

TEST_CASE("the divergence counts for both responses, and its slope stops where TDPO2 stops it") {
    token_point token = token_at(-2, -1);
    CHECK(sequential_divergence{}(token).policy == -1.75);
    CHECK(sequential_divergence{}(token).d_divergence == 1);
    const stopped_sequential_divergence part{.alpha = 0.5};
    CHECK(part(token).policy == -1.875);
    CHECK(part(token).d_divergence == 0);
    token.chosen = false;
    CHECK(part(token).policy == -1.875);
    CHECK(part(token).d_divergence == 0.5);
    CHECK_THROWS_AS(stopped_sequential_divergence{.alpha = NAN}.check(), argument_error);
}

TEST_CASE("likelihood weights multiply, and one convention keeps them at most 1") {
    CHECK(policy_likelihood{}(std::log(3.0), std::log(0.5)) == doctest::Approx(1.5));
    CHECK(clamped_policy_likelihood{}(std::log(3.0), std::log(0.5)) == 1);
    CHECK(clamped_policy_likelihood{}(std::log(3.0), std::log(0.25)) == doctest::Approx(0.75));
    CHECK(no_token_weight{}(5, 6) == 1);
}
