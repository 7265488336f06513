#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <random>

#include <doctest/doctest.h>

#include <preflearn/loss/pair_pieces.hpp>

using namespace preflearn;

TEST_CASE("a difference and what its rounding lost are the exact difference") {
    std::mt19937_64 random(7);
    std::uniform_int_distribution<std::int64_t> numbers(-(std::int64_t{1} << 24), std::int64_t{1} << 24);
    for (int i = 0; i < 1000; ++i) {
        const auto a = static_cast<float>(numbers(random)), b = static_cast<float>(numbers(random)) / 1024;
        const auto [d, lost] = detail::exact_difference(a, b);
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
            detail::finite_so_far<Real> finite;
            for (const Real x : values) finite.see(x);
            CHECK(static_cast<bool>(finite) == (odd == largest || odd == -largest));
        }
    }
}

TEST_CASE("a sum in lanes counts every term once, however the terms come in") {
    for (const std::size_t size : {0U, 1U, 15U, 16U, 17U, 1000U}) {
        detail::lane_sum<std::uint64_t> at_once, in_two;
        const auto term = [](std::size_t i) { return std::uint64_t{i} * i + 1; };
        at_once.add(size, term);
        in_two.add(size / 3, term);
        in_two.add(size - size / 3, [&](std::size_t i) { return term(i + size / 3); });
        std::uint64_t expected = 0;
        for (std::size_t i = 0; i < size; ++i) expected += term(i);
        CHECK(at_once.total() == expected);
        CHECK(in_two.total() == expected);
    }
}
