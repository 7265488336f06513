/// \file
/// Sums of the distances of categories over all others, in n log n: with continuous ratings there are as many
/// categories as values, and every coefficient of agreement sums a distance over their pairs. Distances that are equal
/// or not, absolute, squared or relative differences, and mixtures of these, have closed forms or sorted sweeps; any
/// other (a user's lambda) is summed pair by pair, up to a stated number of categories.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include <preflearn/agreement/ratings/ratings.hpp>
#include <preflearn/agreement/ratings/ratio_sums.hpp>
#include <preflearn/agreement/ratings/weights.hpp>
#include <preflearn/core/system/error.hpp>

namespace preflearn::detail {

/// A category and how often it occurs, or its share.
using category_weight = std::pair<category, double>;

/// Every category, with these weights.
inline std::vector<category_weight> of_all_categories(std::span<const double> weights) {
    std::vector<category_weight> all(weights.size());
    for (std::size_t k = 0; k < all.size(); ++k) all[k] = {static_cast<category>(k), weights[k]};
    return all;
}

/// A distance δ(a, b) = different [a ≠ b] + absolute |x_a - x_b| + squared (x_a - x_b)² + relative ((p_a - p_b) /
/// (p_a + p_b))² of two categories at the positions p, where x are the positions from their middle.
class distance_sums {
  public:
    struct parts {
        double different = 0, absolute = 0, squared = 0, relative = 0;
    };
    /// \param unit what the positions are divided by
    /// \param small a mean distance that is what rounding leaves of equal positions
    distance_sums(std::size_t categories, parts of, std::span<const double> positions = {}, double unit = 1,
                  double small = 0)
        : negligible(small), categories_(categories), of_(of), positions_(positions.begin(), positions.end()) {
        if (positions_.empty()) return;
        for (double& p : positions_) p /= unit;
        const auto [low, high] = std::ranges::minmax(positions_);
        middle_ = low / 2 + high / 2;
        rising_ = std::ranges::is_sorted(positions_);
    }
    double negligible = 0;

    double operator()(category a, category b) const {
        if (a == b) return 0;
        double sum = of_.different;
        if (positions_.empty()) return sum;
        const double step = position(a) - position(b);
        if (of_.absolute != 0) sum += of_.absolute * std::abs(step);
        if (of_.squared != 0) sum += of_.squared * step * step;
        if (of_.relative != 0 && step != 0) {
            const double share = step / (position(a) + position(b));
            sum += of_.relative * share * share;
        }
        return sum;
    }

    /// Σ_l n_l δ(k, l) for every k of the list, which is sorted by category.
    [[nodiscard]] std::vector<double> to_all(std::span<const category_weight> n) const {
        std::vector<double> sums(n.size());
        double count = 0;
        for (const auto& [k, times] : n) count += times;
        if (of_.different != 0)
            for (std::size_t i = 0; i < n.size(); ++i) sums[i] += of_.different * (count - n[i].second);
        if (of_.squared != 0) add_squared(n, count, sums);
        if (of_.absolute != 0 || of_.relative != 0) add_sorted(n, count, sums);
        return sums;
    }
    /// Σ over ordered pairs of the list, n_k n_l δ(k, l).
    [[nodiscard]] double within(std::span<const category_weight> n) const {
        double sum = 0;
        if (n.size() <= 8) { // so that few categories lose no digits
            for (std::size_t i = 1; i < n.size(); ++i)
                for (std::size_t j = 0; j < i; ++j)
                    sum += 2 * n[i].second * n[j].second * (*this)(n[i].first, n[j].first);
            return sum;
        }
        const std::vector<double> sums = to_all(n);
        for (std::size_t i = 0; i < n.size(); ++i) sum += n[i].second * sums[i];
        return sum;
    }
    /// Σ δ(k, l) over all categories.
    [[nodiscard]] double total() const { return within(of_all_categories(std::vector<double>(categories_, 1))); }

  private:
    [[nodiscard]] double position(category k) const { return positions_[static_cast<std::size_t>(k)]; }

    void add_squared(std::span<const category_weight> n, double count, std::span<double> sums) const {
        double mean = 0, spread = 0;
        for (const auto& [k, times] : n) mean += times * (position(k) - middle_);
        mean = count > 0 ? mean / count : 0;
        const auto off = [&](category k) { return position(k) - middle_ - mean; };
        for (const auto& [k, times] : n) spread += times * off(k) * off(k);
        for (std::size_t i = 0; i < n.size(); ++i)
            sums[i] += of_.squared * (count * off(n[i].first) * off(n[i].first) + spread);
    }
    void add_sorted(std::span<const category_weight> n, double count, std::span<double> sums) const {
        std::vector<std::size_t> order(n.size());
        std::iota(order.begin(), order.end(), std::size_t{0});
        if (!rising_) std::ranges::sort(order, {}, [&](std::size_t i) { return std::pair(position(n[i].first), i); });
        if (of_.absolute != 0) {
            double below = 0, moment = 0, all = 0;
            for (const auto& [k, times] : n) all += times * (position(k) - middle_);
            for (const std::size_t i : order) {
                const double x = position(n[i].first) - middle_;
                sums[i] += of_.absolute * (x * (2 * below - count) - (2 * moment - all));
                below += n[i].second;
                moment += n[i].second * x;
            }
        }
        if (of_.relative != 0) {
            std::vector<double> at(n.size()), times(n.size());
            for (std::size_t i = 0; i < n.size(); ++i) {
                at[i] = position(n[order[i]].first);
                times[i] = n[order[i]].second;
            }
            const std::vector<double> found = relative_differences(at, times);
            for (std::size_t i = 0; i < n.size(); ++i) sums[order[i]] += of_.relative * found[i];
        }
    }

    std::size_t categories_;
    parts of_;
    std::vector<double> positions_;
    double middle_ = 0;
    bool rising_ = true;
};

/// The same of any distance, pair by pair. \throws argument_error for more categories than that takes a second for.
template <class Distance> class distances_by_pairs {
  public:
    static constexpr std::size_t most_categories = 32'768;
    distances_by_pairs(std::size_t categories, Distance distance) : categories_(categories), distance_(distance) {
        require(categories <= most_categories, categories,
                " categories under weights or distances of one's own, whose "
                "cost is quadratic: at most ",
                most_categories, "; the named ones take any number");
    }
    double negligible = 0;

    double operator()(category a, category b) const { return distance_(a, b); }
    [[nodiscard]] std::vector<double> to_all(std::span<const category_weight> n) const {
        std::vector<double> sums(n.size());
        for (std::size_t i = 0; i < n.size(); ++i)
            for (const auto& [l, times] : n)
                if (times != 0) sums[i] += times * distance_(n[i].first, l);
        return sums;
    }
    [[nodiscard]] double within(std::span<const category_weight> n) const {
        double sum = 0;
        for (std::size_t i = 0; i < n.size(); ++i) {
            sum += n[i].second * (n[i].second - 1) * distance_(n[i].first, n[i].first);
            for (std::size_t j = 0; j < i; ++j)
                sum += 2 * n[i].second * n[j].second * distance_(n[i].first, n[j].first);
        }
        return sum;
    }
    [[nodiscard]] double total() const {
        double sum = 0;
        for (category k = 0; k < static_cast<category>(categories_); ++k)
            for (category l = 0; l < static_cast<category>(categories_); ++l) sum += distance_(k, l);
        return sum;
    }

  private:
    std::size_t categories_;
    Distance distance_;
};

/// What weights take off full agreement, 1 - w.
inline distance_sums distances_of(const identity_weights&, std::size_t categories) {
    return {categories, {.different = 1}};
}
inline distance_sums distances_of(const linear_weights& w, std::size_t categories) {
    return {categories, {.absolute = 1}, w.scale.positions(), w.scale.range()};
}
inline distance_sums distances_of(const quadratic_weights& w, std::size_t categories) {
    return {categories, {.squared = 1}, w.scale.positions(), w.scale.range()};
}
inline distance_sums distances_of(const ordinal_weights& w, std::size_t categories) {
    const double last = static_cast<double>(w.categories) - 1, unit = w.categories < 2 ? 0 : 1 / (last * (last + 1));
    return {categories, {.absolute = unit, .squared = unit}, category_scale(categories).positions()};
}
inline distance_sums distances_of(const ratio_weights& w, std::size_t categories) {
    return {categories, {.relative = 1 / w.largest()}, w.scale().positions()};
}
template <AgreementWeight W> auto distances_of(const W& w, std::size_t categories) {
    const auto distance = [&w](category a, category b) { return 1 - w(a, b); };
    return distances_by_pairs<decltype(distance)>(categories, distance);
}

} // namespace preflearn::detail
