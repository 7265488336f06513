/// \file
/// How much of an agreement two different categories are: 1 for the same category, less for a near one, 0 for the
/// farthest. A weight is called with two categories; a lambda is one. The sets are Cohen's (1968) and Gwet's (2014, ch.
/// 3).
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include <preflearn/agreement/ratings/ratings.hpp>
#include <preflearn/core/numbers/rounding.hpp>
#include <preflearn/core/system/error.hpp>

namespace preflearn {

/// Symmetric in its two categories, in [0, 1], and 1 for equal ones.
template <class W>
concept AgreementWeight = requires(const W& w, category a, category b) {
    { w(a, b) } -> std::convertible_to<double>;
};

/// Nominal: only the same category agrees.
struct identity_weights {
    double operator()(category a, category b) const { return a == b ? 1 : 0; }
};

/// Categories' positions on a scale: 0, 1, 2, … unless given. \throws argument_error for a position that is not finite,
/// and for positions so far apart that sums of their squared distances could overflow.
class category_scale {
  public:
    explicit category_scale(std::size_t categories) : positions_(categories) {
        for (std::size_t k = 0; k < categories; ++k) positions_[k] = static_cast<double>(k);
        measure();
    }
    explicit category_scale(std::vector<double> positions) : positions_(std::move(positions)) { measure(); }

    [[nodiscard]] double operator[](category k) const { return positions_[static_cast<std::size_t>(k)]; }
    [[nodiscard]] std::span<const double> positions() const { return positions_; }
    /// Largest minus smallest position; 1 when they are all equal but for rounding, so that it can divide.
    [[nodiscard]] double range() const { return range_; }

  private:
    void measure() {
        require(!positions_.empty(), "a scale of no categories");
        for (std::size_t k = 0; k < positions_.size(); ++k)
            require(std::isfinite(positions_[k]), "category ", k, " has the position ", positions_[k]);
        const auto [low, high] = std::ranges::minmax(positions_);
        range_ = difference_of(high, low) > 0 ? high - low : 1;
        require(range_ <= 1e150, "positions from ", low, " to ", high, " lie further apart than 1e150");
    }
    std::vector<double> positions_;
    double range_ = 1;
};

/// 1 - |a - b| / range.
struct linear_weights {
    category_scale scale;
    double operator()(category a, category b) const { return 1 - std::abs(scale[a] - scale[b]) / scale.range(); }
};

/// 1 - (a - b)² / range².
struct quadratic_weights {
    category_scale scale;
    double operator()(category a, category b) const {
        const double step = (scale[a] - scale[b]) / scale.range();
        return 1 - step * step;
    }
};

/// Gwet's ordinal weights: 1 - C(|a - b| + 1, 2) / C(categories, 2), of the categories' numbers.
struct ordinal_weights {
    std::size_t categories = 2;
    double operator()(category a, category b) const {
        const double step = std::abs(a - b), last = static_cast<double>(categories - 1);
        return categories < 2 ? 1 : 1 - step * (step + 1) / (last * (last + 1));
    }
};

/// 1 - ((a - b) / (a + b))² / ((max - min) / (max + min))², for positions that are not negative; equal positions agree.
class ratio_weights {
  public:
    explicit ratio_weights(category_scale scale) : scale_(std::move(scale)) {
        const auto [low, high] = std::ranges::minmax(scale_.positions());
        require(low >= 0, "ratio weights need positions >= 0, found ", low);
        if (difference_of(high, low) > 0) largest_ = std::pow((high - low) / (high + low), 2);
    }
    double operator()(category a, category b) const {
        if (scale_[a] == scale_[b]) return 1;
        return 1 - std::pow((scale_[a] - scale_[b]) / (scale_[a] + scale_[b]), 2) / largest_;
    }
    [[nodiscard]] const category_scale& scale() const { return scale_; }
    /// ((max - min) / (max + min))².
    [[nodiscard]] double largest() const { return largest_; }

  private:
    category_scale scale_;
    double largest_ = 1;
};

} // namespace preflearn
