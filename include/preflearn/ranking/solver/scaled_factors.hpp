/// \file
/// An information matrix factorised so that no pivot depends on a parameter's unit.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>

#include <Eigen/Core>

#include <preflearn/ranking/model/game_layout.hpp>
#include <preflearn/ranking/model/vectors.hpp>
#include <preflearn/ranking/solver/symmetric_factors.hpp>

namespace preflearn {

/// A symmetric matrix scaled to a unit diagonal and factorised, so that no pivot depends on a parameter's unit. Level
/// is added along common shifts of the strengths (unless a prior knows it) and of the judges.
/// A template only so that Eigen's factorisation is compiled where it is used.
template <std::same_as<Eigen::MatrixXd> Matrix> struct scaled_factors {
    Eigen::VectorXd unit;
    symmetric_factors<Matrix> factors;

    scaled_factors(Matrix h, const game_layout& layout, bool level_is_known) {
        const auto shift = [&h](std::size_t first, std::size_t count) {
            if (count > 0) add_level(h, as_index(first), as_index(count));
        };
        if (!level_is_known) shift(0, layout.items);
        if (layout.judges_sum_zero) shift(layout.judges, layout.ties - layout.judges);
        unit.resize(h.rows());
        for (Eigen::Index i = 0; i < h.rows(); ++i) unit[i] = 1 / std::sqrt(std::max(h(i, i), 1e-300));
        scale_both_sides(h, unit);
        factors = symmetric_factors<Matrix>(h);
    }
    [[nodiscard]] double smallest_pivot() const { return factors.smallest_pivot(); }
    [[nodiscard]] Eigen::VectorXd solve(const Eigen::VectorXd& v) const {
        return entry_products(unit, factors.solve(entry_products(unit, v)));
    }
};

} // namespace preflearn
