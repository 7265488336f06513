#include <cmath>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/teacher/annotator_temperature.hpp>
#include <preflearn/teacher/rule.hpp>

#include "domains.hpp"

using namespace preflearn;

TEST_CASE("equal margins: the temperature is the margin over the log-odds of the agreement") {
    for (const double agreement : {0.55, 0.75, 0.99})
        CHECK(temperature_for_agreement(std::vector<double>{2, -2, 2}, agreement) ==
              doctest::Approx(2 / logit(agreement)));
}

TEST_CASE("labels drawn at that temperature agree with the reward as often as asked, ties counted half") {
    std::vector<double> margins;
    generator random(1, "margins");
    for (int i = 0; i < 20000; ++i) margins.push_back(i % 10 == 0 ? 0 : 1e-3 * random.normal());
    const double temperature = temperature_for_agreement(margins, 0.7);
    double right = 0;
    for (std::uint64_t i = 0; i < margins.size(); ++i) {
        const preference drawn = drawn_label{temperature, 3}(margins[i], i);
        right += margins[i] > 0 ? drawn.half_win() : 1 - drawn.half_win();
    }
    CHECK(right / 20000 == doctest::Approx(0.7).epsilon(0.015));
}

TEST_CASE("what the margins cannot give is refused") {
    const std::vector<double> half_tied{1, 0};
    CHECK_NOTHROW(temperature_for_agreement(half_tied, 0.74));
    CHECK_THROWS_WITH_AS(temperature_for_agreement(half_tied, 0.76), doctest::Contains("less than 0.75"),
                         argument_error);
    CHECK_THROWS_AS(temperature_for_agreement(half_tied, 0.5), argument_error);
    CHECK_THROWS_AS(temperature_for_agreement({}, 0.75), argument_error);
    CHECK_THROWS_WITH_AS(temperature_for_agreement(std::vector<double>{1, std::nan("")}, 0.7),
                         doctest::Contains("margin 1 is nan"), numeric_error);
}
