/// \file
/// Σ x_i without rounding: the additions are carried out in fixed point over the whole range of double (Kulisch's long
/// accumulator), so the sum depends on the numbers alone, not on their order or on how they were split among shards.
/// What merges shards to the bits of the whole batch uses it. A number alone costs a few nanoseconds, one of many less
/// than one: they are cut at a common place (Rump, Ogita & Oishi 2008, doi:10.1137/050645671, section 3), and what
/// stands above it is summed up in double without rounding.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

#include <preflearn/core/system/compiler.hpp>

namespace preflearn {

/// A sum of finite doubles; adding an infinity or NaN is the caller's fault and gives a number that means nothing.
class exact_sum {
  public:
    exact_sum& operator+=(double x) {
        const std::uint64_t bits = std::bit_cast<std::uint64_t>(x);
        const auto exponent = static_cast<unsigned>(bits >> 52) & 0x7FF;
        const std::uint64_t fraction = bits & ((std::uint64_t{1} << 52) - 1);
        // |x| = mantissa 2^(place − 1074); the mantissa's 53 bits fall into three digits.
        const std::uint64_t mantissa = exponent == 0 ? fraction : fraction | (std::uint64_t{1} << 52);
        const unsigned place = std::max(exponent, 1U) - 1, within = place % 32;
        const std::uint64_t low = mantissa << within, high = (mantissa >> 32) >> (32 - within);
        const std::int64_t sign = bits >> 63 == 0 ? 1 : -1;
        std::int64_t* const digit = digits_.data() + place / 32;
        digit[0] += sign * static_cast<std::int64_t>(low & 0xFFFFFFFF);
        digit[1] += sign * static_cast<std::int64_t>(low >> 32);
        digit[2] += sign * static_cast<std::int64_t>(high);
        if (++added_ >= most) carry();
        return *this;
    }
    /// Adds many numbers: the same sum as one after the other.
    template <std::floating_point Real> void add(std::span<const Real> values) {
        for (std::size_t at = 0; at < values.size(); at += piece)
            add_piece(values.subspan(at, std::min(piece, values.size() - at)));
    }
    exact_sum& operator+=(const exact_sum& other) {
        for (std::size_t i = 0; i < digits_.size(); ++i) digits_[i] += other.digits_[i];
        added_ += other.added_;
        if (added_ >= most) carry();
        return *this;
    }

    /// The sum rounded once, to nearest (subnormal sums up to twice); ±∞ beyond the range of double.
    [[nodiscard]] double value() const {
        exact_sum size = *this;
        size.carry();
        const bool negative = size.digits_.back() < 0;
        if (negative) {
            for (std::int64_t& digit : size.digits_) digit = -digit;
            size.carry();
        }
        std::size_t top = size.digits_.size();
        while (top > 0 && size.digits_[top - 1] == 0) --top;
        if (top == 0) return 0;
        if (top == size.digits_.size()) return negative ? -infinite : infinite;
        // The 64 highest bits, the lowest of them set when anything below is: one rounding of them is that of the sum.
        const auto digit = [&](std::size_t below) {
            return top > below ? static_cast<std::uint64_t>(size.digits_[top - 1 - below]) : 0;
        };
        const int shift = std::countl_zero(digit(0)) - 32;
        std::uint64_t bits = (digit(0) << 32 | digit(1)) << shift | digit(2) >> (32 - shift);
        bool rest = (digit(2) << (32 + shift)) != 0;
        for (std::size_t i = 0; i + 3 < top; ++i) rest = rest || size.digits_[i] != 0;
        if (rest) bits |= 1;
        const double rounded = std::ldexp(static_cast<double>(bits), static_cast<int>(32 * top) - 64 - 1074 - shift);
        return negative ? -rounded : rounded;
    }

  private:
    static constexpr std::uint64_t most = std::uint64_t{1} << 29;
    static constexpr double infinite = std::numeric_limits<double>::infinity();
    static constexpr std::size_t piece = 512, lanes = 16;

    /// Numbers below 2^(e + 1) in size are cut at 2^(e − 43), which leaves at most 2^(e − 44) of each.
    template <std::floating_point Real> void add_piece(std::span<const Real> values) {
        alignas(64) std::array<double, piece> rest;
        const std::size_t padded = (values.size() + lanes - 1) / lanes * lanes;
        for (std::size_t i = 0; i < values.size(); ++i) rest[i] = static_cast<double>(values[i]);
        for (std::size_t i = values.size(); i < padded; ++i) rest[i] = 0;
        std::int64_t largest = 0; // of the bits, whose order is that of the sizes
        for (std::size_t i = 0; i < padded; ++i)
            largest = std::max(largest, std::bit_cast<std::int64_t>(std::abs(rest[i])));
        const double size = std::bit_cast<double>(largest);
        bool left = size > 0;
        if (size < 0x1p1000) {
            for (double cut = std::ldexp(1.5, std::ilogb(size) + 9); left && cut > 0x1p-950; cut *= 0x1p-44)
                left = add_above(cut, rest, padded);
        }
        for (std::size_t i = 0; left && i < values.size(); ++i) *this += rest[i];
    }
    /// Adds what stands above the last place of `cut`, in at most 53 bits, and leaves the rest. Returns whether there
    /// is one.
    bool add_above(double cut, std::array<double, piece>& rest, std::size_t padded) {
        const auto above = [cut](double x) { return (x + cut) - cut; };
        alignas(64) std::array<double, lanes> sums{};
        for (std::size_t i = 0; i < padded; i += lanes) {
            for (std::size_t lane = 0; lane < lanes; ++lane) sums[lane] += above(rest[i + lane]);
        }
        std::uint64_t left = 0;
        for (std::size_t i = 0; i < padded; ++i) {
            rest[i] -= above(rest[i]);
            left |= std::bit_cast<std::uint64_t>(rest[i]);
        }
        for (std::size_t lane = 1; lane < lanes; ++lane) sums[0] += sums[lane];
        *this += sums[0];
        return left << 1 != 0;
    }

    /// Every digit but the highest, which has the sign, into [0, 2^32).
    void carry() {
        for (std::size_t i = 0; i + 1 < digits_.size(); ++i) {
            const std::int64_t over = digits_[i] >> 32;
            digits_[i] -= over * (std::int64_t{1} << 32);
            digits_[i + 1] += over;
        }
        added_ = 1;
    }

    /// Digits of 32 bits from 2^-1074 up, each with room for `most` additions twice.
    std::array<std::int64_t, 67> digits_{};
    std::uint64_t added_ = 0;
};

} // namespace preflearn
