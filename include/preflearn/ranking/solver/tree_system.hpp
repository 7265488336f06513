/// \file
/// Gradient and information of a rating model in a `strength_tree`'s coordinates, for boards whose weights lie many
/// orders apart: differences along the tree, then the parameters beside the scores. Everything here is compiled once; a
/// model only says its rows.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include <preflearn/core/system/error.hpp>
#include <preflearn/ranking/model/game_layout.hpp>
#include <preflearn/ranking/model/likelihood_rows.hpp>
#include <preflearn/ranking/model/vectors.hpp>
#include <preflearn/ranking/solver/strength_tree.hpp>
#include <preflearn/ranking/solver/symmetric_factors.hpp>

namespace preflearn {

/// The tree of a model's rows where their curvatures say what is heavy.
inline strength_tree tree_of_rows(const game_layout& layout, const likelihood_rows& rows,
                                  const Eigen::VectorXd& parameters) {
    std::unordered_map<std::uint64_t, double> heavy;
    bool ghost = false;
    rows(parameters, [&](const likelihood_row& row) {
        if (row.left == row.right) return;
        ghost = ghost || row.right == layout.items;
        const auto [low, high] = std::minmax(row.left, row.right);
        heavy[std::uint64_t{low} << 32 | high] += std::abs(row.curvature(0, 0));
    });
    std::vector<weighted_pair> pairs;
    pairs.reserve(heavy.size());
    for (const auto& [key, weight] : heavy)
        pairs.push_back({static_cast<item_id>(key >> 32), static_cast<item_id>(key & 0xFFFFFFFF), weight});
    const std::size_t nodes = layout.items + (ghost ? 1 : 0);
    return {nodes, std::move(pairs), static_cast<item_id>(nodes - 1)};
}

/// Coordinates: the tree's edges, then the layout's parameters behind the items.
struct tree_system {
    game_layout layout;
    std::shared_ptr<const strength_tree> tree;
    Eigen::VectorXd gradient{};
    /// Lower triangle; zero unless asked for.
    Eigen::MatrixXd information{};
    /// What one unit of a coordinate moves a usual game, in logits.
    Eigen::VectorXd moves{};

    [[nodiscard]] Eigen::Index size() const { return tree->edges() + as_index(layout.size - layout.items); }

    /// Calls visit({coordinate, through, times}) for all that a row depends on.
    template <class Visit> void each_coordinate(const likelihood_row& row, const Visit& visit) const {
        tree->path(row.left, row.right, [&](Eigen::Index edge, double sign) { visit(game_parameter{edge, 0, sign}); });
        for (const game_parameter& p : row.others)
            visit(game_parameter{p.at - as_index(layout.items) + tree->edges(), p.through, p.times});
    }

    void sum(const likelihood_rows& rows, const Eigen::VectorXd& parameters, bool with_information) {
        gradient.setZero(size());
        if (with_information) information.setZero(size(), size());
        Eigen::VectorXd moved = Eigen::VectorXd::Zero(size()), heavy = moved;
        std::vector<game_parameter> touched;
        rows(parameters, [&](const likelihood_row& row) {
            touched.clear();
            each_coordinate(row, [&](const game_parameter& p) { touched.push_back(p); });
            for (const game_parameter& a : touched) {
                gradient[a.at] += a.times * row.slope[a.through];
                if (!with_information) continue;
                const double weight = std::abs(row.curvature(a.through, a.through));
                moved[a.at] += std::abs(a.times) * weight;
                heavy[a.at] += weight;
                for (const game_parameter& b : touched)
                    if (b.at <= a.at)
                        information(a.at, b.at) += a.times * b.times * row.curvature(a.through, b.through);
            }
        });
        if (!with_information) return;
        moves.resize(size());
        for (Eigen::Index i = 0; i < size(); ++i) moves[i] = heavy[i] > 0 ? moved[i] / std::max(heavy[i], 1e-300) : 1;
    }

    /// Takes a common shift of the judges of relative worth out of a vector.
    void centre(Eigen::Ref<Eigen::VectorXd> v) const {
        if (!layout.judges_sum_zero) return;
        auto u =
            v.segment(tree->edges() + as_index(layout.judges - layout.items), as_index(layout.ties - layout.judges));
        u.array() -= u.mean();
    }

    /// In the model's layout; without a prior the strengths have mean zero.
    [[nodiscard]] Eigen::VectorXd natural(const Eigen::VectorXd& coordinates) const {
        Eigen::VectorXd of_model(as_index(layout.size));
        const Eigen::Index n = as_index(layout.items);
        const Eigen::VectorXd strengths = tree->strengths(coordinates);
        for (Eigen::Index i = 0; i < n; ++i) of_model[i] = strengths[i];
        if (tree->edges() < n) centre_first(of_model, n);
        const Eigen::Index behind = coordinates.size() - of_model.size();
        for (Eigen::Index i = n; i < of_model.size(); ++i) of_model[i] = coordinates[i + behind];
        return of_model;
    }
};

/// A system's information scaled to a unit diagonal and factorised.
/// A template only so that Eigen's factorisation is compiled where it is used.
template <std::same_as<tree_system> System> struct tree_factors {
    Eigen::VectorXd unit;
    symmetric_factors<> factors;

    explicit tree_factors(const System& system, double added = 0) {
        Eigen::MatrixXd h = system.information;
        mirror_lower(h);
        if (system.layout.judges_sum_zero) {
            const Eigen::Index first = system.tree->edges() + as_index(system.layout.judges - system.layout.items);
            const Eigen::Index count = as_index(system.layout.ties - system.layout.judges);
            double level = 0;
            for (Eigen::Index i = first; i < first + count; ++i) level += h(i, i);
            level = level / static_cast<double>(count) / static_cast<double>(count);
            for (int side = 0; side < 2; ++side) {
                for (Eigen::Index i = 0; i < h.cols(); ++i) system.centre(h.col(i));
                h.transposeInPlace();
            }
            for (Eigen::Index j = first; j < first + count; ++j)
                for (Eigen::Index i = first; i < first + count; ++i) h(i, j) += level;
        }
        unit.resize(h.rows());
        for (Eigen::Index i = 0; i < h.rows(); ++i) unit[i] = 1 / std::sqrt(std::max(std::abs(h(i, i)), 1e-300));
        scale_both_sides(h, unit);
        for (Eigen::Index i = 0; i < h.rows(); ++i) h(i, i) += added;
        factors = symmetric_factors<>(h);
    }
    /// False when it is not positive definite in double precision.
    [[nodiscard]] bool definite() const { return factors.smallest_pivot() > 1e-13; }
    [[nodiscard]] Eigen::VectorXd solve(const Eigen::VectorXd& v) const {
        return entry_products(unit, factors.solve(entry_products(unit, v)));
    }
    [[nodiscard]] Eigen::MatrixXd inverse() const {
        Eigen::MatrixXd inverse = factors.inverse();
        scale_both_sides(inverse, unit);
        return inverse;
    }
};

} // namespace preflearn
