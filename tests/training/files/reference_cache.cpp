#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

#include <doctest/doctest.h>

#include <preflearn/training/files/reference_cache.hpp>
#include <preflearn/training/loop/loop.hpp>

#include "../../files.hpp"
#include "../toys.hpp"

using namespace preflearn;

TEST_CASE("a cache gives back the same bits without asking the policy again") {
    const test::folder here;
    const token_data data(20);
    token_model<float> policy(6, 3);
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
    token_model<float> policy(6, 3), changed(6, 4);
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
