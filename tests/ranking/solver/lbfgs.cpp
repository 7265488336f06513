#include <cmath>
#include <limits>

#include <doctest/doctest.h>

#include <preflearn/ranking/fit/fit_board.hpp>
#include <preflearn/ranking/solver/lbfgs.hpp>

#include "../boards.hpp"

using namespace test;

TEST_CASE("Rosenbrock's valley in ten dimensions") {
    const auto valley = [](const Eigen::VectorXd& x, Eigen::VectorXd& gradient) {
        double value = 0;
        gradient.setZero();
        for (Eigen::Index i = 0; i + 1 < x.size(); ++i) {
            const double a = x[i + 1] - x[i] * x[i], b = 1 - x[i];
            value += 100 * a * a + b * b;
            gradient[i] += -400 * a * x[i] - 2 * b;
            gradient[i + 1] += 200 * a;
        }
        return value;
    };
    const lbfgs_result found = minimise(valley, Eigen::VectorXd::Constant(10, -0.5));
    CHECK(found.converged);
    CHECK((found.parameters.array() - 1).abs().maxCoeff() < 1e-8);
    CHECK(!minimise(valley, Eigen::VectorXd::Constant(10, -0.5), {.iteration_limit = 3}).converged);
}

TEST_CASE("a function that is infinite beyond a wall is searched inside it") {
    const auto walled = [](const Eigen::VectorXd& x, Eigen::VectorXd& gradient) { // x − log x, x > 0
        if (x[0] <= 0) return std::numeric_limits<double>::infinity();
        gradient[0] = 1 - 1 / x[0];
        return x[0] - std::log(x[0]);
    };
    const lbfgs_result found = minimise(walled, Eigen::VectorXd::Constant(1, 30));
    CHECK(found.converged);
    CHECK(found.parameters[0] == doctest::Approx(1).epsilon(1e-8));
}

TEST_CASE("L-BFGS reaches the maximum of every model") {
    const pair_counts counts = count_games(random_games(12, 3000, 4).list(), sides::kept);
    const auto check = [&](const auto& model) {
        const rating_fit fit = fit_ratings(counts, model, lbfgs{}), exact = fit_ratings(counts, model);
        REQUIRE(fit.converged());
        check_close(fit.parameters, exact.parameters, 1e-6);
    };
    check(bradley_terry_model{});
    check(bradley_terry_model{.ties = rao_kupper_rule{}, .order = order_effect{}});
    check(bradley_terry_model{.ties = davidson_rule{}, .order = order_effect{}, .prior = pseudo_games{}});
    check(bradley_terry_model{.link = probit_choice{}, .prior = gaussian_prior{.variance = 2}});
}
