/// \file
/// Σ_l n_l ((a_k - a_l) / (a_k + a_l))² for every k of many numbers, in n log n. The term is tanh²((u - v) / 2) of the
/// logarithms u, v, smooth within π of the real line: between two groups of numbers that lie apart it is interpolated
/// at a few Chebyshev points to the last digits (the fast multipole method; Fong & Darve 2009). Only neighbours are
/// summed pair by pair; nothing cancels.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <span>
#include <vector>

namespace preflearn::detail {

/// The sums by rising number, over groups that are halved again and again.
class ratio_sums {
  public:
    /// \param at positive numbers, rising
    ratio_sums(std::span<const double> at, std::span<const double> times) : at_(at), times_(times), sums_(at.size()) {
        if (!at.empty()) split(0, at.size());
    }
    std::vector<double> take() {
        if (!groups_.empty()) meet(0, 0);
        for (const group& g : groups_)
            if (g.met) spread(g);
        return std::move(sums_);
    }

  private:
    static constexpr std::size_t points = 14, leaf = 32;
    using nodes = std::array<double, points>;
    struct group {
        std::size_t begin = 0, end = 0, left = 0, right = 0; // no children: a leaf
        double length = 0;                                   // of the logarithms
        nodes offset{};                                      // of the nodes from the group's first number
        nodes weight{}, sums{};                              // at the nodes
        bool weighed = false, met = false;
        [[nodiscard]] std::size_t size() const { return end - begin; }
    };

    static double node(std::size_t m) { // in [0, 1]
        return 0.5 - 0.5 * std::cos((static_cast<double>(m) + 0.5) * std::numbers::pi / static_cast<double>(points));
    }
    /// log(b / a) of near and far numbers, without cancellation.
    static double distance(double a, double b) { return b < 2 * a ? std::log1p((b - a) / a) : std::log(b / a); }

    std::size_t split(std::size_t begin, std::size_t end) {
        const std::size_t index = groups_.size();
        groups_.push_back({.begin = begin, .end = end, .length = distance(at_[begin], at_[end - 1])});
        if (end - begin > leaf) {
            const std::size_t left = split(begin, begin + (end - begin) / 2);
            const std::size_t right = split(begin + (end - begin) / 2, end);
            groups_[index].left = left;
            groups_[index].right = right;
        }
        return index;
    }

    /// The values of Lagrange's polynomials at number i of a group.
    [[nodiscard]] nodes basis(const group& g, std::size_t i) const {
        const double x = distance(at_[g.begin], at_[i]) / g.length;
        nodes values{};
        double sum = 0;
        for (std::size_t m = 0; m < points; ++m) {
            if (x == node_[m]) {
                values.fill(0);
                values[m] = 1;
                return values;
            }
            values[m] = barycentric_[m] / (x - node_[m]);
            sum += values[m];
        }
        for (double& value : values) value /= sum;
        return values;
    }
    void weigh(group& g) const {
        if (g.weighed) return;
        g.weighed = true;
        for (std::size_t m = 0; m < points; ++m) g.offset[m] = at_[g.begin] * std::expm1(node_[m] * g.length);
        for (std::size_t i = g.begin; i < g.end; ++i) {
            const nodes values = basis(g, i);
            for (std::size_t m = 0; m < points; ++m) g.weight[m] += times_[i] * values[m];
        }
    }
    void spread(const group& g) {
        for (std::size_t i = g.begin; i < g.end; ++i) {
            const nodes values = basis(g, i);
            for (std::size_t m = 0; m < points; ++m) sums_[i] += g.sums[m] * values[m];
        }
    }

    /// Adds what the numbers of group `from` are to those of group `to`.
    void meet(std::size_t to, std::size_t from) {
        group &a = groups_[to], &b = groups_[from];
        const group &low = a.begin < b.begin ? a : b, &high = a.begin < b.begin ? b : a;
        const double gap = to == from || high.begin < low.end ? 0 : distance(at_[low.end - 1], at_[high.begin]);
        const bool apart = gap > 0 && gap >= std::max(a.length, b.length) && std::max(a.length, b.length) <= 1;
        if (apart && a.size() * b.size() > 2 * points * points && a.length > 0 && b.length > 0) {
            weigh(a);
            weigh(b);
            a.met = true;
            const double first = at_[a.begin] - at_[b.begin], both = at_[a.begin] + at_[b.begin];
            for (std::size_t m = 0; m < points; ++m)
                for (std::size_t n = 0; n < points; ++n) {
                    const double share = (first + (a.offset[m] - b.offset[n])) / (both + a.offset[m] + b.offset[n]);
                    a.sums[m] += share * share * b.weight[n];
                }
        } else if ((a.left == 0 && b.left == 0) || a.size() * b.size() <= leaf * leaf) {
            for (std::size_t i = a.begin; i < a.end; ++i) {
                double sum = 0;
                for (std::size_t j = b.begin; j < b.end; ++j) {
                    const double step = at_[i] - at_[j], share = step / (at_[i] + at_[j]);
                    sum += times_[j] * share * share;
                }
                sums_[i] += sum;
            }
        } else if (b.left == 0 || (a.left != 0 && a.size() >= b.size())) {
            const std::size_t left = a.left, right = a.right;
            meet(left, from);
            meet(right, from);
        } else {
            const std::size_t left = b.left, right = b.right;
            meet(to, left);
            meet(to, right);
        }
    }

    std::span<const double> at_, times_;
    std::vector<double> sums_;
    std::vector<group> groups_;
    nodes node_ = [] {
        nodes all{};
        for (std::size_t m = 0; m < points; ++m) all[m] = node(m);
        return all;
    }();
    nodes barycentric_ = [] {
        nodes all{};
        for (std::size_t m = 0; m < points; ++m)
            all[m] = (m % 2 == 0 ? 1 : -1) *
                     std::sin((static_cast<double>(m) + 0.5) * std::numbers::pi / static_cast<double>(points));
        return all;
    }();
};

/// \param at numbers >= 0, rising; 0 against 0 is 0, and against any other 1
inline std::vector<double> relative_differences(std::span<const double> at, std::span<const double> times) {
    const auto zeros = static_cast<std::size_t>(std::ranges::upper_bound(at, 0.0) - at.begin());
    double of_zeros = 0, of_others = 0;
    for (std::size_t i = 0; i < at.size(); ++i) (i < zeros ? of_zeros : of_others) += times[i];
    std::vector<double> sums = ratio_sums(at.subspan(zeros), times.subspan(zeros)).take();
    for (double& sum : sums) sum += of_zeros;
    sums.insert(sums.begin(), zeros, of_others);
    return sums;
}

} // namespace preflearn::detail
