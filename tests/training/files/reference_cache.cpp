#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

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

TEST_CASE("a cache in which a bit was turned is refused") {
    const test::folder here;
    const auto path = here / "reference.safetensors";
    const token_data data(20);
    token_model<float> policy(6, 3);
    cached_reference_log_probs(path, policy, data.comparisons, "model");
    std::string content = test::read(path);
    content[content.size() - 5] ^= 1;
    std::ofstream(path, std::ios::binary) << content;
    CHECK_THROWS_WITH_AS(cached_reference_log_probs(path, policy, data.comparisons, "model"),
                         doctest::Contains("was damaged"), input_error);
}

namespace {

/// A policy that says what it is, and counts how often it is asked.
struct counting_policy {
    token_model<float> model{6, 3};
    std::string kind = "counting";
    std::size_t* asked;

    [[nodiscard]] std::span<const float> parameters() const { return model.logits; }
    void describe(run_description& run) const { run.add("kind", kind); }
    [[nodiscard]] double log_prob(token_span prompt, token_span response) const {
        return model.log_prob(prompt, response);
    }
    [[nodiscard]] std::vector<double> log_probs(std::span<const token_completion> completions) const {
        ++*asked;
        std::vector<double> all;
        for (const token_completion& c : completions) all.push_back(log_prob(c.prompt, c.response));
        return all;
    }
};

} // namespace

TEST_CASE("a folder knows what was computed by the same policy of the same pairs, and nothing else") {
    const test::folder here;
    const token_data data(20), other(20, 6, 2);
    std::size_t asked = 0;
    counting_policy policy{.asked = &asked};
    reference_cache cache(here / "new" / "folder");
    const auto expected = reference_log_probs(policy, data.comparisons);
    asked = 0;
    CHECK(cache.log_probs(policy, data.comparisons) == expected);
    CHECK(cache.log_probs(policy, data.comparisons) == expected);
    CHECK(reference_cache(here / "new" / "folder").log_probs(policy, data.comparisons) == expected);
    CHECK(asked == 1);
    CHECK(cache.found() == 1);
    cache.log_probs(policy, other.comparisons);
    cache.log_probs(policy, std::span(data.comparisons).first(19));
    CHECK(asked == 3);
    policy.model.logits[2] += 1e-6F;
    cache.log_probs(policy, data.comparisons);
    policy.kind = "another";
    cache.log_probs(policy, data.comparisons);
    CHECK(asked == 5);
    CHECK(cache.notes().empty());
    reference_cache none; // keeps nothing
    none.log_probs(policy, data.comparisons);
    none.log_probs(policy, data.comparisons);
    CHECK(asked == 7);
    CHECK(identity_of_policy(token_model<float>(6, 3)).empty()); // cannot say what it is
}

TEST_CASE("long lists are kept in slices, so that who is stopped loses one, and whoever watches is told") {
    const test::folder here;
    const token_data data(300);
    std::size_t asked = 0;
    const counting_policy policy{.asked = &asked};
    const auto expected = reference_log_probs(policy, data.comparisons);
    struct stopped {};
    CHECK_THROWS_AS(reference_cache(here.path())
                        .log_probs(policy, data.comparisons,
                                   [](std::size_t scored) {
                                       if (scored > 256) throw stopped();
                                   }),
                    stopped);
    reference_cache cache(here.path());
    std::vector<std::size_t> told;
    CHECK(cache.log_probs(policy, data.comparisons, [&](std::size_t scored) { told.push_back(scored); }) == expected);
    CHECK(cache.found() == 1);
    CHECK(told == std::vector<std::size_t>{256, 256, 288, 300}); // 256 were known
    told.clear();
    CHECK(reference_cache().log_probs(policy, data.comparisons, [&](std::size_t n) { told.push_back(n); }) == expected);
    CHECK(std::ranges::is_sorted(told));
    CHECK(told.size() > 8);
    CHECK(told.back() == 300);
}

TEST_CASE("a broken file of the folder is noted and written anew") {
    const test::folder here;
    const token_data data(20);
    std::size_t asked = 0;
    const counting_policy policy{.asked = &asked};
    const auto expected = reference_cache(here.path()).log_probs(policy, data.comparisons);
    const std::filesystem::path file = std::filesystem::directory_iterator(here.path())->path();
    const std::string good = test::read(file);
    std::string turned = good;
    turned[good.size() - 9] ^= 4;
    for (const std::string& bad : {std::string(), good.substr(0, good.size() / 2), turned}) {
        std::ofstream(file, std::ios::binary) << bad;
        reference_cache cache(here.path());
        asked = 0;
        CHECK(cache.log_probs(policy, data.comparisons) == expected);
        CHECK(asked == 1);
        REQUIRE(cache.notes().size() == 1);
        CHECK(test::contains(cache.notes()[0], file.filename().string()));
        CHECK(test::read(file) == good);
    }
    std::filesystem::remove(file);
    std::filesystem::create_directory(file); // nothing can be written here
    reference_cache cache(here.path());
    CHECK(cache.log_probs(policy, data.comparisons) == expected);
    CHECK_FALSE(cache.notes().empty());
}
