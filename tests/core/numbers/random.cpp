#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <numbers>
#include <random>
#include <span>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/core/numbers/random.hpp>

using namespace preflearn;

static_assert(std::uniform_random_bit_generator<generator>);
static_assert(generator(1, "x").below(1) == 0, "usable at compile time");

namespace {

/// Pearson's statistic of counts that should be equal, in standard deviations above its mean (degrees of freedom).
double excess(std::span<const std::size_t> counts) {
    double total = 0, sum = 0;
    for (const std::size_t n : counts) total += static_cast<double>(n);
    const double expected = total / static_cast<double>(counts.size());
    for (const std::size_t n : counts) sum += (static_cast<double>(n) - expected) * (static_cast<double>(n) - expected);
    const double freedom = static_cast<double>(counts.size()) - 1;
    return (sum / expected - freedom) / std::sqrt(2 * freedom);
}

double correlation(generator a, generator b) {
    double sum = 0;
    const std::size_t n = 10'000;
    for (std::size_t i = 0; i < n; ++i) sum += (a.uniform() - 0.5) * (b.uniform() - 0.5);
    return 12 * sum / static_cast<double>(n);
}

} // namespace

TEST_CASE("philox gives the published test vectors (Random123, kat_vectors)") {
    using words = std::array<std::uint32_t, 4>;
    CHECK(philox({0, 0, 0, 0}, {0, 0}) == words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
    CHECK(philox({~0U, ~0U, ~0U, ~0U}, {~0U, ~0U}) == words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
    CHECK(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
          words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("FNV-1a gives the published hashes") {
    CHECK(hash_of("") == 0xcbf29ce484222325);
    CHECK(hash_of("a") == 0xaf63dc4c8601ec8c);
    CHECK(hash_of("foobar") == 0x85944171f73967e8);
    CHECK(hash_of("bar", hash_of("foo")) == hash_of("foobar"));
}

TEST_CASE("the draws of a seed are these on every machine") {
    generator shuffle(7, "shuffle", 3); // an independent program in Python gave the numbers
    CHECK(shuffle() == 0x7b3c4aae6ea00211);
    CHECK(shuffle() == 0xa801d9886ed7cceb);
    CHECK(shuffle() == 0x71e58dc1392bb3a2);
    generator far(0, "", std::uint64_t{1} << 40);
    CHECK(far() == 0x8905f7eabe21e244);
    CHECK(far() == 0xb16b7df7f3467c63);
}

TEST_CASE("uniform numbers fill [0, 1) evenly, and every bit of a draw is fair") {
    generator random(1, "uniform");
    std::array<std::size_t, 256> cells{};
    std::array<std::size_t, 64> ones{};
    const std::size_t n = 200'000;
    for (std::size_t i = 0; i < n; ++i) {
        const double u = random.uniform();
        REQUIRE(u >= 0);
        REQUIRE(u < 1);
        ++cells[static_cast<std::size_t>(u * 256)];
        const std::uint64_t word = random();
        for (std::size_t bit = 0; bit < 64; ++bit) ones[bit] += word >> bit & 1;
    }
    CHECK(std::abs(excess(cells)) < 4);
    for (const std::size_t count : ones) CHECK(std::abs(static_cast<double>(count) - n / 2.0) < 5 * std::sqrt(n / 4.0));
}

TEST_CASE("seeds, purposes and streams give unrelated sequences") {
    const generator base(1, "split", 0);
    for (const generator& other : {generator(2, "split", 0), generator(1, "shuffle", 0), generator(1, "split", 1),
                                   generator(1, "split", std::uint64_t{1} << 32), generator(0, "split", 0)}) {
        CHECK(std::abs(correlation(base, other)) < 0.05);
    }
    CHECK(correlation(base, base) > 0.9);
    // The first draw of neighbouring streams, and of neighbouring seeds, is as good as one sequence.
    std::array<std::size_t, 64> by_stream{}, by_seed{};
    for (std::uint64_t i = 0; i < 64'000; ++i) {
        ++by_stream[generator(9, "sample", i).below(64)];
        ++by_seed[generator(i, "sample").below(64)];
    }
    CHECK(std::abs(excess(by_stream)) < 4);
    CHECK(std::abs(excess(by_seed)) < 4);
}

TEST_CASE("below is even, without the bias of a multiplication alone, at every size") {
    generator random(3, "below");
    CHECK(random.below(1) == 0);
    CHECK_THROWS_AS(random.below(0), argument_error);
    std::array<std::size_t, 6> die{};
    for (int i = 0; i < 60'000; ++i) ++die[random.below(6)];
    CHECK(std::abs(excess(die)) < 4);
    // 2^64 words on 3 · 2^62 numbers: without rejection one residue modulo 3 would come half the time.
    const std::uint64_t three_quarters = std::uint64_t{3} << 62;
    std::array<std::size_t, 3> residues{};
    for (int i = 0; i < 30'000; ++i) {
        const std::uint64_t value = random.below(three_quarters);
        REQUIRE(value < three_quarters);
        ++residues[value % 3];
    }
    CHECK(std::abs(excess(residues)) < 5);
    const std::uint64_t largest = std::numeric_limits<std::uint64_t>::max();
    std::size_t upper = 0;
    for (int i = 0; i < 1000; ++i) upper += random.below(largest) >= largest / 2 ? 1 : 0;
    CHECK(upper > 420);
    CHECK(upper < 580);
}

TEST_CASE("normal and Gumbel draws have the moments of their distributions") {
    generator random(4, "moments");
    const std::size_t n = 200'000;
    double mean = 0, square = 0, fourth = 0, gumbel = 0, gumbel_square = 0;
    std::size_t beyond = 0;
    for (std::size_t i = 0; i < n; ++i) {
        const double x = random.normal(), g = random.gumbel();
        REQUIRE(std::isfinite(x));
        REQUIRE(std::isfinite(g));
        mean += x / n;
        square += x * x / n;
        fourth += x * x * x * x / n;
        beyond += std::abs(x) > 1.959963985 ? 1 : 0;
        gumbel += g / n;
        gumbel_square += g * g / n;
    }
    CHECK(std::abs(mean) < 0.01);
    CHECK(square == doctest::Approx(1).epsilon(0.015));
    CHECK(fourth == doctest::Approx(3).epsilon(0.05));
    CHECK(static_cast<double>(beyond) / n == doctest::Approx(0.05).epsilon(0.05));
    CHECK(gumbel == doctest::Approx(std::numbers::egamma).epsilon(0.02));
    CHECK(gumbel_square - gumbel * gumbel == doctest::Approx(std::numbers::pi * std::numbers::pi / 6).epsilon(0.02));
}

TEST_CASE("Bernoulli draws follow their probability; 0 never and 1 always") {
    generator random(5, "bernoulli");
    std::size_t heads = 0;
    for (int i = 0; i < 40'000; ++i) heads += random.bernoulli(0.25) ? 1 : 0;
    CHECK(static_cast<double>(heads) / 40'000 == doctest::Approx(0.25).epsilon(0.05));
    for (int i = 0; i < 1000; ++i) {
        CHECK_FALSE(random.bernoulli(0));
        CHECK(random.bernoulli(1));
    }
}

TEST_CASE("a shuffle keeps the values and makes every order equally likely") {
    std::map<std::vector<std::size_t>, std::size_t> orders;
    for (std::uint64_t i = 0; i < 24'000; ++i) ++orders[generator(6, "shuffle", i).permutation(4)];
    CHECK(orders.size() == 24);
    std::vector<std::size_t> counts;
    for (const auto& [order, count] : orders) counts.push_back(count);
    CHECK(std::abs(excess(counts)) < 4);

    generator random(6);
    std::vector<std::string> words{"a", "b", "b", "c"};
    random.shuffle(std::span(words));
    std::ranges::sort(words);
    CHECK(words == std::vector<std::string>{"a", "b", "b", "c"});
    CHECK(random.permutation(0).empty());
    std::vector<std::size_t> sorted = random.permutation(1000);
    CHECK_FALSE(std::ranges::is_sorted(sorted));
    std::ranges::sort(sorted);
    CHECK(sorted.front() == 0);
    CHECK(sorted.back() == 999);
    CHECK(std::ranges::adjacent_find(sorted) == sorted.end());
}
