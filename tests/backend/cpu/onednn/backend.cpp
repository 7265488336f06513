// A language model by oneDNN's products: the numbers of cpu_backend within rounding, the law of equal bits, and
// learning.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

#include <preflearn/backend/cpu/onednn/backend.hpp>
#include <preflearn/core/system/parallel.hpp>
#include <preflearn/policy/decoder/merged_tensor.hpp>
#include <preflearn/policy/transformer.hpp>

#include "../../../policy/models.hpp"
#include "../../../threads.hpp"
#include "small_model.hpp"

using namespace preflearn;

namespace {

template <class Factor> using onednn_model = transformer<float, onednn_backend<Factor>>;

transformer_config small_model() {
    transformer_config config = test::small_model(523, 300);
    config.rope_theta = 50;
    return config;
}

test::completions responses() {
    test::completions c;
    const auto p = [](std::size_t count, std::uint64_t stream) { return test::random_tokens(count, 523, stream); };
    c.add(p(5, 1), p(3, 2));
    c.add(p(5, 1), p(17, 3));
    c.add(p(1, 4), p(1, 5));
    c.add(p(40, 7), p(75, 8));
    c.add(p(40, 7), p(9, 9));
    return c;
}

template <class Factor> constexpr double tolerance = std::same_as<Factor, float> ? 1e-5 : 0.05;

double distance(std::span<const float> a, std::span<const float> b) {
    double squares = 0, size = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        squares += std::pow(double(a[i]) - double(b[i]), 2);
        size += std::pow(double(b[i]), 2);
    }
    return std::sqrt(squares / size);
}

} // namespace

static_assert(onednn_backend<>::name == std::string_view("onednn"));

TEST_CASE_TEMPLATE("a model scores and learns as on cpu_backend, within rounding", Factor, float, bfloat16) {
    const test::completions texts = responses();
    const std::vector<token_completion> all = texts.views();
    onednn_model<Factor> model(small_model(), generator(3, "weights"));
    transformer<float> expected(small_model(), generator(3, "weights"));
    auto pass = model.forward(all);
    auto expected_pass = expected.forward(all);
    for (std::size_t c = 0; c < all.size(); ++c)
        CHECK(pass.scores()[c] == doctest::Approx(expected_pass.scores()[c]).epsilon(tolerance<Factor>));
    const std::vector<double> derivatives{1, -2, 0.5, 1, 3};
    model.backward(std::move(pass), derivatives);
    expected.backward(std::move(expected_pass), derivatives);
    CHECK(distance(model.gradients(), expected.gradients()) < tolerance<Factor>);
}

TEST_CASE_TEMPLATE("a response has the same bits alone, in a batch, and for any number of threads", Factor, float,
                   bfloat16) {
    const test::completions texts = responses();
    const std::vector<token_completion> all = texts.views();
    const onednn_model<Factor> model(small_model(), generator(3, "weights"));
    const std::vector<double> together = model.log_probs(all);
    for (std::size_t c = 0; c < all.size(); ++c) CHECK(model.log_prob(all[c].prompt, all[c].response) == together[c]);
    test::use_threads(1);
    CHECK(model.log_probs(all) == together);
    test::use_threads();
}

TEST_CASE_TEMPLATE("a frozen model scores and samples as a trained one of the same numbers", Factor, float, bfloat16) {
    const test::completions texts = responses();
    const std::vector<token_completion> all = texts.views();
    onednn_model<Factor> model(small_model(), generator(3, "weights"));
    for (float& value : model.parameters()) value = float(Factor(value));
    frozen_tensors frozen;
    for (std::size_t t = 0; t < model.layout().tensors().size(); ++t) {
        const tensor_place& place = model.layout().tensors()[t];
        frozen.emplace(t, stored_numbers(merged_tensor(model, t), place.rows, place.columns));
    }
    const onednn_model<Factor> held(small_model(), frozen);
    CHECK(held.parameters().empty());
    CHECK(held.log_probs(all) == model.log_probs(all));
    generator random(7, "sample"), same(7, "sample");
    CHECK(held.sample(all[0].prompt, {.max_tokens = 20}, random) ==
          model.sample(all[0].prompt, {.max_tokens = 20}, same));
}
