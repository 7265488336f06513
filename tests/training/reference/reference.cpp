#include <limits>
#include <span>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/training/reference/reference.hpp>

#include "../toys.hpp"

using namespace preflearn;

TEST_CASE("reference log-probs are two per pair, first and second response in turn") {
    const token_data data(7);
    const token_model<double> policy(6, 3);
    const auto all = reference_log_probs(policy, data.comparisons);
    REQUIRE(all.size() == 14);
    for (std::size_t i = 0; i < 7; ++i) {
        CHECK(all[2 * i] == policy.log_prob({}, data.comparisons[i].first));
        CHECK(all[2 * i + 1] == policy.log_prob({}, data.comparisons[i].second));
    }
}

TEST_CASE("a log-prob that is not finite is reported by pair and response") {
    const token_data data(7);
    struct impossible {
        double log_prob(token_span, token_span) const { return -std::numeric_limits<double>::infinity(); }
    };
    CHECK_THROWS_WITH_AS(reference_log_probs(impossible{}, data.comparisons),
                         doctest::Contains("pair 100: the reference's log-prob of its first response is -inf"),
                         numeric_error);
}
