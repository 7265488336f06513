#include <cfloat>
#include <cmath>
#include <limits>
#include <span>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/core/numbers/exact_sum.hpp>
#include <preflearn/core/numbers/random.hpp>

using namespace preflearn;

namespace {

double sum_of(const std::vector<double>& values) {
    exact_sum sum;
    for (const double x : values) sum += x;
    return sum.value();
}

/// Numbers of every size, down to subnormal ones, and both signs.
std::vector<double> wild_numbers(std::size_t n, double orders) {
    generator random(5, "exact sum");
    std::vector<double> values;
    for (std::size_t i = 0; i < n; ++i)
        values.push_back((random.uniform() - 0.5) * std::exp2(orders * (2 * random.uniform() - 1)));
    return values;
}

} // namespace

TEST_CASE("what cancels leaves exactly the rest") {
    CHECK(sum_of({}) == 0);
    CHECK(sum_of({1e300, 1, -1e300}) == 1);
    CHECK(sum_of({1e300, -1e-300, 3, -1e300, -3}) == -1e-300);
    CHECK(sum_of({DBL_TRUE_MIN, DBL_TRUE_MIN, DBL_MIN, -DBL_MIN}) == 2 * DBL_TRUE_MIN);
    CHECK(sum_of({-0.75, 0.5}) == -0.25);
    CHECK(sum_of({DBL_MAX, DBL_MAX, -DBL_MAX}) == DBL_MAX);
    CHECK(sum_of({DBL_MAX, DBL_MAX}) == std::numeric_limits<double>::infinity());
    CHECK(sum_of({-DBL_MAX, -DBL_MAX}) == -std::numeric_limits<double>::infinity());
}

TEST_CASE("one number is itself, and two are rounded once") {
    for (const double x : wild_numbers(2000, 1000)) CHECK(sum_of({x}) == x);
    const std::vector<double> values = wild_numbers(2000, 60);
    for (std::size_t i = 0; i + 1 < values.size(); ++i)
        CHECK(sum_of({values[i], values[i + 1]}) == values[i] + values[i + 1]);
    // A half in the last place goes to the even neighbour, unless something below decides.
    CHECK(sum_of({1, 0x1p-53}) == 1);
    CHECK(sum_of({1, 0x1p-53, DBL_TRUE_MIN}) == 1 + 0x1p-52);
    CHECK(sum_of({1 + 0x1p-52, 0x1p-53}) == 1 + 0x1p-51);
}

TEST_CASE("the order of the numbers and how they are split change no bit") {
    std::vector<double> values = wild_numbers(3000, 900);
    const double whole = sum_of(values);
    generator random(7, "shuffle");
    for (int turn = 0; turn < 5; ++turn) {
        random.shuffle(std::span(values));
        CHECK(sum_of(values) == whole);
        exact_sum left, right;
        for (std::size_t i = 0; i < values.size(); ++i)
            (i < 500U * static_cast<unsigned>(turn) ? left : right) += values[i];
        left += right;
        CHECK(left.value() == whole);
    }
}

TEST_CASE("many numbers at once add up to the same") {
    const auto check = [](const auto& values) {
        exact_sum at_once, in_turn;
        at_once.add(std::span(values));
        for (const auto x : values) in_turn += static_cast<double>(x);
        CHECK(at_once.value() == in_turn.value());
        in_turn += -at_once.value(); // what one rounding hides
        at_once += -at_once.value();
        CHECK(at_once.value() == in_turn.value());
    };
    for (const std::size_t n : {0U, 1U, 15U, 512U, 513U, 3000U}) {
        for (const double orders : {0., 20., 100., 900., 1020.}) check(wild_numbers(n, orders));
        const std::vector<double> wide = wild_numbers(n, 60);
        check(std::vector<float>(wide.begin(), wide.end()));
    }
    check(std::vector<double>(512, 1 - 0x1p-53)); // the largest sum of a cut
    check(std::vector<double>(600, -DBL_TRUE_MIN));
    check(std::vector<double>(600, DBL_MAX / 1024));
}

TEST_CASE("merging oneself many times does not overflow the digits") {
    exact_sum sum;
    sum += -1.0;
    sum += 0x1p-40;
    for (int i = 0; i < 100; ++i) sum += exact_sum(sum);
    CHECK(sum.value() == std::ldexp(-1 + 0x1p-40, 100));
}
