#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/agreement/ranks/few_values.hpp>
#include <preflearn/core/numbers/random.hpp>

using namespace preflearn;

namespace {

std::optional<detail::ranked_values> rank_all(const std::vector<double>& values) {
    return detail::rank_few(values, detail::distinct_in_sample(values));
}

} // namespace

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
        const auto few = rank_all(values);
        REQUIRE(few.has_value());
        CHECK(few->rank == expected);
        CHECK(few->distinct == std::min(n, distinct.size()));
    }
}

TEST_CASE("too many values are not ranked, nor is a NaN; the closest ones are told apart") {
    std::vector<double> many, close(40'000, 1.0), nan{1, 2, std::nan("")};
    for (std::size_t i = 0; i <= detail::most_distinct; ++i) many.push_back(static_cast<double>(i));
    CHECK(!rank_all(many));
    many.pop_back();
    CHECK(rank_all(many)->distinct == detail::most_distinct);
    CHECK(!rank_all(nan));
    close.front() = 0;
    close.back() = std::nextafter(1.0, 2.0); // in another chunk than most
    const auto few = rank_all(close);
    REQUIRE(few.has_value());
    CHECK(few->rank.front() == 0);
    CHECK(few->rank[1] == 1);
    CHECK(few->rank.back() == 2);
}

TEST_CASE("a sequence of ranks has the falling pairs of the definition, counted in parts or at once") {
    generator random(10, "ranks");
    for (const std::size_t n : std::vector<std::size_t>{0, 1, 2, 254, 255, 256, 1500}) {
        for (const std::size_t distinct : std::vector<std::size_t>{1, 2, 5, detail::most_distinct}) {
            std::vector<std::uint8_t> ranks(n);
            for (std::uint8_t& rank : ranks) rank = static_cast<std::uint8_t>(random.below(distinct));
            detail::rank_sequence expected;
            for (std::size_t j = 0; j < n; ++j) {
                ++expected.sizes[ranks[j]];
                for (std::size_t i = 0; i < j; ++i) expected.falling += ranks[i] > ranks[j];
            }
            const detail::rank_sequence whole = detail::count_ranks(ranks);
            CHECK(whole.falling == expected.falling);
            CHECK(whole.sizes == expected.sizes);
            detail::rank_sequence parts = detail::count_ranks(std::span(ranks).first(n / 3));
            parts.append(detail::count_ranks(std::span(ranks).subspan(n / 3)));
            CHECK(parts.falling == expected.falling);
            CHECK(parts.sizes == expected.sizes);
        }
    }
}
