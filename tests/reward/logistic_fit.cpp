#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include <preflearn/core/numbers/log_space.hpp>
#include <preflearn/core/numbers/random.hpp>
#include <preflearn/reward/logistic_fit.hpp>

#include "../files.hpp"

using namespace preflearn;

namespace {

struct logistic_pairs {
    std::size_t count, size;
    std::vector<double> x, targets;

    logistic_pairs(std::size_t pairs, std::size_t features) : count(pairs), size(features), x(pairs * features) {
        generator random(3, "logistic");
        for (double& value : x) value = random.normal();
        for (std::size_t i = 0; i < pairs; ++i) targets.push_back(random.uniform() < sigmoid(x[i * size]) ? 1 : 0.25);
    }
    [[nodiscard]] matrix_view<const double> differences() const { return {x.data(), count, size}; }
};

} // namespace

TEST_CASE("at the fit the gradient of loss and penalty is zero, with more features than pairs, too") {
    for (const std::size_t features : {1U, 7U, 60U}) {
        const logistic_pairs data(40, features);
        for (const double l2 : {1e-4, 0.1, 10.0}) {
            const logistic_fit fit = fit_logistic(data.differences(), data.targets, l2);
            CHECK(fit.converged);
            double loss = 0;
            std::vector<double> gradient(features);
            for (std::size_t i = 0; i < data.count; ++i) {
                double z = 0;
                for (std::size_t j = 0; j < features; ++j) z += fit.weights[j] * data.x[i * features + j];
                loss -= (data.targets[i] * log_sigmoid(z) + (1 - data.targets[i]) * log_sigmoid(-z)) / 40;
                for (std::size_t j = 0; j < features; ++j)
                    gradient[j] += (sigmoid(z) - data.targets[i]) * data.x[i * features + j] / 40;
            }
            for (std::size_t j = 0; j < features; ++j) CHECK(std::abs(gradient[j] + l2 * fit.weights[j]) < 1e-8);
            CHECK(fit.loss == doctest::Approx(loss));
            const logistic_fit again = fit_logistic(data.differences(), data.targets, l2, fit.weights);
            CHECK(again.steps == 0);
        }
    }
}

TEST_CASE("one feature that always decides has a finite weight, as in the equation of one unknown") {
    const std::vector<double> x{1, 1, 1, 1}, targets{1, 1, 1, 1};
    const double w = fit_logistic({x.data(), 4, 1}, targets, 0.5).weights[0];
    CHECK(sigmoid(-w) == doctest::Approx(0.5 * w));
}

TEST_CASE("what cannot be fitted is refused") {
    const std::vector<double> x{1, 2}, targets{1, 0};
    const auto fault = [&](std::size_t rows, double l2, std::vector<double> start) {
        return test::error_of([&] { (void)fit_logistic({x.data(), rows, 1}, targets, l2, start); });
    };
    CHECK(fault(2, 1, {}).empty());
    CHECK(test::contains(fault(1, 1, {}), "found 2 for 1"));
    CHECK(test::contains(fault(2, 0, {}), "the L2 penalty is 0"));
    CHECK(test::contains(fault(2, 1, {1, 2}), "starts with 2"));
}
