/// \file
/// Krippendorff's alpha, 1 - D_o / D_e: disagreement within units against disagreement between all ratings, for any
/// number of raters, missing ratings and any squared difference δ² of two categories (Krippendorff 2018, ch. 12).
/// Sums over all categories are those of distance_sums.hpp, the ordinal level is the interval level of mid-ranks, so
/// that continuous ratings cost n log n. The standard error is the linearised variance over units (Gwet 2014, ch. 6; it
/// takes (n - 1) / n for 1), for the ordinal level with the derivative of the mid-ranks themselves.
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

#include <preflearn/agreement/raters/chance_corrected.hpp>
#include <preflearn/agreement/ratings/distance_sums.hpp>
#include <preflearn/agreement/ratings/ratings.hpp>
#include <preflearn/agreement/ratings/unit_profile.hpp>
#include <preflearn/agreement/ratings/weights.hpp>
#include <preflearn/agreement/uncertainty/estimate.hpp>
#include <preflearn/core/numbers/rounding.hpp>
#include <preflearn/core/system/error.hpp>

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
    [[nodiscard]] const category_scale& scale() const { return scale_; }

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
    ratings.for_each_given([&](std::span<const given_rating> given, std::uint64_t count) {
        if (given.size() < 2) return;
        const auto n = static_cast<double>(count);
        paired.units += n;
        paired.values += n * static_cast<double>(given.size());
        for (const given_rating& one : given) paired.of_category[static_cast<std::size_t>(one.value)] += n;
    });
    return paired;
}

inline distance_sums sums_of(const nominal_distance&, std::size_t categories) { return {categories, {.different = 1}}; }
inline distance_sums sums_of(const interval_distance& d, std::size_t categories) {
    double largest = 0;
    for (const double p : d.scale.positions()) largest = std::max(largest, std::abs(p));
    const double rounding = rounding_share * largest;
    return {categories, {.squared = 1}, d.scale.positions(), 1, rounding * rounding};
}
inline distance_sums sums_of(const ratio_distance& d, std::size_t categories) {
    return {categories, {.relative = 1}, d.scale().positions(), 1, rounding_share * rounding_share / 4};
}
template <CategoryDistance D> distances_by_pairs<D> sums_of(const D& squared, std::size_t categories) {
    return {categories, squared};
}

/// Σ δ² over ordered pairs of a unit's ratings, divided by the number of ratings less one.
template <class Distances> double disagreement(const Distances& distances, const unit_profile& unit) {
    return distances.within(unit.counts()) / (unit.ratings() - 1);
}

/// Alpha with a further derivative per category, `extra[k]`: what one more rating k does to alpha through δ² itself.
template <class Distances>
agreement_coefficient alpha(const rating_counts& ratings, const Distances& squared, std::span<const double> extra,
                            double confidence) {
    const paired_values paired = count_paired(ratings);
    const auto units = static_cast<std::size_t>(paired.units);
    if (units == 0) return {estimate::none(ratings.rated() ? estimate_status::too_few : estimate_status::empty)};
    const double n = paired.values;
    const std::vector<double> to_all = squared.to_all(of_all_categories(paired.of_category));
    const double expected = sum_of_products(to_all, paired.of_category) / (n * n); // D_e but for n / (n - 1)
    double within = 0;
    unit_profile unit;
    const auto for_each_paired = [&](auto&& visit) {
        ratings.for_each_given([&](std::span<const given_rating> given, std::uint64_t count) {
            unit.assign(given);
            if (unit.ratings() >= 2) visit(static_cast<double>(count));
        });
    };
    for_each_paired([&](double count) { within += count * disagreement(squared, unit); });
    agreement_coefficient result{.observed = 1 - within / n, .expected = 1 - expected * n / (n - 1)};
    if (!(expected > squared.negligible)) {
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
    const double m = paired.units, error = error_of_squares(squares * m * m, m, 1);
    result.coefficient = {value, error, student_bounds(value, error, m, confidence), units, estimate_status::ok};
    return result;
}

} // namespace detail

/// Alpha for a squared difference of categories. One pairable unit gives a value without an error; ratings that are all
/// of one category give single_category (0 / 0), never 1. `coefficient.count` is the number of units with two ratings.
template <CategoryDistance D = nominal_distance>
agreement_coefficient krippendorff_alpha(const rating_counts& ratings, const D& squared = {},
                                         double confidence = 0.95) {
    return detail::alpha(ratings, detail::sums_of(squared, ratings.categories()), {}, confidence);
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
    const detail::distance_sums squared(n.size(), {.squared = 1}, rank);
    // d alpha / d rank_k, then one more rating k moves the ranks above it by 1 and its own by ½.
    std::vector<double> within(n.size()), slope(n.size()), extra(n.size());
    double total_within = 0, total_between = squared.within(detail::of_all_categories(n));
    detail::unit_profile unit;
    ratings.for_each_given([&](std::span<const given_rating> given, std::uint64_t count) {
        unit.assign(given);
        if (unit.ratings() < 2) return;
        double mean = 0;
        for (const auto& [k, times] : unit.counts()) mean += times * rank[static_cast<std::size_t>(k)] / unit.ratings();
        const double scale = 4 * static_cast<double>(count) * unit.ratings() / (unit.ratings() - 1);
        for (const auto& [k, times] : unit.counts())
            within[static_cast<std::size_t>(k)] += scale * times * (rank[static_cast<std::size_t>(k)] - mean);
        total_within += static_cast<double>(count) * detail::disagreement(squared, unit);
    });
    if (total_between > 0 && total_within > 0) {
        const double size = paired.values, mean = detail::sum_of_products(rank, n) / size;
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
