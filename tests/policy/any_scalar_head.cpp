#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <vector>

#include <preflearn/backend/cpu.hpp>
#include <preflearn/core/concepts.hpp>
#include <preflearn/policy/adapters/with_adapter.hpp>
#include <preflearn/policy/any_backend.hpp>
#include <preflearn/policy/any_scalar_head.hpp>
#include <preflearn/policy/reward_head.hpp>

#include "../parts.hpp"
#include "../reward/differences.hpp"
#include "models.hpp"
#include "opaque_backend.hpp"

using namespace preflearn;

static_assert(Trainable<any_scalar_head<float>, std::span<const token_completion>>);
static_assert(RewardModel<any_scalar_head<float>, token_comparison>);

namespace {

template <class Scalar, class Backend = cpu_backend> any_transformer<Scalar> model_under_head(std::uint64_t seed) {
    any_transformer<Scalar> model = any_backend_of<Scalar, Backend>().make(test::grouped(), {});
    const transformer<Scalar> random(test::grouped(), generator(seed, "weights"));
    model.write_parameters([&](std::span<Scalar> all) { std::ranges::copy(random.parameters(), all.begin()); });
    return model;
}

template <class Head> void give_numbers(Head& head) {
    head.write_head([](auto v) {
        const auto numbers = test::normals(v.size(), 6);
        for (std::size_t j = 0; j < v.size(); ++j) v[j] = static_cast<std::remove_cvref_t<decltype(v[j])>>(numbers[j]);
    });
}

} // namespace

TEST_CASE("a head behind one type scores and learns with the bits of its own") {
    any_scalar_head<float> any(model_under_head<float>(3));
    scalar_head<transformer<float>> own(transformer<float>(test::grouped(), generator(3, "weights")));
    give_numbers(any);
    give_numbers(own);
    const auto c = test::mixed();
    const std::vector<token_completion> all = c.views();
    CHECK(any.rewards(all) == own.rewards(all));
    CHECK(any(all[1].prompt, all[1].response) == own.rewards(all)[1]);
    CHECK(any.read_head() == own.read_head());
    const std::vector<double> derivatives = test::normals(all.size(), 4);
    any.backward(any.forward(all), derivatives);
    own.backward(own.forward(all), derivatives);
    CHECK(std::ranges::equal(any.gradients(), own.gradients()));
    const any_scalar_head<float> copy = any;
    for (float& number : any.parameters()) number *= 1.5f;
    CHECK(copy.rewards(all) == own.rewards(all));
    CHECK(any.model().log_probs(all) != copy.model().log_probs(all));
}

TEST_CASE("of an adapter and the head alone the gradient is the finite difference") {
    const auto c = test::mixed();
    const std::vector<token_completion> all = c.views();
    any_transformer<double> model =
        with_adapter(model_under_head<double>(3), {.rank = 2, .targets = {"q_proj", "down_proj"}});
    model.write_parameters([](std::span<double> numbers) {
        const auto random = test::normals(numbers.size(), 9);
        for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] += 0.1 * random[i];
    });
    any_scalar_head<double> head(model);
    give_numbers(head);
    CHECK(head.parameters().size() == model.parameters().size() + model.config().hidden_size);
    CHECK(test::gradient_error(head, std::span<const token_completion>(all)) < 1e-6);
}

TEST_CASE("the mean of a response's hidden states is that of what longer and longer responses end in") {
    const any_transformer<double> model = model_under_head<double>(5);
    const auto c = test::mixed();
    const std::vector<token_completion> all = c.views();
    const std::size_t size = model.config().hidden_size;
    const std::vector<double> means = model.mean_hidden(all), lasts = model.last_hidden(all);
    REQUIRE(means.size() == all.size() * size);
    for (std::size_t i = 0; i < all.size(); ++i) {
        std::vector<token_completion> parts;
        for (std::size_t n = 1; n <= all[i].response.size(); ++n)
            parts.push_back({all[i].prompt, all[i].response.first(n)});
        if (parts.empty()) parts.push_back(all[i]);
        const std::vector<double> states = model.last_hidden(parts);
        for (std::size_t j = 0; j < size; ++j) {
            double mean = 0;
            for (std::size_t p = 0; p < parts.size(); ++p)
                mean += states[p * size + j] / static_cast<double>(parts.size());
            CHECK(means[i * size + j] == doctest::Approx(mean).epsilon(1e-12));
            CHECK(states[(parts.size() - 1) * size + j] == lasts[i * size + j]);
        }
    }
    CHECK(model.mean_hidden(std::span(all).first(1)) ==
          std::vector<double>(means.begin(), means.begin() + static_cast<std::ptrdiff_t>(size)));
    const token_span prompt = all[0].prompt; // more empty responses than the prompt has tokens
    std::vector<token_completion> silent(prompt.size() + 3, {prompt, {}});
    silent.push_back(all[0]);
    CHECK(model.mean_hidden(silent).size() == silent.size() * size);
}

TEST_CASE("on a device that only scores a head scores, and says that it does not learn") {
    any_scalar_head<float> device(model_under_head<float, test::opaque_backend>(3)), host(model_under_head<float>(3));
    give_numbers(device);
    give_numbers(host);
    const auto c = test::mixed();
    CHECK(device.read_head() == host.read_head());
    const auto expected = host.rewards(c.views()), found = device.rewards(c.views());
    for (std::size_t i = 0; i < expected.size(); ++i) CHECK(found[i] == doctest::Approx(expected[i]).epsilon(1e-5));
    CHECK_THROWS_WITH_AS((void)device.forward(c.views()), doctest::Contains("does not learn"), argument_error);
    CHECK_THROWS_WITH_AS((void)device.parameters(), doctest::Contains("does not learn"), argument_error);
}
