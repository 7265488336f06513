/// \file
/// Krippendorff's alpha, 1 - D_o / D_e: disagreement within units against disagreement between all ratings, for any
/// number of raters, missing ratings and any squared difference δ² of two categories (Krippendorff 2018, ch. 12).
/// Where δ² = (s_c - s_k)² for scores s (interval level; ordinal level with s the mid-rank) it is computed from
/// moments, so that continuous ratings cost no more than their number. The standard error is the linearised variance
/// over units (Gwet 2014, ch. 6; it takes (n - 1) / n for 1), for the ordinal level with the derivative of the
/// mid-ranks themselves.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <preflearn/agreement/chance_corrected.hpp>
#include <preflearn/agreement/estimate.hpp>
#include <preflearn/agreement/ratings.hpp>
#include <preflearn/agreement/weights.hpp>
#include <preflearn/core/error.hpp>

namespace preflearn {

/// A squared difference δ² of two categories: 0 for equal ones, symmetric, not negative. A lambda is one.
template <class D>
concept CategoryDistance = requires(const D& squared, category a, category b) {
    { squared(a, b) } -> std::convertible_to<double>;
};

struct nominal_distance {
    double operator()(category a, category b) const { return a == b ? 0 : 1; }
};
/// (a - b)² of the categories' positions.
struct interval_distance {
    category_scale scale;
    [[nodiscard]] double score(category k) const { return scale[k]; }
    double operator()(category a, category b) const { return (scale[a] - scale[b]) * (scale[a] - scale[b]); }
};
/// ((a - b) / (a + b))² of positions that are not negative; 0 against 0 is 0.
class ratio_distance {
  public:
    explicit ratio_distance(category_scale scale) : scale_(std::move(scale)) {
        const double low = std::ranges::min(scale_.positions());
        require(low >= 0, "the ratio level needs values >= 0, found ", low);
    }
    double operator()(category a, category b) const {
        if (scale_[a] == scale_[b]) return 0;
        const double step = (scale_[a] - scale_[b]) / (scale_[a] + scale_[b]);
        return step * step;
    }

  private:
    category_scale scale_;
};
/// Ordinal level: the distance depends on how often the ranks between two categories were used, so it is made from the
/// ratings by `krippendorff_alpha`.
struct ordinal_distance {};

namespace detail {

/// Units with two ratings or more, and the values in them.
struct paired_values {
    double units = 0, values = 0;
    std::vector<double> of_category;
};

inline paired_values count_paired(const rating_counts& ratings) {
    paired_values paired;
    paired.of_category.resize(ratings.categories());
    ratings.for_each([&](std::span<const category> row, std::uint64_t count) {
        const auto n = static_cast<double>(count);
        double size = 0;
        for (const category k : row) size += k >= 0;
        if (size < 2) return;
        paired.units += n;
        paired.values += n * size;
        for (const category k : row)
            if (k >= 0) paired.of_category[static_cast<std::size_t>(k)] += n;
    });
    return paired;
}

/// (δ² n)_k = Σ_l δ²(k, l) n_l for every category.
template <CategoryDistance D> std::vector<double> distance_to_all(const D& squared, std::span<const double> n) {
    std::vector<double> total(n.size());
    if constexpr (requires { squared.score(category{}); }) {
        double sum = 0, mean = 0, spread = 0;
        const auto score = [&](std::size_t k) { return squared.score(static_cast<category>(k)); };
        for (std::size_t k = 0; k < n.size(); ++k) sum += n[k], mean += n[k] * score(k);
        mean /= sum;
        for (std::size_t k = 0; k < n.size(); ++k) spread += n[k] * (score(k) - mean) * (score(k) - mean);
        for (std::size_t k = 0; k < n.size(); ++k) total[k] = sum * (score(k) - mean) * (score(k) - mean) + spread;
    } else {
        for (std::size_t k = 0; k < n.size(); ++k)
            for (std::size_t l = 0; l < n.size(); ++l)
                if (n[l] != 0) total[k] += n[l] * squared(static_cast<category>(k), static_cast<category>(l));
    }
    return total;
}

/// Σ δ² over ordered pairs of a unit's ratings, divided by the number of ratings less one.
template <CategoryDistance D> double disagreement(const D& squared, const unit_profile& unit) {
    const auto counts = unit.counts();
    const double size = unit.ratings();
    double sum = 0;
    if constexpr (requires { squared.score(category{}); }) {
        double mean = 0;
        for (const auto& [k, n] : counts) mean += n * squared.score(k) / size;
        for (const auto& [k, n] : counts) sum += n * (squared.score(k) - mean) * (squared.score(k) - mean);
        sum *= 2 * size;
    } else {
        for (std::size_t i = 1; i < counts.size(); ++i)
            for (std::size_t j = 0; j < i; ++j)
                sum += 2 * counts[i].second * counts[j].second * squared(counts[i].first, counts[j].first);
    }
    return sum / (size - 1);
}

/// Alpha with a further derivative per category, `extra[k]`: what one more rating k does to alpha through δ² itself.
template <CategoryDistance D>
agreement_coefficient alpha(const rating_counts& ratings, const D& squared, std::span<const double> extra,
                            double confidence) {
    const paired_values paired = count_paired(ratings);
    const auto units = static_cast<std::size_t>(paired.units);
    if (units == 0) return {estimate::none(ratings.rated() ? estimate_status::too_few : estimate_status::empty)};
    const double n = paired.values;
    const std::vector<double> to_all = distance_to_all(squared, paired.of_category);
    const double expected = dot(to_all, paired.of_category) / (n * n); // D_e but for n / (n - 1)
    double within = 0;
    unit_profile unit;
    const auto for_each_paired = [&](auto&& visit) {
        ratings.for_each([&](std::span<const category> row, std::uint64_t count) {
            unit.assign(row);
            if (unit.ratings() >= 2) visit(static_cast<double>(count));
        });
    };
    for_each_paired([&](double count) { within += count * disagreement(squared, unit); });
    agreement_coefficient result{.observed = 1 - within / n, .expected = 1 - expected * n / (n - 1)};
    if (!(expected > 0)) {
        result.coefficient = estimate::none(estimate_status::single_category, units);
        return result;
    }
    const double ratio = (within / n) / expected, value = 1 - (n - 1) / n * ratio;
    // d ratio of a unit, from ratio = A n / B with A the disagreement within, n the values and B = Σ n_c n_k δ².
    double squares = 0;
    for_each_paired([&](double count) {
        double between = 0, own = 0;
        for (const auto& [k, times] : unit.counts()) {
            between += times * to_all[static_cast<std::size_t>(k)];
            if (!extra.empty()) own += times * extra[static_cast<std::size_t>(k)];
        }
        const double share = within > 0 ? disagreement(squared, unit) / within : 0;
        const double slope = own - ratio * (share + unit.ratings() / n - 2 * between / (expected * n * n));
        squares += count * slope * slope;
    });
    const double m = paired.units, error = m > 1 ? std::sqrt(squares * m / (m - 1)) : undefined;
    result.coefficient = {value, error, student_bounds(value, error, m, confidence), units, estimate_status::ok};
    return result;
}

} // namespace detail

/// Alpha for a squared difference of categories. One pairable unit gives a value without an error; ratings that are all
/// of one category give single_category (0 / 0), never 1. `coefficient.count` is the number of units with two ratings.
template <CategoryDistance D = nominal_distance>
agreement_coefficient krippendorff_alpha(const rating_counts& ratings, const D& squared = {},
                                         double confidence = 0.95) {
    return detail::alpha(ratings, squared, {}, confidence);
}

/// Alpha at the ordinal level: δ_ck = Σ_{g from c to k} n_g - (n_c + n_k) / 2, which is the distance of the mid-ranks.
inline agreement_coefficient krippendorff_alpha(const rating_counts& ratings, ordinal_distance,
                                                double confidence = 0.95) {
    const detail::paired_values paired = detail::count_paired(ratings);
    const std::vector<double>& n = paired.of_category;
    if (paired.units == 0) return krippendorff_alpha(ratings, nominal_distance{}, confidence);
    std::vector<double> rank(n.size());
    double below = 0;
    for (std::size_t k = 0; k < n.size(); ++k) {
        rank[k] = below + n[k] / 2;
        below += n[k];
    }
    const interval_distance squared{category_scale(rank)};
    // d alpha / d rank_k, then one more rating k moves the ranks above it by 1 and its own by ½.
    std::vector<double> within(n.size()), slope(n.size()), extra(n.size());
    double total_within = 0, total_between = detail::dot(detail::distance_to_all(squared, n), n);
    detail::unit_profile unit;
    ratings.for_each([&](std::span<const category> row, std::uint64_t count) {
        unit.assign(row);
        if (unit.ratings() < 2) return;
        double mean = 0;
        for (const auto& [k, times] : unit.counts()) mean += times * squared.score(k) / unit.ratings();
        const double scale = 4 * static_cast<double>(count) * unit.ratings() / (unit.ratings() - 1);
        for (const auto& [k, times] : unit.counts())
            within[static_cast<std::size_t>(k)] += scale * times * (squared.score(k) - mean);
        total_within += static_cast<double>(count) * detail::disagreement(squared, unit);
    });
    if (total_between > 0 && total_within > 0) {
        const double size = paired.values, mean = detail::dot(rank, n) / size;
        const double ratio = size * total_within / total_between;
        for (std::size_t k = 0; k < n.size(); ++k)
            slope[k] = -ratio * (within[k] / total_within - 4 * size * n[k] * (rank[k] - mean) / total_between);
        double above = 0;
        for (std::size_t k = n.size(); k-- > 0;) {
            extra[k] = above + slope[k] / 2;
            above += slope[k];
        }
    }
    return detail::alpha(ratings, squared, extra, confidence);
}

} // namespace preflearn
