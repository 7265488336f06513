/// \file
/// The six forms of the intraclass correlation with standard errors: no formula is published, so units are drawn with
/// replacement. All forms share their replicates, in which units are counted; the analysis of variance of a draw
/// follows from a few sums over the units, weighted by these counts.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

#include <preflearn/agreement/raters/icc.hpp>
#include <preflearn/agreement/uncertainty/bootstrap.hpp>
#include <preflearn/agreement/uncertainty/estimate.hpp>
#include <preflearn/core/matrix_view.hpp>
#include <preflearn/core/system/error.hpp>

namespace preflearn {

inline constexpr std::array<icc_form, 6> icc_forms{icc_form::icc_1_1, icc_form::icc_2_1, icc_form::icc_3_1,
                                                   icc_form::icc_1_k, icc_form::icc_2_k, icc_form::icc_3_k};

namespace detail {

/// Σ times_u · value_u, in an order that the number of units alone decides.
inline double weighted_sum(std::span<const std::uint16_t> times, const double* values) {
    constexpr std::size_t parts = 16; // that do not wait for each other
    std::array<double, parts> sums{};
    std::size_t u = 0;
    for (; u + parts <= times.size(); u += parts)
        for (std::size_t lane = 0; lane < parts; ++lane) sums[lane] += times[u + lane] * values[u + lane];
    for (; u < times.size(); ++u) sums[0] += times[u] * values[u];
    return std::accumulate(sums.begin(), sums.end(), 0.0);
}

/// The complete units of a table in columns: for each rater the ratings from the rater's mean; the square of the units'
/// means of these; the sum of their squared distances from it.
class complete_units {
  public:
    explicit complete_units(matrix_view<const double> table) : raters_(table.columns), mean_(table.columns) {
        std::vector<std::size_t> complete;
        for (std::size_t u = 0; u < table.rows; ++u)
            if (std::none_of(table.row(u), table.row(u) + raters_, [](double x) { return std::isnan(x); }))
                complete.push_back(u);
        units_ = complete.size();
        if (units_ == 0) return;
        const double* const first = table.row(complete[0]);
        for (const std::size_t u : complete)
            for (std::size_t r = 0; r < raters_; ++r) mean_[r] += table(u, r) - first[r];
        for (double& mean : mean_) mean /= static_cast<double>(units_);
        columns_.resize(units_ * (raters_ + 2));
        for (std::size_t i = 0; i < units_; ++i) {
            double sum = 0, squares = 0;
            for (std::size_t r = 0; r < raters_; ++r)
                sum += columns_[r * units_ + i] = table(complete[i], r) - first[r] - mean_[r];
            const double mean = sum / static_cast<double>(raters_);
            for (std::size_t r = 0; r < raters_; ++r) {
                const double rest = columns_[r * units_ + i] - mean;
                squares += rest * rest;
            }
            columns_[raters_ * units_ + i] = mean * mean;
            columns_[(raters_ + 1) * units_ + i] = squares;
        }
        for (std::size_t r = 0; r < raters_; ++r) mean_[r] += first[r] - first[0];
    }
    [[nodiscard]] std::size_t units() const { return units_; }

    /// The analysis of the units, each drawn so many times.
    [[nodiscard]] rating_variance variance(std::span<const std::uint16_t> times) const {
        const auto n = static_cast<double>(units_), k = static_cast<double>(raters_);
        std::vector<double> mean(raters_);
        double grand = 0, centre = 0;
        for (std::size_t r = 0; r < raters_; ++r) {
            mean[r] = weighted_sum(times, column(r)) / n;
            grand += mean[r] / k;
            centre += mean_[r] / k;
        }
        double own = 0, all = 0; // squares of the raters' means: of this draw alone, and with those of the whole table
        for (std::size_t r = 0; r < raters_; ++r) {
            const double here = mean[r] - grand, rater = here + mean_[r] - centre;
            own += here * here;
            all += rater * rater;
        }
        const double units = std::max(0.0, weighted_sum(times, column(raters_)) - n * grand * grand);
        const double residual = std::max(0.0, weighted_sum(times, column(raters_ + 1)) - n * own);
        rating_variance v{.units = n, .raters = k};
        v.between_units = k * units / (n - 1);
        v.between_raters = n * all / (k - 1);
        v.within_units = (residual + n * all) / (n * (k - 1));
        v.residual = residual / ((n - 1) * (k - 1));
        return v;
    }

  private:
    [[nodiscard]] const double* column(std::size_t c) const { return columns_.data() + c * units_; }
    std::size_t raters_, units_ = 0;
    std::vector<double> mean_, columns_;
};

} // namespace detail

/// Every form of the ICC with its F interval and the standard error of a bootstrap over complete units, in the order
/// of `icc_forms`. \param ratings units × raters, NaN is missing. \throws numeric_error as `analyse_variance`.
inline std::array<estimate, icc_forms.size()> every_icc(matrix_view<const double> ratings,
                                                        const bootstrap_options& options = {}) {
    const rating_variance whole = analyse_variance(ratings);
    std::array<estimate, icc_forms.size()> all;
    bool some = false;
    for (std::size_t f = 0; f < icc_forms.size(); ++f) {
        all[f] = icc(whole, icc_forms[f], options.confidence);
        some = some || all[f].defined();
    }
    if (!some) return all;
    const detail::complete_units units(ratings);
    using draws = std::vector<std::uint16_t>;
    const std::vector<bootstrap_result> errors = bootstrap_together(
        units.units(), icc_forms.size(), [&] { return draws(units.units()); },
        [](draws& times) { std::ranges::fill(times, std::uint16_t{0}); },
        [](draws& times, std::size_t unit) {
            require<numeric_error>(++times[unit] > 0, "unit ", unit, " was drawn more than 65,535 times");
        },
        [&](const draws& times, std::span<double> values) {
            rating_variance v = units.variance(times);
            v.largest = whole.largest;
            v.magnitude = whole.magnitude;
            for (std::size_t f = 0; f < icc_forms.size(); ++f) values[f] = icc_value(v, icc_forms[f]).value;
        },
        options);
    for (std::size_t f = 0; f < icc_forms.size(); ++f)
        if (all[f].defined()) all[f].standard_error = errors[f].value.standard_error;
    return all;
}

} // namespace preflearn
