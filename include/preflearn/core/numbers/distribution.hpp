/// \file
/// Tail probabilities and quantiles of the normal, Student, beta, F and χ² distributions, for intervals and tests.
/// All rest on the regularised incomplete beta and gamma functions (continued fractions by Lentz's method; DLMF 8.17.22
/// and 8.9.2) with Stirling corrections that keep relative accuracy for a million observations. std has none of them.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numbers>

#include <preflearn/core/system/error.hpp>

namespace preflearn {

namespace detail {

/// log Γ(x) - Stirling's formula, for x >= 10.
inline double stirling_correction(double x) {
    const double s = 1 / (x * x);
    return (1.0 / 12 - s * (1.0 / 360 - s * (1.0 / 1260 - s * (1.0 / 1680 - s * (1.0 / 1188 - s * 691.0 / 360360))))) /
           x;
}

/// log of x^a y^b / B(a, b) with y = 1 - x given, so that neither tail cancels.
inline double log_beta_weight(double a, double b, double x, double y) {
    const double n = a + b;
    if (a < b) return log_beta_weight(b, a, y, x);
    const double distance = (x * b - y * a) / n; // of x from the mean; one number for both, so that its error cancels
    const auto power = [n](double count, double probability, double excess) { // count · log(probability / (count / n))
        const double relative = excess * n / count;
        return count * (std::abs(relative) < 0.5 ? std::log1p(relative) : std::log(probability * n / count));
    };
    if (b >= 10) {
        return power(a, x, distance) + power(b, y, -distance) + 0.5 * std::log(b * (a / n) / (2 * std::numbers::pi)) -
               stirling_correction(a) - stirling_correction(b) + stirling_correction(n);
    }
    if (a >= 10) { // log Γ(a + b) - log Γ(a) without the cancellation of two large numbers
        const double ratio =
            (a - 0.5) * std::log1p(b / a) + b * std::log(n) - b + stirling_correction(n) - stirling_correction(a);
        return a * (y < 0.5 ? std::log1p(-y) : std::log(x)) + b * std::log(y) + ratio - std::lgamma(b);
    }
    return a * std::log(x) + b * std::log(y) + std::lgamma(n) - std::lgamma(a) - std::lgamma(b);
}

/// x^a y^b / (B(a, b) I_x(a, b)) by the even part of the continued fraction of DLMF 8.17.22 (Didonato & Morris 1992,
/// equation 9), which takes y = 1 - x and does not cancel. Converges fast for x < (a + 1) / (a + b + 2).
inline double beta_fraction(double a, double b, double x, double y) {
    constexpr double tiny = 1e-300;
    double fraction = std::max(tiny, a * (a * y - b * x + 1) / (a + 1)), c = fraction, d = 0;
    for (int m = 1; m < 100'000; ++m) {
        const double n = m, before = a + 2 * n - 1;
        const double numerator = (a + n - 1) * (a + b + n - 1) / before * (n * (b - n) * x * x / before);
        const double denominator =
            n + n * (b - n) * x / before + (a + n) * (a * y - b * x + 1 + n * (1 + y)) / (a + 2 * n + 1);
        d = denominator + numerator * d;
        c = denominator + numerator / c;
        d = 1 / (std::abs(d) < tiny ? tiny : d);
        c = std::abs(c) < tiny ? tiny : c;
        fraction *= c * d;
        if (std::abs(c * d - 1) < 1e-16) break;
    }
    return fraction;
}

/// The x > 0 with `upper_tail(x)` = probability, for a continuous decreasing tail on [0, ∞).
template <class Tail> double invert_tail(const Tail& upper_tail, double probability) {
    double low = 0, high = 1;
    while (upper_tail(high) > probability && high < 1e300) {
        low = high;
        high *= 2;
    }
    for (int step = 0; step < 2000; ++step) {
        // Halve the ratio while the bracket spans orders of magnitude, the difference afterwards.
        const double middle = low > 0 && high > 2 * low   ? std::sqrt(low) * std::sqrt(high)
                              : low == 0 && high > 1e-300 ? high / 16
                                                          : low + (high - low) / 2;
        if (middle <= low || middle >= high) break;
        (upper_tail(middle) > probability ? low : high) = middle;
    }
    return low + (high - low) / 2;
}

} // namespace detail

/// I_x(a, b), the probability that a beta(a, b) variable is at most x. `y` is 1 - x where it is known more
/// precisely than by subtraction. a, b > 0; x in [0, 1].
inline double incomplete_beta(double a, double b, double x, double y) {
    require(a > 0 && b > 0 && x >= 0 && y >= 0 && x <= 1 && y <= 1, "the incomplete beta function needs a, b > 0 and ",
            "x in [0, 1], found a = ", a, ", b = ", b, ", x = ", x);
    if (x == 0) return 0;
    if (y == 0) return 1;
    const double weight = std::exp(detail::log_beta_weight(a, b, x, y));
    if (x < (a + 1) / (a + b + 2)) return weight / detail::beta_fraction(a, b, x, y);
    return 1 - weight / detail::beta_fraction(b, a, y, x);
}
inline double incomplete_beta(double a, double b, double x) { return incomplete_beta(a, b, x, 1 - x); }

/// The x with I_x(a, b) = probability.
inline double beta_quantile(double probability, double a, double b) {
    require(probability >= 0 && probability <= 1, "a quantile needs a probability in [0, 1], found ", probability);
    if (probability == 0 || probability == 1) return probability;
    // In odds, x = odds / (1 + odds), both ends of [0, 1] are resolved.
    const double odds =
        detail::invert_tail([&](double o) { return incomplete_beta(b, a, 1 / (1 + o), o / (1 + o)); }, 1 - probability);
    return odds / (1 + odds);
}

/// P(N(0, 1) > x).
inline double normal_tail(double x) { return std::erfc(x / std::numbers::sqrt2) / 2; }

/// The two-sided p-value of a standard normal statistic.
inline double normal_p_value(double z) { return std::erfc(std::abs(z) / std::numbers::sqrt2); }

/// Φ⁻¹(probability). Abramowitz & Stegun 26.2.23 starts Halley's iteration, which reaches the last digits.
inline double normal_quantile(double probability) {
    require(probability >= 0 && probability <= 1, "a quantile needs a probability in [0, 1], found ", probability);
    const double tail = std::min(probability, 1 - probability);
    if (tail == 0)
        return probability == 0 ? -std::numeric_limits<double>::infinity() : std::numeric_limits<double>::infinity();
    const double t = std::sqrt(-2 * std::log(tail));
    double x = t - (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
    for (int step = 0; step < 3; ++step) {
        const double density = std::exp(-x * x / 2) / std::sqrt(2 * std::numbers::pi);
        const double error = (normal_tail(x) - tail) / density;
        x += error / (1 - x * error / 2);
    }
    return probability < 0.5 ? -x : x;
}

/// The z with P(|N(0, 1)| <= z) = confidence; 1.96 for 0.95.
inline double normal_critical(double confidence) {
    require(confidence > 0 && confidence < 1, "a confidence level lies inside (0, 1), found ", confidence);
    return -normal_quantile((1 - confidence) / 2); // the tail keeps digits that 0.5 + confidence / 2 rounds away
}

/// P(|T| > t) for Student's distribution.
inline double student_p_value(double t, double degrees) {
    require(degrees > 0, "Student's distribution needs degrees of freedom above 0, found ", degrees);
    const double square = t * t;
    if (std::isinf(square)) return 0;
    return incomplete_beta(degrees / 2, 0.5, degrees / (degrees + square), square / (degrees + square));
}

/// The t with P(|T| <= t) = confidence for Student's distribution. The tail is convex, so Newton's method climbs to the
/// root from the normal's critical value, which lies below it.
inline double student_critical(double confidence, double degrees) {
    double t = normal_critical(confidence);
    for (int step = 0; step < 200; ++step) {
        const double excess = student_p_value(t, degrees) - (1 - confidence), square = t * t;
        const double density = std::exp(detail::log_beta_weight(degrees / 2, 0.5, degrees / (degrees + square),
                                                                square / (degrees + square))) /
                               t;
        const double next = t + excess / (2 * density);
        if (!(next > t)) break;
        t = next;
    }
    return t;
}

/// P(F > x) with `above` and `below` degrees of freedom.
inline double f_tail(double x, double above, double below) {
    if (x <= 0) return 1;
    const double scaled = above * x;
    return incomplete_beta(below / 2, above / 2, below / (below + scaled), scaled / (below + scaled));
}

/// The x with P(F <= x) = probability.
inline double f_quantile(double probability, double above, double below) {
    require(probability > 0 && probability < 1, "an F quantile needs a probability in (0, 1), found ", probability);
    return detail::invert_tail([&](double x) { return f_tail(x, above, below); }, 1 - probability);
}

/// P(χ² > x), the regularised upper incomplete gamma function Q(degrees / 2, x / 2).
inline double chi_square_tail(double x, double degrees) {
    require(degrees > 0, "a χ² distribution needs degrees of freedom above 0, found ", degrees);
    if (x <= 0) return 1;
    const double a = degrees / 2, half = x / 2;
    const double weight = std::exp(a * std::log(half) - half - std::lgamma(a));
    if (half < a + 1) {
        double term = 1 / a, sum = term;
        for (double n = a + 1; term > sum * 1e-17; ++n) sum += term *= half / n;
        return 1 - weight * sum;
    }
    double b = half + 1 - a, c = 1e300, d = 1 / b, fraction = d;
    for (int i = 1; i < 100'000; ++i) {
        const double term = -i * (i - a);
        b += 2;
        d = 1 / (term * d + b);
        c = b + term / c;
        fraction *= c * d;
        if (std::abs(c * d - 1) < 1e-16) break;
    }
    return weight * fraction;
}

/// The two-sided p-value of k successes in n tosses of a fair coin (the exact sign test), min(1, 2 P(X <= min(k, n -
/// k))).
inline double sign_test(std::size_t successes, std::size_t tosses) {
    require(successes <= tosses, "a sign test of ", successes, " successes in ", tosses, " tosses");
    const std::size_t fewer = std::min(successes, tosses - successes);
    if (2 * fewer == tosses) return 1;
    return std::min(1.0, 2 * incomplete_beta(static_cast<double>(tosses - fewer), static_cast<double>(fewer + 1), 0.5));
}

} // namespace preflearn
