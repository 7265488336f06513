/// \file
/// Exponentials and logarithms without branches or calls, so that a compiler turns a loop over them into vector code
/// (the C library's are scalar). e^{-x} = 2^{-k} e^{-r} with |r| ≤ ln 2 / 2 and ln 2 in two parts (Cody & Waite 1980),
/// a polynomial in r; log(1 + t) = 2 artanh(s), s = t / (2 + t), a polynomial in s². Both are minimax fits (Remez).
/// Always inlined: one call that remains in a loop keeps it from becoming vector code.
/// Relative error measured in the tests: below 5e-16 in double and 3e-7 in float wherever the result is normal.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <limits>
#include <type_traits>

#include <preflearn/core/system/compiler.hpp>

namespace preflearn {

namespace detail {

/// The constants of one floating-point type.
template <class Real> struct elementary;

template <> struct elementary<double> {
    using bits = std::uint64_t;
    static constexpr int mantissa = 52;
    static constexpr double shift = 0x1.8p52;           ///< adding it rounds to an integer in the low bits
    static constexpr double ln2_high = 0x1.62e42feep-1; ///< 32 bits: its multiples up to 2^21 are exact
    static constexpr double ln2_low = 0x1.a39ef35793c76p-33;
    static constexpr double smallest = 746;  ///< e^{-746} rounds to 0
    static constexpr double normal = 708.39; ///< e^{-708.39} is normal
    /// (e^{-r} - 1 + r) / r² as a polynomial in r, highest first; relative error of e^{-r} 2^-57.9.
    static constexpr std::array exponential = {-0x1.ad7f79341dcf7p-26, 0x1.28ad68bf781d9p-22,  -0x1.71df253b42392p-19,
                                               0x1.a0199a16c446bp-16,  -0x1.a01a012a693e5p-13, 0x1.6c16c18426773p-10,
                                               -0x1.1111111127b9dp-7,  0x1.555555555088cp-5,   -0x1.55555555554fap-3,
                                               0x1.000000000000ap-1};
    /// (artanh(s) / s - 1) / s² as a polynomial in s² on [0, 1/9], highest first; relative error of artanh 2^-59.4.
    static constexpr std::array artanh = {
        0x1.5c5f3821f6f1ep-4, 0x1.55cbfb692f4aap-5, 0x1.efd2543ffd6b6p-5, 0x1.1068222a70e98p-4, 0x1.3b1dd4a566920p-4,
        0x1.745cb44e00d22p-4, 0x1.c71c741a5b2e5p-4, 0x1.2492492090663p-3, 0x1.99999999a06d6p-3, 0x1.5555555555535p-2};
};

template <> struct elementary<float> {
    using bits = std::uint32_t;
    static constexpr int mantissa = 23;
    static constexpr float shift = 0x1.8p23F;
    static constexpr float ln2_high = 0x1.62e4p-1F;
    static constexpr float ln2_low = 1.42860682e-6F;
    static constexpr float smallest = 105;
    static constexpr float normal = 87.33F;
    /// As above; relative errors 2^-28.3 and 2^-27.7.
    static constexpr std::array exponential = {0x1.6a244cp-10F, -0x1.1239d4p-7F, 0x1.5558f2p-5F, -0x1.555492p-3F,
                                               0x1.fffffcp-2F};
    static constexpr std::array artanh = {0x1.1ed9fap-3F, 0x1.1ebc96p-3F, 0x1.99d210p-3F, 0x1.555502p-2F};
};

/// The polynomial of every Step-th coefficient of `Series`, from the At-th on, highest first (Horner's rule). They are
/// constants of the code, not loads from an array, which a compiler would have to prove apart from the stores of the
/// loop around it.
template <const auto& Series, std::size_t At, std::size_t Step, class Real>
[[gnu::always_inline]] PREFLEARN_DEVICE_AND_HOST inline Real polynomial_from(Real x, Real higher = 0) {
    constexpr Real coefficient = Series[At];
    const Real sum = At < Step ? coefficient : higher * x + coefficient;
    if constexpr (At + Step < Series.size())
        return polynomial_from<Series, At + Step, Step>(x, sum);
    else
        return sum;
}

/// The polynomial with the coefficients `Series`, highest first. A long one goes by even and odd powers side by side,
/// so that the chain of operations is half as long.
template <const auto& Series, class Real>
[[gnu::always_inline]] PREFLEARN_DEVICE_AND_HOST inline Real polynomial(Real x) {
    if constexpr (Series.size() < 8) {
        return polynomial_from<Series, 0, 1>(x);
    } else {
        constexpr std::size_t even = (Series.size() - 1) % 2;
        const Real square = x * x;
        return polynomial_from<Series, 1 - even, 2>(square) * x + polynomial_from<Series, even, 2>(square);
    }
}

/// 2^{-k} for 0 ≤ k up to the largest exponent.
template <class Real>
[[gnu::always_inline]] PREFLEARN_DEVICE_AND_HOST inline Real power_of_half(typename elementary<Real>::bits k) {
    using bits = typename elementary<Real>::bits;
    constexpr bits one = std::bit_cast<bits>(Real(1));
    return std::bit_cast<Real>(static_cast<bits>(one - (k << elementary<Real>::mantissa)));
}

/// The smaller of two numbers that are not negative, compared as whole numbers, whose order is the same: the comparison
/// of floating-point numbers with a constant invites compilers to split the loop's body in two.
template <class Real> [[gnu::always_inline]] PREFLEARN_DEVICE_AND_HOST inline Real smaller_size(Real x, Real limit) {
    using whole = std::make_signed_t<typename elementary<Real>::bits>;
    return std::bit_cast<Real>(std::min(std::bit_cast<whole>(x), std::bit_cast<whole>(limit)));
}

/// The larger of two such numbers.
template <class Real> [[gnu::always_inline]] PREFLEARN_DEVICE_AND_HOST inline Real larger_size(Real x, Real limit) {
    using whole = std::make_signed_t<typename elementary<Real>::bits>;
    return std::bit_cast<Real>(std::max(std::bit_cast<whole>(x), std::bit_cast<whole>(limit)));
}

/// e^{-x} = 2^{-k} (1 + rest), |rest| < 0.42, the whole number k as bits of the two's complement.
template <class Real> struct reduced_exponential {
    typename elementary<Real>::bits k;
    Real rest;
};

/// For |x| up to `smallest`.
template <class Real>
[[gnu::always_inline]] PREFLEARN_DEVICE_AND_HOST inline reduced_exponential<Real> reduce_exponential(Real x) {
    using constants = elementary<Real>;
    using bits = typename constants::bits;
    constexpr Real per_ln2 = static_cast<Real>(1.4426950408889634074);
    const Real shifted = x * per_ln2 + constants::shift;
    const Real k = shifted - constants::shift;
    const Real r = (x - k * constants::ln2_high) - k * constants::ln2_low;
    const Real series = detail::polynomial<constants::exponential>(r);
    return {static_cast<bits>(std::bit_cast<bits>(shifted) - std::bit_cast<bits>(constants::shift)),
            series * (r * r) - r};
}

} // namespace detail

/// `negative` where the sign bit of x is set, `otherwise` elsewhere, by bits. A conditional expression whose branches
/// compute something may be compiled to branches, and a loop with branches does not become vector code.
template <std::floating_point Real>
[[gnu::always_inline]] PREFLEARN_DEVICE_AND_HOST inline Real by_sign(Real x, Real negative, Real otherwise) {
    using bits = typename detail::elementary<Real>::bits;
    const bits mask = bits{0} - (std::bit_cast<bits>(x) >> (8 * sizeof(Real) - 1));
    return std::bit_cast<Real>(
        static_cast<bits>((std::bit_cast<bits>(negative) & mask) | (std::bit_cast<bits>(otherwise) & ~mask)));
}

/// e^{-x} for x ≥ 0 (+∞ gives 0). Below 0 or for NaN the result means nothing.
template <std::floating_point Real> [[gnu::always_inline]] PREFLEARN_DEVICE_AND_HOST inline Real exp_of_minus(Real x) {
    const auto [k, rest] = detail::reduce_exponential(detail::smaller_size(x, detail::elementary<Real>::smallest));
    // In two factors, because 2^{-k} alone may be subnormal while the bit pattern holds normal numbers only.
    const auto half = k >> 1;
    return (1 + rest) * detail::power_of_half<Real>(half) * detail::power_of_half<Real>(k - half);
}

/// The same for x up to where the result is no longer a normal number (`normal`; beyond it means nothing): two thirds
/// of the operations.
template <std::floating_point Real>
[[gnu::always_inline]] PREFLEARN_DEVICE_AND_HOST inline Real near_exp_of_minus(Real x) {
    using bits = typename detail::elementary<Real>::bits;
    const auto [k, rest] = detail::reduce_exponential(x);
    return std::bit_cast<Real>(
        static_cast<bits>(std::bit_cast<bits>(1 + rest) - (k << detail::elementary<Real>::mantissa)));
}

/// The same, but 0 from where the result would no longer be a normal number: a quarter quicker, for sums beside which
/// such terms are nothing.
template <std::floating_point Real>
[[gnu::always_inline]] PREFLEARN_DEVICE_AND_HOST inline Real normal_exp_of_minus(Real x) {
    using bits = typename detail::elementary<Real>::bits;
    constexpr Real normal = detail::elementary<Real>::normal;
    const Real power = near_exp_of_minus(detail::smaller_size(x, normal));
    // By the sign of a difference of bits: of a comparison AVX2's compilers make a branch.
    return by_sign(std::bit_cast<Real>(static_cast<bits>(std::bit_cast<bits>(normal) - std::bit_cast<bits>(x))),
                   Real(0), power);
}

/// 1 - e^{-x} for x ≥ 0, relatively accurate for small x too (+∞ gives 1).
template <std::floating_point Real>
[[gnu::always_inline]] PREFLEARN_DEVICE_AND_HOST inline Real one_minus_exp_of_minus(Real x) {
    constexpr Real enough = std::numeric_limits<Real>::digits; // e^{-x} is below half a unit in the last place of 1
    const auto [k, rest] = detail::reduce_exponential(detail::smaller_size(x, enough));
    const Real power = detail::power_of_half<Real>(k);
    return (1 - power) - power * rest;
}

/// e^{-x} and 1 − e^{-x} for x ≥ 0, from one reduction; e^{-x} stops at the smallest normal numbers.
template <class Real> struct exponential_terms { Real power, miss; };
template <std::floating_point Real>
[[gnu::always_inline]] PREFLEARN_DEVICE_AND_HOST inline exponential_terms<Real> exponential_of_minus(Real x) {
    const auto [k, rest] = detail::reduce_exponential(detail::smaller_size(x, detail::elementary<Real>::normal));
    const Real power = detail::power_of_half<Real>(k);
    return {(1 + rest) * power, (1 - power) - power * rest};
}

/// e^x for every x; above the logarithm of the type's largest number the result stays there, finite.
template <std::floating_point Real> [[gnu::always_inline]] PREFLEARN_DEVICE_AND_HOST inline Real saturated_exp(Real x) {
    using constants = detail::elementary<Real>;
    // The largest x whose rounded exponential is finite, less a few units in the last place.
    constexpr Real largest = std::is_same_v<Real, double> ? Real(709.7827) : Real(88.7228);
    const Real limit = by_sign(x, constants::smallest, largest);
    const auto [k, rest] = detail::reduce_exponential(std::copysign(detail::smaller_size(std::abs(x), limit), -x));
    // k / 2 rounded down for a negative k, too, without a signed shift, which AVX2 lacks.
    using bits = typename constants::bits;
    constexpr bits even = 1 << (std::is_same_v<Real, double> ? 12 : 9);
    const bits half = static_cast<bits>(k + even) / 2 - even / 2;
    return (1 + rest) * detail::power_of_half<Real>(half) * detail::power_of_half<Real>(k - half);
}

/// log y for a normal y > 0.
template <std::floating_point Real> [[gnu::always_inline]] PREFLEARN_DEVICE_AND_HOST inline Real log_of(Real y) {
    using constants = detail::elementary<Real>;
    using bits = typename constants::bits;
    // y = 2^k m with m in [√½, √2): the exponent of y / √½, rounded down; made positive, because AVX2 shifts no signs.
    constexpr bits root = std::bit_cast<bits>(static_cast<Real>(0.70710678118654752440));
    constexpr bits bias = 1 << (std::is_same_v<Real, double> ? 11 : 8);
    const bits k = ((std::bit_cast<bits>(y) - root + (bias << constants::mantissa)) >> constants::mantissa) - bias;
    const Real m = std::bit_cast<Real>(static_cast<bits>(std::bit_cast<bits>(y) - (k << constants::mantissa)));
    const Real s = (m - 1) / (m + 1);
    const Real square = s * s;
    const Real series = detail::polynomial<constants::artanh>(square);
    // A whole number to floating point through the shift's low bits: AVX2 has no such conversion of 64 bits.
    const Real power =
        std::bit_cast<Real>(static_cast<bits>(std::bit_cast<bits>(constants::shift) + k)) - constants::shift;
    return power * constants::ln2_high + (power * constants::ln2_low + 2 * (s + s * square * series));
}

/// log(1 + t) for t in [0, 1].
template <std::floating_point Real>
[[gnu::always_inline]] PREFLEARN_DEVICE_AND_HOST inline Real log_of_one_plus(Real t) {
    using constants = detail::elementary<Real>;
    const Real s = t / (2 + t);
    const Real square = s * s;
    const Real series = detail::polynomial<constants::artanh>(square);
    return 2 * (s + s * square * series);
}

} // namespace preflearn
