#include <cstddef>
#include <cstdint>

#include <doctest/doctest.h>

#include <preflearn/core/numbers/lane_sum.hpp>

using namespace preflearn;

TEST_CASE("a sum in lanes counts every term once, however the terms come in") {
    for (const std::size_t size : {0U, 1U, 15U, 16U, 17U, 1000U}) {
        lane_sum<std::uint64_t> at_once, in_two;
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
