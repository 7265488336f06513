/// \file
/// A counter-based generator (Philox4x32-10: Salmon, Moraes, Dror & Shaw, SC 2011). Draws depend only on
/// (seed, purpose, stream, position): adding a use of randomness shifts no other, and the result is the
/// same on every machine and for every number of threads.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numbers>
#include <numeric>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <preflearn/core/system/error.hpp>

namespace preflearn {

/// Ten Philox rounds: four pseudo-random words from a 128-bit counter and a 64-bit key.
constexpr std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> counter, std::array<std::uint32_t, 2> key) {
    for (int round = 0; round < 10; ++round) {
        const std::uint64_t a = std::uint64_t{0xD2511F53} * counter[0];
        const std::uint64_t b = std::uint64_t{0xCD9E8D57} * counter[2];
        counter = {static_cast<std::uint32_t>(b >> 32) ^ counter[1] ^ key[0], static_cast<std::uint32_t>(b),
                   static_cast<std::uint32_t>(a >> 32) ^ counter[3] ^ key[1], static_cast<std::uint32_t>(a)};
        key[0] += 0x9E3779B9;
        key[1] += 0xBB67AE85;
    }
    return counter;
}

/// FNV-1a hash of a text, 64 bits.
constexpr std::uint64_t hash_of(std::string_view text, std::uint64_t start = 0xCBF29CE484222325) {
    for (const char c : text) start = (start ^ static_cast<unsigned char>(c)) * 0x100000001B3;
    return start;
}

/// A seeded sequence of random numbers; a UniformRandomBitGenerator with 64-bit results. Cheap to make:
/// take a fresh one per purpose ("split", "shuffle", "sample") and per item (stream) instead of sharing one.
class generator {
  public:
    using result_type = std::uint64_t;
    static constexpr result_type min() { return 0; }
    static constexpr result_type max() { return std::numeric_limits<result_type>::max(); }

    explicit constexpr generator(std::uint64_t seed, std::string_view purpose = {}, std::uint64_t stream = 0)
        : key_(mixed(seed, hash_of(purpose))), stream_(stream) {}

    constexpr result_type operator()() {
        if (position_ % 2 == 0) {
            const std::uint64_t block = position_ / 2;
            words_ = philox({low(block), high(block), low(stream_), high(stream_)}, {low(key_), high(key_)});
        }
        const std::size_t at = 2 * (position_++ % 2);
        return words_[at] | std::uint64_t{words_[at + 1]} << 32;
    }

    /// A number in [0, 1) on the grid of 2^-53.
    constexpr double uniform() { return static_cast<double>((*this)() >> 11) * 0x1p-53; }

    /// An integer in [0, bound), without bias (Lemire 2019). \throws argument_error for bound 0.
    constexpr std::uint64_t below(std::uint64_t bound) {
        if (bound == 0) throw argument_error("a random integer below 0 was asked for");
        const std::uint64_t threshold = (0 - bound) % bound;
        for (;;) {
            const auto [high, low] = product((*this)(), bound);
            if (low >= threshold) return high;
        }
    }

    constexpr bool bernoulli(double probability) { return uniform() < probability; }

    /// A draw from N(0, 1) (Box-Muller).
    double normal() {
        const double radius = std::sqrt(-2 * std::log1p(-uniform()));
        return radius * std::cos(2 * std::numbers::pi * uniform());
    }

    /// A standard Gumbel draw, -log(-log u).
    double gumbel() { return -std::log(-std::log(uniform() + 0x1p-54)); }

    /// Fisher-Yates.
    template <class T> constexpr void shuffle(std::span<T> values) {
        for (std::size_t n = values.size(); n > 1; --n) std::swap(values[n - 1], values[below(n)]);
    }

    /// A random order of 0 … count - 1.
    std::vector<std::size_t> permutation(std::size_t count) {
        std::vector<std::size_t> order(count);
        std::iota(order.begin(), order.end(), std::size_t{0});
        shuffle(std::span(order));
        return order;
    }

  private:
    static constexpr std::uint32_t low(std::uint64_t x) { return static_cast<std::uint32_t>(x); }
    static constexpr std::uint32_t high(std::uint64_t x) { return static_cast<std::uint32_t>(x >> 32); }

    /// A bijection of the seed for each purpose (the finaliser of SplitMix64).
    static constexpr std::uint64_t mixed(std::uint64_t seed, std::uint64_t purpose) {
        std::uint64_t x = seed + purpose;
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
        return x ^ (x >> 31);
    }

    /// 64 × 64 → 128 bits, as (high, low).
    static constexpr std::pair<std::uint64_t, std::uint64_t> product(std::uint64_t a, std::uint64_t b) {
        const std::uint64_t ll = std::uint64_t{low(a)} * low(b), lh = std::uint64_t{low(a)} * high(b);
        const std::uint64_t hl = std::uint64_t{high(a)} * low(b), hh = std::uint64_t{high(a)} * high(b);
        const std::uint64_t middle = (ll >> 32) + low(lh) + low(hl);
        return {hh + high(lh) + high(hl) + (middle >> 32), (middle << 32) | low(ll)};
    }

    std::uint64_t key_;
    std::uint64_t stream_;
    std::uint64_t position_ = 0;
    std::array<std::uint32_t, 4> words_{};
};

} // namespace preflearn
