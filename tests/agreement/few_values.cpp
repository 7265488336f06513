#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/agreement/few_values.hpp>
#include <preflearn/agreement/order.hpp>
#include <preflearn/core/random.hpp>

using namespace preflearn;

TEST_CASE("few distinct values are ranked, in any number of chunks; 0 and -0 are one value") {
    const std::vector<double> distinct{-3, -2.5, 0, 1, 7, 8};
    for (const std::size_t n : std::vector<std::size_t>{1, 6, 1000, 32'768, 32'769, 100'000}) {
        generator random(9, "few values");
        std::vector<double> values;
        std::vector<std::uint8_t> expected;
        for (std::size_t i = 0; i < n; ++i) {
            const std::size_t r = i < distinct.size() ? i : random.below(distinct.size());
            values.push_back(r == 2 && i % 2 != 0 ? -0.0 : distinct[r]);
            expected.push_back(static_cast<std::uint8_t>(r));
        }
        CAPTURE(n);
        const auto few = detail::rank_few(values, detail::place_of(values));
        REQUIRE(few.has_value());
        CHECK(few->rank == expected);
        CHECK(few->distinct == std::min(n, distinct.size()));
    }
}

TEST_CASE("many values, or values too close together for the grid, are not ranked") {
    std::vector<double> many, close(40'000, 1.0);
    for (std::size_t i = 0; i <= detail::most_distinct; ++i) many.push_back(static_cast<double>(i));
    close.front() = 0;
    close.back() = std::nextafter(1.0, 2.0); // in another chunk than most
    CHECK(!detail::rank_few(many, detail::place_of(many)));
    CHECK(!detail::rank_few(close, detail::place_of(close)));
    many.pop_back();
    CHECK(detail::rank_few(many, detail::place_of(many))->distinct == detail::most_distinct);
}
