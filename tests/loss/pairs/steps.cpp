#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <random>
#include <type_traits>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/loss/pairs/steps.hpp>

using namespace preflearn;

TEST_CASE("a difference and what its rounding lost are the exact difference") {
    std::mt19937_64 random(7);
    std::uniform_int_distribution<std::int64_t> numbers(-(std::int64_t{1} << 24), std::int64_t{1} << 24);
    for (int i = 0; i < 1000; ++i) {
        const auto a = static_cast<float>(numbers(random)), b = static_cast<float>(numbers(random)) / 1024;
        const auto [d, lost] = exact_difference(a, b);
        CHECK(d == a - b);
        CHECK(static_cast<double>(d) + static_cast<double>(lost) == static_cast<double>(a) - static_cast<double>(b));
    }
}

TEST_CASE_TEMPLATE("every number that is not finite is noticed, wherever it stands", Real, float, double) {
    constexpr Real infinity = std::numeric_limits<Real>::infinity(), largest = std::numeric_limits<Real>::max();
    for (const Real odd : {infinity, -infinity, std::numeric_limits<Real>::quiet_NaN(), -largest, largest}) {
        for (std::size_t place = 0; place < 4; ++place) {
            std::array<Real, 4> values{1, -2, 0, 3};
            values[place] = odd;
            finite_so_far<Real> finite;
            for (const Real x : values) finite.see(x);
            CHECK(static_cast<bool>(finite) == (odd == largest || odd == -largest));
        }
    }
}

TEST_CASE("differences of log-ratios are rounded once, whether all of a piece are exact or one is not") {
    std::mt19937_64 random(11);
    std::uniform_real_distribution<double> near(-3, 3), far(0, 50);
    constexpr std::size_t size = pairs_per_piece<double>;
    for (const std::size_t odd : {std::size_t{0}, std::size_t{7}, size - 1, size}) { // the last is none
        std::vector<double> chosen(size), rejected(size), reference_chosen(size), reference_rejected(size);
        for (std::size_t i = 0; i < size; ++i) {
            chosen[i] = -100 + near(random);
            rejected[i] = -90 + near(random);
            reference_chosen[i] = i == odd ? -far(random) * 1e-3 : chosen[i] + near(random);
            reference_rejected[i] = i == odd ? -far(random) * 1e-3 - 10 : rejected[i] + near(random);
        }
        const piece_columns<double> columns{.size = size,
                                            .chosen = chosen.data(),
                                            .rejected = rejected.data(),
                                            .reference_chosen = reference_chosen.data(),
                                            .reference_rejected = reference_rejected.data(),
                                            .weight = nullptr,
                                            .target = nullptr,
                                            .margin = nullptr,
                                            .chosen_tokens = nullptr,
                                            .rejected_tokens = nullptr};
        piece_steps<double> steps;
        REQUIRE(form_log_ratios<double>(columns, steps, {}));
        std::size_t rounded_twice = 0;
        for (std::size_t i = 0; i < size; ++i) {
            // long double holds the differences of these numbers but for some bits far below double's last.
            const long double u = static_cast<long double>(chosen[i]) - static_cast<long double>(reference_chosen[i]),
                              v = static_cast<long double>(rejected[i]) -
                                  static_cast<long double>(reference_rejected[i]);
            CHECK(steps.u[i] == chosen[i] - reference_chosen[i]);
            CHECK(steps.v[i] == rejected[i] - reference_rejected[i]);
            rounded_twice += std::size_t{steps.difference[i] != static_cast<double>(u - v)};
        }
        CHECK(rounded_twice == 0);
    }
}

TEST_CASE_TEMPLATE("exponentials are the C library's, with and without sizes whose exponential is no normal number",
                   Real, float, double) {
    for (const Real largest : {Real(80), Real(740) / (std::is_same_v<Real, float> ? 7 : 1)}) {
        std::vector<Real> numbers(100), exponentials(100);
        for (std::size_t i = 0; i < 100; ++i)
            numbers[i] = (i % 2 == 0 ? largest : -largest) * static_cast<Real>(i) / Real(99);
        form_exponentials(numbers.data(), numbers.size(), largest, exponentials.data());
        for (std::size_t i = 0; i < 100; ++i) {
            const Real expected = std::exp(-std::abs(numbers[i]));
            const Real error =
                std::max(4 * std::numeric_limits<Real>::epsilon() * expected, std::numeric_limits<Real>::denorm_min());
            CHECK(std::abs(exponentials[i] - expected) <= error);
        }
    }
}
