#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include <preflearn/core/numbers/random.hpp>
#include <preflearn/report/figures/plot_axis.hpp>

#include "../../files.hpp"

using namespace preflearn;

namespace {

std::vector<std::string> labels(double low, double high, int most) {
    std::vector<std::string> found;
    for (const axis_tick& tick : nice_ticks(low, high, most)) found.push_back(tick.label);
    return found;
}

data_range range_of(std::vector<double> values) {
    data_range range;
    range.include(values);
    return range;
}

} // namespace

TEST_CASE("ticks are round and labelled with the digits they need") {
    using list = std::vector<std::string>;
    CHECK(labels(0, 1, 6) == list{"0.0", "0.2", "0.4", "0.6", "0.8", "1.0"});
    CHECK(labels(-0.04, 1.04, 3) == list{"0.0", "0.5", "1.0"});
    CHECK(labels(-7, 12, 5) == list{"−5", "0", "5", "10"});
    CHECK(labels(0, 2e5, 5) == list{"0", "50000", "100000", "150000", "200000"});
    CHECK(labels(0, 5e7, 3) == list{"0", "2×10⁷", "4×10⁷"});
    CHECK(labels(-3e-8, 0, 4) == list{"−3×10⁻⁸", "−2×10⁻⁸", "−1×10⁻⁸", "0"});
    CHECK(labels(1, 1 + 4e-8, 3) == list{"1.00000000", "1.00000002", "1.00000004"});
}

TEST_CASE("ticks of no range, or too few of them, are refused") {
    CHECK_THROWS_AS(nice_ticks(1, 1, 5), argument_error);
    CHECK_THROWS_AS(nice_ticks(0, std::nan(""), 5), argument_error);
    CHECK_THROWS_AS(nice_ticks(0, 1, 1), argument_error);
}

TEST_CASE("any range has at most so many ticks, all different, in order and inside") {
    generator random(3, "ranges");
    for (int trial = 0; trial < 3000; ++trial) {
        const double size = std::pow(10, random.uniform() * 600 - 300);
        const double centre = random.bernoulli(0.3) ? 0 : size * std::pow(10, random.uniform() * 10) * random.normal();
        if (std::abs(centre) > 1e299) continue;
        const plot_axis axis = axis_for(range_of({centre - size, centre + size}));
        const int most = 2 + static_cast<int>(random.below(9));
        const auto ticks = nice_ticks(axis.low, axis.high, most);
        CAPTURE(axis.low);
        CAPTURE(axis.high);
        CAPTURE(most);
        REQUIRE(ticks.size() <= static_cast<std::size_t>(most));
        CHECK(ticks.size() * 5 >= static_cast<std::size_t>(most)); // and not needlessly few
        std::set<std::string> names;
        for (std::size_t i = 0; i < ticks.size(); ++i) {
            CHECK(names.insert(ticks[i].label).second);
            CHECK(axis.share(ticks[i].value) > -1e-6);
            CHECK(axis.share(ticks[i].value) < 1 + 1e-6);
            if (i > 0) CHECK(ticks[i].value > ticks[i - 1].value);
        }
    }
}

TEST_CASE("any data has an axis that holds it") {
    constexpr double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
    for (const std::vector<double>& data : std::vector<std::vector<double>>{{},
                                                                            {nan, infinity, -infinity},
                                                                            {0},
                                                                            {3.5},
                                                                            {-1e-310},
                                                                            {5e-324, 0},
                                                                            {1e16, 1e16 + 2},
                                                                            {-1e300, 1e300},
                                                                            {1e299},
                                                                            {0, nan, 1}}) {
        const plot_axis axis = axis_for(range_of(data));
        CHECK(std::isfinite(axis.low));
        CHECK(std::isfinite(axis.high));
        CHECK(axis.low < axis.high);
        CHECK_FALSE(nice_ticks(axis.low, axis.high, 5).empty());
        for (const double value : data) {
            if (!std::isfinite(value)) continue;
            CHECK(axis.share(value) >= 0);
            CHECK(axis.share(value) <= 1);
        }
    }
    const plot_axis none = axis_for({}, {}, 0);
    CHECK(none.low == 0);
    CHECK(none.high == 1);
    CHECK(axis_for(range_of({-1e308, 1e308})).high < 2e300); // beyond ±1e300 is outside
}

TEST_CASE("the caller's end points hold, without padding") {
    const plot_axis both = axis_for(range_of({-5, 100}), {.low = 0, .high = 1});
    CHECK(both.low == 0);
    CHECK(both.high == 1);
    const plot_axis one = axis_for(range_of({0.25, 0.75}), {.low = 0});
    CHECK(one.low == 0);
    CHECK(one.high == doctest::Approx(0.78));
    for (const axis_limits& limits : {axis_limits{.low = 9, .high = {}}, axis_limits{.low = {}, .high = -9}}) {
        const plot_axis beyond = axis_for(range_of({0, 1}), limits);
        CHECK(beyond.low == limits.low.value_or(beyond.low));
        CHECK(beyond.high == limits.high.value_or(beyond.high));
        CHECK(beyond.low < beyond.high);
    }
    CHECK(axis_for({}, {.low = 7}).high > 7);
    CHECK(axis_for({}, {.high = -7}).low < -7);
    const auto complaint = [](axis_limits limits) { return test::error_of([&] { axis_for({}, limits); }); };
    CHECK(complaint({.low = 1, .high = 0}) == "an axis from 1 to 0, expected an interval");
    CHECK(complaint({.low = 1, .high = 1}) != "");
    CHECK(complaint({.low = std::nan("")}) != "");
    CHECK(complaint({.high = std::numeric_limits<double>::infinity()}) != "");
}
