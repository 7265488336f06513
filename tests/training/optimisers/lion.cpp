#include <span>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/training/optimisers/lion.hpp>

#include "traces.hpp"

using namespace preflearn;

TEST_CASE_TEMPLATE("updates follow the paper's algorithm", Scalar, float, double) {
    const double error = largest_error<Scalar>("lion", [](const nlohmann::json& o) {
        return lion{.rate = o["rate"], .beta1 = o["beta1"], .beta2 = o["beta2"], .weight_decay = o["weight_decay"]};
    });
    CHECK(error < (sizeof(Scalar) == 4 ? 1e-5 : 1e-13));
}

TEST_CASE("every parameter moves by the rate, whatever its gradient's size, and not at all where there is none") {
    std::vector<double> parameters(3), gradients{1e-9, -1e9, 0};
    auto memory = lion{}.start<double>({0, 3});
    lion{}.update<double>(memory, parameters, gradients, 0.25);
    CHECK(parameters == std::vector<double>{-0.25, 0.25, 0});
}

TEST_CASE("weight decay shrinks parameters by rate times decay (decoupled)") {
    std::vector<double> parameters{2, -4}, gradients(2);
    const lion numbers{.weight_decay = 0.5};
    auto memory = numbers.start<double>({0, 2});
    numbers.update<double>(memory, parameters, gradients, 0.1);
    CHECK(parameters == std::vector<double>{1.9, -3.8});
}

TEST_CASE("numbers out of range are refused by name") {
    CHECK_THROWS_WITH_AS(lion{.rate = -1}.check(), doctest::Contains("lion: rate is -1"), argument_error);
    CHECK_THROWS_WITH_AS(lion{.beta1 = 1}.check(), doctest::Contains("beta1"), argument_error);
    CHECK_THROWS_WITH_AS(lion{.beta2 = -1}.check(), doctest::Contains("beta2"), argument_error);
}
