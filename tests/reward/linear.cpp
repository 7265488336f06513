#include <cmath>
#include <span>
#include <vector>

#include <doctest/doctest.h>

#include <Eigen/Dense>

#include <preflearn/core/many.hpp>
#include <preflearn/core/numbers/log_space.hpp>
#include <preflearn/loss/named.hpp>
#include <preflearn/reward/linear.hpp>
#include <preflearn/training/kinds/pairs.hpp>

#include "differences.hpp"

using namespace preflearn;
using test::feature_comparison;
using test::feature_completion;

static_assert(RewardModel<linear_reward<float>, feature_comparison>);
static_assert(Trainable<linear_reward<float>, batch_of<feature_comparison>>);
static_assert(Trainable<linear_reward<>, batch_of<comparison<std::vector<float>>>>);
static_assert(!RewardModel<linear_reward<>, comparison<no_prompt, int>>);

TEST_CASE("the gradient is the finite difference") {
    linear_reward<> model(4);
    const auto start = test::normal_numbers(4, 9);
    std::ranges::copy(start, model.parameters().begin());
    const test::feature_pairs data(5, 4);
    const auto batch = data.completions();
    CHECK(test::gradient_error(model, std::span<const feature_completion>(batch)) < 1e-8);
}

TEST_CASE("trained by the library's loop it is the maximum-likelihood logistic regression on differences") {
    constexpr std::size_t pairs = 60, features = 3;
    const test::feature_pairs data(pairs, features);
    const Eigen::Vector3d truth(1, -0.5, 2);
    label_set labels;
    std::vector<Eigen::Vector3d> differences; // chosen minus rejected
    for (std::size_t i = 0; i < pairs; ++i) {
        const Eigen::Vector3d d = Eigen::Map<const Eigen::Vector3d>(data.first[i].data()) -
                                  Eigen::Map<const Eigen::Vector3d>(data.second[i].data());
        const bool first = generator(3, "label", i).bernoulli(sigmoid(truth.dot(d)));
        labels.add({i, first ? preference::for_first() : preference::for_second()});
        differences.push_back(first ? d : Eigen::Vector3d(-d));
    }
    Eigen::Vector3d best = Eigen::Vector3d::Zero(); // Newton
    for (int step = 0; step < 20; ++step) {
        Eigen::Vector3d slope = Eigen::Vector3d::Zero();
        Eigen::Matrix3d curvature = Eigen::Matrix3d::Zero();
        for (const auto& d : differences) {
            const double q = sigmoid(-best.dot(d));
            slope += q * d;
            curvature += q * (1 - q) * d * d.transpose();
        }
        best += curvature.ldlt().solve(slope);
    }
    linear_reward<> model(features);
    train_preferences(model, data.comparisons, labels, {}, bradley_terry{}, adamw{.rate = 0.1, .weight_decay = 0},
                      {.epochs = 600, .batch_size = pairs, .schedule = schedule::cosine});
    for (std::size_t j = 0; j < features; ++j)
        CHECK(model.parameters()[j] == doctest::Approx(best[static_cast<Eigen::Index>(j)]).epsilon(1e-5));
}

TEST_CASE("a map of the user's own brings the prompt in") {
    struct product {
        std::vector<double> operator()(double x, double y) const { return {x * y, y}; }
    };
    linear_reward<double, product> model(2);
    model.parameters()[0] = 3;
    model.parameters()[1] = -1;
    static_assert(RewardModel<linear_reward<double, product>, comparison<double>>);
    CHECK(model(2.0, 5.0) == 25);
    const auto lambda = [](double x, double y) { return std::vector<double>{x + y}; };
    const linear_reward<double, decltype(lambda)> by_lambda(1, lambda);
    CHECK(by_lambda(1.0, 2.0) == 0);
}

TEST_CASE("single precision, wrong shapes and parameters that are not finite") {
    linear_reward<float> model(2);
    model.parameters()[0] = 0.5F;
    const std::vector<float> y{3, 1}, wrong{1, 2, 3};
    CHECK(model(no_prompt{}, y) == 1.5);
    CHECK_THROWS_AS(model(no_prompt{}, wrong), argument_error);
    const std::vector<completion<no_prompt, std::vector<float>>> batch{{{}, y}};
    auto pass = model.forward(std::span<const completion<no_prompt, std::vector<float>>>(batch));
    CHECK_THROWS_WITH_AS(model.backward(std::move(pass), std::vector<double>{1, 2}),
                         doctest::Contains("1 completions were scored, found 2 derivatives"), argument_error);
    model.parameters()[1] = std::nanf("");
    CHECK_THROWS_AS(model(no_prompt{}, y), numeric_error);
    CHECK_THROWS_AS(linear_reward<>(0), argument_error);
    CHECK(model.forward(std::span<const completion<no_prompt, std::vector<float>>>()).scores().empty());
}
