/// \file
/// An information matrix factorised so that no pivot depends on a parameter's unit.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>

#include <Eigen/Cholesky>
#include <Eigen/Core>

#include <preflearn/ranking/model/game_layout.hpp>

namespace preflearn {

/// A symmetric matrix scaled to a unit diagonal and factorised, so that no pivot depends on a parameter's unit. Level
/// is added along common shifts of the strengths (unless a prior knows it) and of the judges.
/// A template only so that Eigen's factorisation is compiled where it is used.
template <std::same_as<Eigen::MatrixXd> Matrix> struct scaled_factors {
    Eigen::VectorXd unit;
    Eigen::LDLT<Matrix> factors;

    scaled_factors(Matrix h, const game_layout& layout, bool level_is_known) {
        const auto shift = [&h](std::size_t first, std::size_t count) {
            if (count == 0) return;
            auto block = h.block(as_index(first), as_index(first), as_index(count), as_index(count));
            block.array() += std::max(block.diagonal().mean(), 1e-300) / static_cast<double>(count);
        };
        if (!level_is_known) shift(0, layout.items);
        if (layout.judges_sum_zero) shift(layout.judges, layout.ties - layout.judges);
        unit = h.diagonal().cwiseMax(1e-300).cwiseSqrt().cwiseInverse();
        h = unit.asDiagonal() * h * unit.asDiagonal();
        factors.compute(h);
    }
    [[nodiscard]] double smallest_pivot() const { return factors.vectorD().minCoeff(); }
    [[nodiscard]] Eigen::VectorXd solve(const Eigen::VectorXd& v) const {
        return unit.cwiseProduct(factors.solve(unit.cwiseProduct(v)));
    }
};

} // namespace preflearn
