#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include <preflearn/backend/cpu/eight_bit.hpp>
#include <preflearn/policy/transformer.hpp>

#include "../models.hpp"

using namespace preflearn;
using decoder_model = transformer<double>;

namespace {

const decoder_model& lively() {
    static const decoder_model m = [] {
        decoder_model made(test::multi_query(), generator(8, "weights"));
        for (double& p : made.parameters()) p *= 2; // sharper than a fresh model
        return made;
    }();
    return m;
}

token_id argmax_after(const decoder_model& m, std::vector<token_id> tokens) {
    token_id best = 0;
    double most = -INFINITY;
    for (token_id t = 0; t < 13; ++t) {
        const double p = m.log_prob(tokens, std::vector<token_id>{t});
        if (p > most) best = t, most = p;
    }
    return best;
}

} // namespace

TEST_CASE("greedy responses follow the likeliest token of the full forward, and end with the end token") {
    const std::vector<token_id> prompt = {3, 1, 4};
    generator random(1, "sample");
    const auto response = lively().sample(prompt, {.temperature = 0, .max_tokens = 20}, random);
    std::vector<token_id> so_far = prompt;
    for (const token_id token : response) {
        CHECK(token == argmax_after(lively(), so_far));
        so_far.push_back(token);
    }
    CHECK((response.size() == 20 || response.back() == 12));
    CHECK(std::count(response.begin(), response.end(), 12) == (response.back() == 12 ? 1 : 0));
    CHECK(lively().sample(prompt, {.top_k = 1, .max_tokens = 20}, random) == response);
}

TEST_CASE("a response has at most max_tokens and stays within the model's maximum length") {
    transformer_config config = test::grouped();
    config.maximum_length = 9;
    const decoder_model m(config, generator(1, "weights"));
    const std::vector<token_id> prompt = {3, 1, 4, 1, 5};
    generator random(2, "sample");
    CHECK(m.sample(prompt, {.max_tokens = 3}, random).size() == 3);
    CHECK(m.sample(prompt, {.max_tokens = 100}, random).size() == 4);
    CHECK(m.sample(prompt, {.max_tokens = 0}, random).empty());
    const auto full = test::random_tokens(9, 19, 1);
    CHECK(m.sample(full, {}, random).empty());
    CHECK_THROWS_AS((void)m.sample({}, {}, random), argument_error);
    CHECK_THROWS_AS((void)m.sample(prompt, {.top_p = 2}, random), argument_error);
}

TEST_CASE("many prompts at once give what each gives alone, whatever their company") {
    std::vector<std::vector<token_id>> prompts;
    for (std::uint64_t i = 0; i < 70; ++i)
        prompts.push_back(test::random_tokens(1 + i % 5, 13, i / 2)); // some repeated
    const std::vector<token_span> views(prompts.begin(), prompts.end());
    const sampling_options options{.temperature = 1.2, .top_k = 8, .top_p = 0.95, .max_tokens = 12};
    const auto together = lively().sample_many(views, options, 99, "responses");
    REQUIRE(together.size() == prompts.size());
    bool some_ended = false;
    for (std::size_t i = 0; i < prompts.size(); ++i) {
        generator random(99, "responses", i);
        const auto alone = lively().sample(prompts[i], options, random);
        CHECK(std::equal(alone.begin(), alone.end(), together[i].begin(), together[i].end()));
        some_ended |= alone.size() < 12;
    }
    CHECK(some_ended);
    CHECK(lively().sample_many({}, options, 1).empty());
}

TEST_CASE("responses are as frequent as their log-probabilities say") {
    const std::vector<token_id> prompt = {2, 7};
    const std::size_t draws = 4000;
    const std::vector<token_span> views(draws, token_span(prompt));
    const auto drawn = lively().sample_many(views, {.max_tokens = 2}, 5);
    for (token_id first = 0; first < 12; ++first) {
        for (token_id second = 0; second < 13; ++second) {
            const std::vector<token_id> response = {first, second};
            const double p = std::exp(lively().log_prob(prompt, response));
            if (p < 0.02) continue;
            double count = 0;
            for (std::size_t i = 0; i < draws; ++i)
                count += std::equal(response.begin(), response.end(), drawn[i].begin(), drawn[i].end());
            const double n = static_cast<double>(draws);
            CHECK(std::abs(count - n * p) < 5 * std::sqrt(n * p * (1 - p)));
        }
    }
}

TEST_CASE(
    "a model on the backend that decodes with activations of 8 bits draws, by plain weights what any other draws") {
    const transformer<float> whole(test::grouped(), generator(8, "weights"));
    frozen_tensors plain;
    for (std::size_t t = 0; t < whole.layout().tensors().size(); ++t) {
        const tensor_place& place = whole.layout().tensors()[t];
        const std::span<const float> values = whole.parameters().subspan(place.offset, place.size());
        plain[t] = stored_numbers(std::vector<float>(values.begin(), values.end()), place.rows, place.columns);
    }
    // plain numbers are multiplied as they are, so that the two agree exactly
    const transformer<float, eight_bit_backend> rounded(whole.config(), plain);
    const std::vector<token_id> prompt = {3, 1, 4};
    generator first(1, "sample"), second(1, "sample");
    const sampling_options options{.max_tokens = 10};
    CHECK(rounded.sample(prompt, options, first) == whole.sample(prompt, options, second));
}
