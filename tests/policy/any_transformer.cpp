#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include <preflearn/backend/cpu.hpp>
#include <preflearn/core/concepts.hpp>
#include <preflearn/policy/any_backend.hpp>
#include <preflearn/policy/any_transformer.hpp>
#include <preflearn/policy/transformer.hpp>

#include "../parts.hpp"
#include "models.hpp"

using namespace preflearn;

static_assert(Trainable<any_transformer<float>, std::span<const token_completion>>);
static_assert(KnowsDivergence<any_transformer<float>, std::span<const token_completion>>);
static_assert(KnowsSumSquares<any_transformer<float>, std::span<const token_completion>>);
static_assert(GenerativePolicy<any_transformer<float>, comparison<token_span, std::vector<token_id>>>);

namespace {

any_transformer<float> any_model(std::uint64_t seed) {
    any_transformer<float> model = any_backend_of<float, cpu_backend>().make(test::grouped(), {});
    initialise(model, generator(seed, "weights"));
    return model;
}

template <class Numbers> std::vector<float> copied(const Numbers& numbers) { return {numbers.begin(), numbers.end()}; }

} // namespace

TEST_CASE("a transformer behind one type scores, learns and draws with the bits of its own") {
    any_transformer<float> any = any_model(3);
    transformer<float> own(test::grouped(), generator(3, "weights"));
    const auto c = test::mixed();
    CHECK(any.log_probs(c.views()) == own.log_probs(c.views()));
    CHECK(any.log_prob(c.views()[0].prompt, c.views()[0].response) == own.log_probs(c.views())[0]);

    auto pass = any.forward_with_sum_squares(c.views());
    auto expected = own.forward_with_sum_squares(c.views());
    CHECK(pass.tokens() == expected.tokens());
    CHECK(std::ranges::equal(pass.token_scores(0), expected.token_scores(0)));
    CHECK(std::ranges::equal(pass.token_log_sum_squares(1), expected.token_log_sum_squares(1)));
    const std::vector<double> derivatives = test::normals(c.prompts.size(), 4);
    any.backward(std::move(pass), derivatives);
    own.backward(std::move(expected), derivatives);
    CHECK(copied(any.gradients()) == copied(own.gradients()));

    const sampling_options options{.max_tokens = 5};
    generator first(7, "draw"), second(7, "draw");
    CHECK(any.sample(c.views()[0].prompt, options, first) == own.sample(c.views()[0].prompt, options, second));
}

TEST_CASE("copies learn apart, and a reference is another of them") {
    any_transformer<float> policy = any_model(3);
    const any_transformer<float> reference = policy;
    for (float& number : policy.parameters()) number *= 1.5f;
    CHECK(reference.parameters()[0] != policy.parameters()[0]);
    const auto c = test::mixed();
    auto pass = policy.forward_with_divergence(c.views(), reference);
    double total = 0;
    for (const double divergence : pass.token_divergences(0)) total += divergence;
    CHECK(total > 0);
    const std::vector<double> tokens(pass.token_scores(0).size());
    for (const double lambda : {0.0, 0.5}) { // the normaliser of extrapolated logits instead
        double extrapolated = 0;
        const auto other = policy.forward_with_divergence(c.views(), reference, lambda);
        for (const double normaliser : other.token_divergences(0)) extrapolated += normaliser;
        CHECK((extrapolated > 1e-6) == (lambda > 0));
    }
    CHECK_THROWS_AS(policy.backward(std::move(pass), tokens), argument_error); // as many as completions are needed
}
