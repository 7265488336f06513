#include <limits>
#include <span>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/training/optimisers/adafactor.hpp>
#include <preflearn/training/optimisers/adamw.hpp>
#include <preflearn/training/optimisers/lion.hpp>
#include <preflearn/training/optimisers/optimiser.hpp>
#include <preflearn/training/optimisers/sgd.hpp>

using namespace preflearn;

static_assert(Optimiser<adamw, float> && Optimiser<adamw, double>);
static_assert(Optimiser<sgd, float> && Optimiser<sgd, double>);
static_assert(Optimiser<lion, float> && Optimiser<lion, double>);
static_assert(Optimiser<adafactor, float> && Optimiser<adafactor, double>);
static_assert(!Optimiser<double>);

TEST_CASE("a number out of its range is named with its optimiser, and nan is in no range") {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    CHECK_THROWS_WITH_AS(require_not_negative("mine", "rate", nan),
                         doctest::Contains("mine: rate is nan, a number that is not negative was expected"),
                         argument_error);
    CHECK_THROWS_WITH_AS(require_share("mine", "beta", 1), doctest::Contains("[0, 1)"), argument_error);
    CHECK_THROWS_AS(require_share("mine", "beta", nan), argument_error);
    CHECK_NOTHROW(require_share("mine", "beta", 0));
}

TEST_CASE("no optimiser moves parameters at a rate of zero, or forgets to take the gradients away") {
    const auto check = [](const auto& rule) {
        std::vector<float> parameters{1, -2, 3}, gradients{4, 5, 6};
        auto memory = rule.template start<float>({0, 3});
        rule.update(memory, std::span<float>(parameters), std::span<float>(gradients), 0.0, 0.5);
        CHECK(parameters == std::vector<float>{1, -2, 3});
        CHECK(gradients == std::vector<float>(3));
    };
    check(adamw{});
    check(sgd{.weight_decay = 0.5});
    check(lion{.weight_decay = 0.5});
    check(adafactor{.weight_decay = 0.5});
}
