/// \file
/// Where the parameters of a rating model lie in one vector, and sums over games into such a vector.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>

#include <Eigen/Core>

#include <preflearn/core/system/parallel.hpp>

namespace preflearn {

/// Where each parameter lies: θ, δ, features' γ, judges' u, τ; a board has no γ and u.
struct game_layout {
    std::size_t items = 0, order = 0, features = 0, judges = 0, ties = 0, size = 0;
    /// Only the differences of the judges' parameters mean something.
    bool judges_sum_zero = false;

    [[nodiscard]] bool has_order() const { return order < features; }
    [[nodiscard]] bool has_tie_parameter() const { return ties < size; }
};

inline Eigen::Index as_index(std::size_t i) { return static_cast<Eigen::Index>(i); }

template <class Model> game_layout layout_of_board(const Model& model, std::size_t items) {
    const std::size_t ties = items + (model.has_order ? 1 : 0);
    return {.items = items,
            .order = items,
            .features = ties,
            .judges = ties,
            .ties = ties,
            .size = ties + (model.has_tie_parameter ? 1 : 0)};
}

/// Sums `body(begin, end, sum)` over blocks of cells into a vector; blocks and order depend on the cells alone.
inline Eigen::VectorXd sum_over_blocks(std::size_t cells, std::size_t size,
                                       const std::function<void(std::size_t, std::size_t, double*)>& body) {
    const std::size_t blocks = std::clamp<std::size_t>(cells / 8192, 1, 16);
    Eigen::VectorXd partial = Eigen::VectorXd::Zero(as_index(size * blocks));
    parallel_for(blocks,
                 [&](std::size_t b) { body(b * cells / blocks, (b + 1) * cells / blocks, partial.data() + b * size); });
    Eigen::VectorXd sums(as_index(size));
    std::copy_n(partial.data(), size, sums.data());
    for (std::size_t b = 1; b < blocks; ++b)
        for (std::size_t i = 0; i < size; ++i) sums[as_index(i)] += partial[as_index(b * size + i)];
    return sums;
}

inline double order_of_parameters(const game_layout& layout, const Eigen::VectorXd& parameters) {
    return layout.has_order() ? parameters[as_index(layout.order)] : 0;
}
inline double tie_of_parameters(const game_layout& layout, const Eigen::VectorXd& parameters) {
    return layout.has_tie_parameter() ? parameters[as_index(layout.ties)] : 0;
}

} // namespace preflearn
