#include <span>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/training/optimisers/sgd.hpp>

#include "traces.hpp"

using namespace preflearn;

TEST_CASE_TEMPLATE("updates follow PyTorch's SGD with momentum, Nesterov's form and weight decay", Scalar, float,
                   double) {
    const double error = largest_error<Scalar>("sgd", [](const nlohmann::json& o) {
        return sgd{
            .rate = o["rate"], .momentum = o["momentum"], .nesterov = o["nesterov"], .weight_decay = o["weight_decay"]};
    });
    CHECK(error < (sizeof(Scalar) == 4 ? 1e-5 : 1e-13));
}

TEST_CASE("under a constant gradient the step grows to 1 / (1 - momentum) of the first") {
    std::vector<double> parameters(1), gradients(1);
    const sgd heavy{.rate = 0.5, .momentum = 0.75};
    auto memory = heavy.start<double>({0, 1});
    double before = 0;
    for (int i = 0; i < 200; ++i) {
        gradients[0] = 2;
        before = parameters[0];
        heavy.update<double>(memory, parameters, gradients, heavy.rate);
    }
    CHECK(before - parameters[0] == doctest::Approx(0.5 * 2 / (1 - 0.75)));
}

TEST_CASE("numbers out of range and arrays that do not fit are refused by name") {
    CHECK_THROWS_WITH_AS(sgd{.rate = -1}.check(), doctest::Contains("sgd: rate is -1"), argument_error);
    CHECK_THROWS_WITH_AS(sgd{.momentum = 1}.check(), doctest::Contains("momentum"), argument_error);
    CHECK_THROWS_WITH_AS(sgd{.weight_decay = -1}.check(), doctest::Contains("weight_decay"), argument_error);
    std::vector<double> parameters(3), gradients(3);
    auto memory = sgd{}.start<double>({0, 2});
    CHECK_THROWS_AS(sgd{}.update<double>(memory, parameters, gradients, 0.1), argument_error);
}
