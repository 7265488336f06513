/// \file
/// Intraclass correlations of a complete units × raters table of numbers: the six forms of Shrout & Fleiss (1979) from
/// one analysis of variance, with their F intervals (McGraw & Wong 1996). No standard error is published for them; see
/// icc_bootstrap.hpp for one.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include <preflearn/agreement/uncertainty/estimate.hpp>
#include <preflearn/core/matrix_view.hpp>
#include <preflearn/core/numbers/distribution.hpp>
#include <preflearn/core/numbers/rounding.hpp>
#include <preflearn/core/system/error.hpp>

namespace preflearn {

/// ICC(model, raters averaged): model 1 is one-way (each unit has its own raters), 2 two-way with random raters
/// (absolute agreement), 3 two-way with these raters (consistency); k averages over all raters.
enum class icc_form : std::uint8_t { icc_1_1, icc_2_1, icc_3_1, icc_1_k, icc_2_k, icc_3_k };

/// Mean squares of a units × raters table; from them come all six forms.
struct rating_variance {
    double units = 0, raters = 0;
    double between_units = undefined, between_raters = undefined, within_units = undefined, residual = undefined;
    /// The largest distance from one of the ratings and the largest rating, beside which rounding is no variance.
    double largest = 0, magnitude = 0;
    /// Units left out because some, but not all, of their ratings were missing.
    std::size_t incomplete = 0;
};

/// Units with a missing (NaN) rating are left out. \throws numeric_error naming unit and rater of an
/// infinity.
inline rating_variance analyse_variance(matrix_view<const double> ratings) {
    rating_variance v;
    v.raters = static_cast<double>(ratings.columns);
    std::vector<double> unit_mean, rater_mean(ratings.columns);
    std::vector<std::size_t> complete;
    double origin = 0; // a rating, so that equal ones have no variance and large ones lose no digits
    const auto rating = [&](std::size_t u, std::size_t r) { return ratings(u, r) - origin; };
    for (std::size_t u = 0; u < ratings.rows; ++u) {
        double sum = 0;
        std::size_t given = 0;
        for (std::size_t r = 0; r < ratings.columns; ++r) {
            if (r == 0 && complete.empty() && !std::isnan(ratings(u, 0))) origin = ratings(u, 0);
            require<numeric_error>(!std::isinf(ratings(u, r)), "unit ", u, ", rater ", r, ": rating ", ratings(u, r));
            sum += rating(u, r);
            given += !std::isnan(ratings(u, r));
        }
        if (given < ratings.columns) {
            v.incomplete += given > 0;
            continue;
        }
        for (std::size_t r = 0; r < ratings.columns; ++r) {
            v.largest = std::max(v.largest, std::abs(rating(u, r)));
            v.magnitude = std::max(v.magnitude, std::abs(ratings(u, r)));
        }
        complete.push_back(u);
        unit_mean.push_back(sum / v.raters);
        for (std::size_t r = 0; r < ratings.columns; ++r) rater_mean[r] += rating(u, r);
    }
    v.units = static_cast<double>(complete.size());
    if (v.units < 2 || v.raters < 2) return v;
    double grand = 0;
    for (double& mean : rater_mean) grand += (mean /= v.units) / v.raters;
    double units = 0, raters = 0, within = 0, residual = 0;
    for (const double mean : rater_mean) raters += (mean - grand) * (mean - grand);
    for (std::size_t i = 0; i < complete.size(); ++i) {
        units += (unit_mean[i] - grand) * (unit_mean[i] - grand);
        for (std::size_t r = 0; r < ratings.columns; ++r) {
            const double deviation = rating(complete[i], r) - unit_mean[i], rest = deviation - rater_mean[r] + grand;
            within += deviation * deviation;
            residual += rest * rest;
        }
    }
    v.between_units = v.raters * units / (v.units - 1);
    v.between_raters = v.units * raters / (v.raters - 1);
    v.within_units = within / (v.units * (v.raters - 1));
    v.residual = residual / ((v.units - 1) * (v.raters - 1));
    require<numeric_error>(std::isfinite(units) && std::isfinite(raters) && std::isfinite(within),
                           "the sums of squares of ratings up to ", v.largest, " apart overflow");
    return v;
}

namespace detail {

/// What a form of the ICC is made of: (units - noise) / (units + …).
struct icc_parts {
    bool average = false, one_way = false, two_way_random = false;
    /// The mean square that counts as noise, and the raters' component of variance.
    double noise = 0, raters = 0;
};

/// What rounding may leave of the variance of equal ratings.
inline double rounding_variance(const rating_variance& v) {
    const double step = std::max(1e-14 * v.largest, rounding_share * v.magnitude);
    return step * step;
}

inline icc_parts mean_squares_of(const rating_variance& v, icc_form form) {
    icc_parts parts{.average = form == icc_form::icc_1_k || form == icc_form::icc_2_k || form == icc_form::icc_3_k,
                    .one_way = form == icc_form::icc_1_1 || form == icc_form::icc_1_k,
                    .two_way_random = form == icc_form::icc_2_1 || form == icc_form::icc_2_k};
    parts.noise = parts.one_way ? v.within_units : v.residual;
    parts.raters = parts.two_way_random ? (v.between_raters - v.residual) / v.units : 0;
    return parts;
}

} // namespace detail

/// The value of one form of the ICC, without an interval. Fewer than two complete units or raters: too_few. Ratings
/// that do not vary, or whose variance is estimated to be no more than 0: constant_input.
inline estimate icc_value(const rating_variance& v, icc_form form) {
    const auto count = static_cast<std::size_t>(v.units);
    if (v.units < 2 || v.raters < 2)
        return estimate::none(v.units == 0 && v.incomplete == 0 ? estimate_status::empty : estimate_status::too_few,
                              count);
    const detail::icc_parts p = detail::mean_squares_of(v, form);
    const double b = v.between_units, k = v.raters;
    const double denominator = p.average ? b + p.raters : b + (k - 1) * p.noise + k * p.raters;
    // What rounding leaves is not variance.
    if (b + v.within_units <= detail::rounding_variance(v) || !(denominator > 1e-13 * (b + v.within_units)))
        return estimate::none(estimate_status::constant_input, count);
    return {.value = (b - p.noise) / denominator, .count = count, .status = estimate_status::ok};
}

/// One form of the ICC with its F interval, where there is one: not where each rater gives all units the same.
inline estimate icc(const rating_variance& v, icc_form form, double confidence = 0.95) {
    estimate result = icc_value(v, form);
    if (!result.defined()) return result;
    const detail::icc_parts p = detail::mean_squares_of(v, form);
    const double n = v.units, k = v.raters, b = v.between_units, e = v.residual, j = v.between_raters;
    const double upper = 0.5 + confidence / 2, wide = n - 1, rounding = detail::rounding_variance(v);
    if (p.noise <= rounding && std::abs(p.raters) <= rounding && result.value > 1 - 1e-9) {
        result.bounds = {1, 1}; // the raters agree exactly
    } else if (!p.two_way_random) {
        const double narrow = p.one_way ? n * (k - 1) : (n - 1) * (k - 1), f = b / p.noise;
        const auto bound = [&](double scaled) { return p.average ? 1 - 1 / scaled : 1 - k / (scaled + k - 1); };
        result.bounds = {bound(f / f_quantile(upper, wide, narrow)), bound(f * f_quantile(upper, narrow, wide))};
    } else {
        // Satterthwaite's degrees of freedom for raters and residual together (Shrout & Fleiss 1979, p. 424).
        const double single = (b - e) / (b + (k - 1) * e + k * (j - e) / n);
        const double own = e * (n * (1 + (k - 1) * single) - k * single), part = k * single * j;
        const double degrees = (k - 1) * (n - 1) * (part + own) * (part + own) / ((n - 1) * part * part + own * own);
        if (!(degrees > 0)) return result;
        const double low_f = f_quantile(upper, wide, degrees), high_f = f_quantile(upper, degrees, wide);
        const double low = n * (b - low_f * e) / (low_f * (k * j + (k * n - k - n) * e) + n * b);
        const double high = n * (high_f * b - e) / (k * j + (k * n - k - n) * e + n * high_f * b);
        const auto averaged = [&](double x) { // Spearman & Brown, which falls without bound
            return x * (k - 1) > -1 ? x * k / (1 + x * (k - 1)) : -std::numeric_limits<double>::infinity();
        };
        result.bounds = p.average ? interval{averaged(low), averaged(high)} : interval{low, high};
    }
    return result;
}

/// The same from the ratings; NaN is missing.
inline estimate icc(matrix_view<const double> ratings, icc_form form, double confidence = 0.95) {
    return icc(analyse_variance(ratings), form, confidence);
}

} // namespace preflearn
