#include <cmath>
#include <limits>

#include <doctest/doctest.h>

#include <preflearn/training/loop/schedule.hpp>

using namespace preflearn;

TEST_CASE("the warm-up rises linearly to the full rate, which its last step has") {
    for (const schedule shape : {schedule::constant, schedule::linear, schedule::cosine}) {
        CHECK(rate_factor(shape, 0, 100, 10) == doctest::Approx(0.1));
        CHECK(rate_factor(shape, 4, 100, 10) == doctest::Approx(0.5));
        CHECK(rate_factor(shape, 9, 100, 10) == 1);
        CHECK(rate_factor(shape, 10, 100, 10) == 1);
        CHECK(rate_factor(shape, 0, 100, 0) == 1);
        CHECK(rate_factor(shape, 9, 10, 10) == 1); // nothing but warm-up
    }
}

TEST_CASE("after the warm-up the shapes fall as they are named, and no step has rate zero") {
    CHECK(rate_factor(schedule::constant, 99, 100, 10) == 1);
    CHECK(rate_factor(schedule::linear, 55, 100, 10) == doctest::Approx(0.5));
    CHECK(rate_factor(schedule::linear, 99, 100, 10) == doctest::Approx(1.0 / 90));
    CHECK(rate_factor(schedule::cosine, 55, 100, 10) == doctest::Approx(0.5));
    CHECK(rate_factor(schedule::cosine, 40, 100, 10) == doctest::Approx(0.75)); // cos 60° = ½
    CHECK(rate_factor(schedule::cosine, 99, 100, 10) > 0);
    CHECK(rate_factor(schedule::cosine, 99, 100, 10) < 1e-3);
    for (const schedule shape : {schedule::linear, schedule::cosine}) {
        for (std::size_t step = 10; step < 99; ++step)
            CHECK(rate_factor(shape, step + 1, 100, 10) < rate_factor(shape, step, 100, 10));
    }
}

TEST_CASE("a warm-up below one is a share of the steps, otherwise a number of them") {
    CHECK(warm_up_steps(0, 100) == 0);
    CHECK(warm_up_steps(0.1, 100) == 10);
    CHECK(warm_up_steps(0.1, 15) == 2);
    CHECK(warm_up_steps(1, 100) == 1);
    CHECK(warm_up_steps(30, 100) == 30);
    CHECK(warm_up_steps(1e300, 100) == 100);
    CHECK_THROWS_AS(warm_up_steps(-0.1, 100), argument_error);
    CHECK_THROWS_AS(warm_up_steps(std::numeric_limits<double>::quiet_NaN(), 100), argument_error);
}

TEST_CASE("a schedule is a shape by name or any callable, which is known by what it does") {
    CHECK(rate_schedule(schedule::cosine).name() == "cosine");
    CHECK(rate_schedule().factor(3, 10, 0) == 1);
    CHECK(rate_schedule(schedule::linear).factor(55, 100, 10) == rate_factor(schedule::linear, 55, 100, 10));
    const rate_schedule root([](double progress) { return 1 - std::sqrt(progress); });
    CHECK(root.factor(4, 100, 10) == 0.5); // the warm-up comes first
    CHECK(root.factor(10, 100, 10) == 1);
    CHECK(root.factor(20, 170, 10) == 0.75);
    CHECK(root.name() == rate_schedule([](double p) { return 1 - std::sqrt(p); }).name());
    CHECK(root.name() != rate_schedule([](double p) { return 1 - p; }).name());
}
