/// \file
/// Numbers that carry their derivatives in two variables, in long double: the naive formulas of the tests, written as
/// in the papers, give value and gradient that way.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>

using extended = long double;

struct dual {
    extended value = 0, d_chosen = 0, d_rejected = 0;
    dual(extended constant) : value(constant) {}
    dual(extended x, extended dc, extended dr) : value(x), d_chosen(dc), d_rejected(dr) {}

    /// f(x) with f and f' at x.
    [[nodiscard]] dual through(extended f, extended slope) const {
        const auto part = [slope](extended d) { return d == 0 ? extended(0) : slope * d; };
        return {f, part(d_chosen), part(d_rejected)};
    }
};

inline dual operator+(dual a, dual b) {
    return {a.value + b.value, a.d_chosen + b.d_chosen, a.d_rejected + b.d_rejected};
}
inline dual operator-(dual a) { return {-a.value, -a.d_chosen, -a.d_rejected}; }
inline dual operator-(dual a, dual b) { return a + (-b); }
inline dual operator*(dual a, dual b) {
    return {a.value * b.value, a.d_chosen * b.value + a.value * b.d_chosen,
            a.d_rejected * b.value + a.value * b.d_rejected};
}
inline dual operator/(dual a, dual b) { return a * b.through(1 / b.value, -1 / (b.value * b.value)); }
inline dual exp(dual x) { return x.through(std::exp(x.value), std::exp(x.value)); }
inline dual log(dual x) { return x.through(std::log(x.value), 1 / x.value); }
inline dual log1p(dual x) { return x.through(std::log1p(x.value), 1 / (1 + x.value)); }
inline dual sigma(dual x) {
    const extended p = 1 / (1 + std::exp(-x.value)), q = 1 / (1 + std::exp(x.value));
    return x.through(p, p * q);
}
inline dual log_sigma(dual x) {
    const extended value = x.value < 0 ? x.value - std::log1p(std::exp(x.value)) : -std::log1p(std::exp(-x.value));
    return x.through(value, 1 / (1 + std::exp(x.value)));
}
inline dual log1m_exp(dual x) { return x.through(std::log(-std::expm1(x.value)), 1 - 1 / (-std::expm1(x.value))); }
inline dual positive_part(dual x) { return x.value > 0 ? x : dual(0); }
inline dual log_normal_cdf(dual x) {
    const extended root = std::sqrt(extended(2)), p = std::erfc(-x.value / root) / 2;
    const extended density = std::exp(-x.value * x.value / 2) / std::sqrt(2 * std::acos(extended(-1)));
    return x.through(x.value > 0 ? std::log1p(-std::erfc(x.value / root) / 2) : std::log(p), density / p);
}
