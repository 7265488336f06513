#include <filesystem>
#include <fstream>
#include <limits>
#include <span>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/training/loop/loop.hpp>
#include <preflearn/training/reference/reference.hpp>

#include "../../files.hpp"
#include "../toys.hpp"

using namespace preflearn;

TEST_CASE("reference log-probs are two per pair, first and second response in turn") {
    const token_data data(7);
    const unigram<double> policy(6, 3);
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

TEST_CASE("a cache gives back the same bits without asking the policy again") {
    const test::folder here;
    const token_data data(20);
    unigram<float> policy(6, 3);
    const std::string model = fingerprint_of_parameters(policy);
    const auto computed = cached_reference_log_probs(here / "reference.safetensors", policy, data.comparisons, model);
    struct never_asked {
        double log_prob(token_span, token_span) const { throw std::logic_error("the cache was not used"); }
    };
    CHECK(cached_reference_log_probs(here / "reference.safetensors", never_asked{}, data.comparisons, model) ==
          computed);
    CHECK(computed == reference_log_probs(policy, data.comparisons));
}

TEST_CASE("a cache of another model, of other pairs or of another kind is refused, saying which") {
    const test::folder here;
    const auto path = here / "reference.safetensors";
    const token_data data(20), other(20, 6, 2), fewer(19);
    unigram<float> policy(6, 3), changed(6, 4);
    const std::string model = fingerprint_of_parameters(policy);
    cached_reference_log_probs(path, policy, data.comparisons, model);
    CHECK_THROWS_WITH_AS(cached_reference_log_probs(path, policy, data.comparisons, fingerprint_of_parameters(changed)),
                         doctest::Contains("belongs to another reference model"), input_error);
    CHECK_THROWS_WITH_AS(cached_reference_log_probs(path, policy, other.comparisons, model),
                         doctest::Contains("belongs to other pairs"), input_error);
    CHECK_THROWS_AS(cached_reference_log_probs(path, policy, fewer.comparisons, model), input_error);
    write_safetensors(path, {});
    CHECK_THROWS_WITH_AS(cached_reference_log_probs(path, policy, data.comparisons, model),
                         doctest::Contains("is not a file of reference log-probs"), input_error);
    std::ofstream(path) << "short";
    CHECK_THROWS_AS(cached_reference_log_probs(path, policy, data.comparisons, model), input_error);
}
