#include <cmath>
#include <span>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/core/many.hpp>
#include <preflearn/core/numbers/random.hpp>
#include <preflearn/core/system/parallel.hpp>
#include <preflearn/loss/named.hpp>
#include <preflearn/reward/linear.hpp>
#include <preflearn/reward/mlp.hpp>
#include <preflearn/training/kinds/pairs.hpp>

#include "differences.hpp"

using namespace preflearn;
using test::feature_comparison;
using test::feature_completion;

static_assert(RewardModel<mlp_reward<float>, feature_comparison>);
static_assert(Trainable<mlp_reward<float>, batch_of<feature_comparison>>);
static_assert(Trainable<mlp_reward<double, response_features, rectifier>, batch_of<feature_comparison>>);

TEST_CASE("the gradient is the finite difference, for one to three layers and both activations") {
    const test::feature_pairs data(6, 3);
    const auto completions = data.completions();
    const std::span<const feature_completion> batch(completions);
    for (const auto& hidden : {std::vector<std::size_t>{5}, {4, 6}, {3, 1, 4}}) {
        mlp_reward<> smooth({.features = 3, .hidden = hidden}, 1);
        CHECK(test::gradient_error(smooth, batch) < 1e-7);
        mlp_reward<double, response_features, rectifier> cornered({.features = 3, .hidden = hidden}, 2);
        // Biases of zero would put units behind a silent layer onto the corner itself.
        const auto off_the_corner = test::normal_numbers(cornered.parameters().size(), 5);
        std::ranges::copy(off_the_corner, cornered.parameters().begin());
        CHECK(test::gradient_error(cornered, batch, 1e-7) < 1e-5);
    }
}

TEST_CASE("one unit computes what the formula says, in the documented order of parameters") {
    mlp_reward<> model({.features = 2, .hidden = {1}}, 0);
    REQUIRE(model.parameters().size() == 4); // W_1, b_1, v
    const std::vector<double> values{0.5, -1, 0.25, 3}, y{2, 0.5};
    std::ranges::copy(values, model.parameters().begin());
    CHECK(model(no_prompt{}, y) == doctest::Approx(3 * std::tanh(0.5 * 2 - 0.5 + 0.25)));
}

TEST_CASE("the start depends on the seed alone: random weights of the right size, biases zero") {
    const mlp_shape shape{.features = 50, .hidden = {40, 30}};
    mlp_reward<> a(shape, 7), b(shape, 7), other(shape, 8);
    CHECK(std::ranges::equal(a.parameters(), b.parameters()));
    CHECK(!std::ranges::equal(a.parameters(), other.parameters()));
    double squares = 0;
    for (std::size_t i = 0; i < 2000; ++i) squares += a.parameters()[i] * a.parameters()[i];
    CHECK(squares / 40 == doctest::Approx(1).epsilon(0.15)); // 2000 draws of variance 1/50
    for (std::size_t i = 2000; i < 2040; ++i) CHECK(a.parameters()[i] == 0);
}

TEST_CASE("it learns what no linear reward can: the response closer to the origin") {
    const test::feature_pairs data(300, 2);
    label_set labels;
    const auto norm = [](const std::vector<double>& v) { return v[0] * v[0] + v[1] * v[1]; };
    for (std::size_t i = 0; i < 300; ++i)
        labels.add(
            {i, norm(data.first[i]) < norm(data.second[i]) ? preference::for_first() : preference::for_second()});
    mlp_reward<float> model({.features = 2, .hidden = {32}}, 3);
    const auto history =
        train_preferences(model, data.comparisons, labels, {}, bradley_terry{}, adamw{.rate = 0.02, .weight_decay = 0},
                          {.epochs = 60, .batch_size = 50, .schedule = schedule::cosine});
    CHECK(history.steps.back().rewards_accuracies > 0.95);
    CHECK(history.steps.back().loss < 0.3 * history.steps.front().loss);
    const std::vector<double> near{0.1, 0.1}, far{-2, 1};
    CHECK(model(no_prompt{}, near) > model(no_prompt{}, far));
}

TEST_CASE("bad shapes and completions are refused") {
    CHECK_THROWS_AS(mlp_reward<>({.features = 0}, 1), argument_error);
    CHECK_THROWS_AS(mlp_reward<>({.features = 2, .hidden = {}}, 1), argument_error);
    CHECK_THROWS_AS(mlp_reward<>({.features = 2, .hidden = {3, 0}}, 1), argument_error);
    mlp_reward<> model({.features = 2}, 1);
    CHECK_THROWS_AS(model(no_prompt{}, std::vector<double>{1}), argument_error);
    const std::span<const feature_completion> none;
    CHECK(rewards(model, none).empty());
    CHECK_NOTHROW(model.backward(model.forward(none), {}));
}

TEST_CASE_TEMPLATE("a reward has the same bits in every batch, a step's gradient for any number of threads", Real,
                   float, double) {
    const std::size_t features = 37, count = 61;
    std::vector<std::vector<double>> values(count, std::vector<double>(features));
    generator random(1, "features");
    for (auto& row : values)
        for (double& x : row) x = random.normal();
    std::vector<feature_completion> all;
    for (const auto& row : values) all.push_back({{}, row});
    std::vector<std::vector<Real>> gradients;
    for (const int threads : {1, 2}) {
#if defined(_OPENMP)
        omp_set_num_threads(threads);
#else
        static_cast<void>(threads);
#endif
        mlp_reward<Real> model({.features = features, .hidden = {100, 70}}, 1);
        linear_reward<Real> line(features);
        for (std::size_t i = 0; i < features; ++i) line.parameters()[i] = model.parameters()[i];
        const std::vector<double> together = rewards(model, std::span<const feature_completion>(all)),
                                  on_line = rewards(line, std::span<const feature_completion>(all));
        for (std::size_t i = 0; i < count; ++i) {
            CHECK(model(no_prompt{}, values[i]) == together[i]);
            CHECK(line(no_prompt{}, values[i]) == on_line[i]);
        }
        const auto few = rewards(model, std::span<const feature_completion>(all).subspan(20, 17));
        for (std::size_t i = 0; i < few.size(); ++i) CHECK(few[i] == together[20 + i]);
        model.backward(model.forward(std::span<const feature_completion>(all)), together);
        gradients.emplace_back(model.gradients().begin(), model.gradients().end());
    }
#if defined(_OPENMP)
    omp_set_num_threads(omp_get_num_procs());
#endif
    CHECK(gradients[0] == gradients[1]);
}
