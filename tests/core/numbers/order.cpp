#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/core/numbers/order.hpp>
#include <preflearn/core/numbers/random.hpp>
#include <preflearn/core/system/error.hpp>

using namespace preflearn;

namespace {

std::vector<std::uint32_t> plain_order(const std::vector<double>& values) {
    std::vector<std::uint32_t> order(values.size());
    std::iota(order.begin(), order.end(), 0U);
    std::sort(order.begin(), order.end(),
              [&](auto a, auto b) { return values[a] < values[b] || (values[a] == values[b] && a < b); });
    return order;
}

} // namespace

TEST_CASE("the radix order is the stable order, for many kinds of numbers") {
    constexpr double inf = std::numeric_limits<double>::infinity(), most = std::numeric_limits<double>::max();
    generator random(2, "order");
    for (const std::size_t n :
         std::vector<std::size_t>{0, 1, 2, 3, 31, 32, 33, 256, 257, 5000, 16'384, 16'385, 32'769}) {
        for (int kind = 0; kind < 7; ++kind) {
            std::vector<double> values(n);
            for (double& x : values) {
                const double u = random.normal();
                x = kind == 0   ? u
                    : kind == 1 ? std::round(2 * u)
                    : kind == 2 ? std::exp(60 * u)              // nearly all share one place of the grid
                    : kind == 3 ? 1 + 1e-16 * std::round(4 * u) // neighbours of 1
                    : kind == 4 ? (u > 1    ? inf
                                   : u < -1 ? -inf
                                            : u)
                    : kind == 5 ? (u > 0 ? most : -most) * random.uniform() // the range overflows
                                : 5e-324 * std::round(u);                   // subnormal, and both zeros
            }
            CAPTURE(n);
            CAPTURE(kind);
            CHECK(order_of(values).index == plain_order(values));
            const ordering order = order_of(values);
            bool right = n == 0 || order.tied[0] == 0;
            for (std::size_t i = 1; i < n; ++i)
                right &= (order.tied[i] != 0) == (values[order.index[i]] == values[order.index[i - 1]]);
            CHECK(right);
        }
    }
    CHECK(order_of(std::vector<double>(4, inf)).index == std::vector<std::uint32_t>{0, 1, 2, 3});
    CHECK_THROWS_WITH_AS(order_of(std::vector<double>{1, std::nan("")}), doctest::Contains("value 1"), numeric_error);
}

TEST_CASE("midranks share the mean of tied ranks") {
    CHECK(midranks(std::vector<double>{5, 1, 5, 9}) == std::vector<double>{2.5, 1, 2.5, 4});
}
