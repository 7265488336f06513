/// \file
/// Whether games tell the order effect and the features from the items' strengths and from each other, and if not,
/// which of them is made of which: the Schur complement of the items in the design matrix, one elimination after the
/// other.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include <Eigen/Cholesky>
#include <Eigen/Core>

#include <preflearn/core/system/one_thread.hpp>
#include <preflearn/core/system/parallel.hpp>
#include <preflearn/ranking/board/board_faults.hpp>
#include <preflearn/ranking/board/games.hpp>
#include <preflearn/ranking/model/board_model.hpp>
#include <preflearn/ranking/model/game_information.hpp>
#include <preflearn/ranking/model/game_model.hpp>
#include <preflearn/ranking/solver/conjugate_gradients.hpp>

namespace preflearn::detail {

/// Σ weight · (∂z / ∂parameters)(∂z / ∂parameters)' over games with a say, the features' prior included: singular where
/// the games cannot tell the linear parameters apart, wherever these are. One for the other parameters. Weights that
/// lie many orders apart must count alike, or light games are no games.
template <class Model>
game_information<Model> design_of(const game_list& games, const game_details& details, const Model& model,
                                  const game_layout& layout, bool equal_weights) {
    game_information<Model> design(games, details, layout);
    Eigen::VectorXd here = Eigen::VectorXd::Zero(index(layout.size));
    if constexpr (Model::board_type::has_tie_parameter) here[index(layout.ties)] = 1; // any allowed value
    parallel_blocks(games.size(), std::size_t{1} << 16, [&](std::size_t begin, std::size_t end) {
        each_game(games, details, model, layout, here, begin, end,
                  [&](std::size_t g, const auto&, const judged_terms& t) {
                      if (t.value == 0) return; // a tie that is dropped, or weight zero
                      Eigen::Matrix3d weight = Eigen::Matrix3d::Zero();
                      weight(0, 0) = equal_weights ? 1 : games.weight(g);
                      design.set(g, weight);
                  });
    });
    design.prior.head(index(layout.items)).setConstant(model.board.prior.terms(0).curvature);
    for (std::size_t c = layout.features; c < layout.judges; ++c) design.prior[index(c)] = model.features.precision();
    design.prior.tail(index(layout.size - layout.judges)).setOnes();
    return design;
}

/// A symmetric matrix scaled to a unit diagonal and factorised, so that no pivot depends on a parameter's unit. Level
/// is added along common shifts of the strengths (unless a prior knows it) and of the judges.
/// A template only so that Eigen's factorisation is compiled where it is used.
template <std::same_as<Eigen::MatrixXd> Matrix> struct scaled_factors {
    Eigen::VectorXd unit;
    Eigen::LDLT<Matrix> factors;

    scaled_factors(Matrix h, const game_layout& layout, bool level_is_known) {
        const auto shift = [&h](std::size_t first, std::size_t count) {
            if (count == 0) return;
            auto block = h.block(index(first), index(first), index(count), index(count));
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

/// The part of an information matrix that belongs to the items.
template <class Information> struct items_alone {
    const Information& whole;
    Eigen::VectorXd diagonal_of_items = whole.diagonal().head(whole.items());

    [[nodiscard]] const Eigen::VectorXd& diagonal() const { return diagonal_of_items; }
    [[nodiscard]] Eigen::VectorXd times(const Eigen::VectorXd& v) const {
        return whole.times(wide(v)).head(whole.items());
    }
    void centre(Eigen::VectorXd& v) const {
        Eigen::VectorXd all = wide(v);
        whole.centre(all);
        v = all.head(whole.items());
    }
    [[nodiscard]] Eigen::VectorXd wide(const Eigen::VectorXd& v) const {
        Eigen::VectorXd all = Eigen::VectorXd::Zero(whole.prior.size());
        all.head(v.size()) = v;
        return all;
    }
};

/// What of order effect and features is left when the items have explained what they can: the Schur complement of the
/// items in the design, and its diagonal before that.
struct effects_beside_items {
    Eigen::MatrixXd left_over;
    Eigen::VectorXd whole;
};

template <class Model>
effects_beside_items effects_of(const game_information<Model>& design, const game_layout& layout, bool dense) {
    const Eigen::Index n = index(layout.items), effects = index(layout.judges - layout.order);
    effects_beside_items found;
    Eigen::MatrixXd columns(n, effects), solved(n, effects), rest(effects, effects);
    if (dense) {
        const Eigen::MatrixXd all = design.dense();
        rest = all.block(n, n, effects, effects);
        columns = all.block(0, n, n, effects);
        if (n > 0) {
            const scaled_factors items(Eigen::MatrixXd(all.topLeftCorner(n, n)),
                                       {.items = layout.items, .size = layout.items}, false);
            for (Eigen::Index e = 0; e < effects; ++e) solved.col(e) = items.solve(columns.col(e));
        }
    } else {
        const items_alone items{design};
        for (Eigen::Index e = 0; e < effects; ++e) {
            const Eigen::VectorXd column = design.times(Eigen::VectorXd::Unit(design.prior.size(), n + e));
            columns.col(e) = column.head(n);
            rest.col(e) = column.segment(n, effects);
            solved.col(e) = conjugate_gradients(items, columns.col(e), 1e-8);
        }
    }
    found.whole = rest.diagonal();
    if (n > 0) on_one_thread([&] { rest -= columns.transpose() * solved; });
    found.left_over = std::move(rest);
    return found;
}

/// The order effect and features that are combinations of the items and of those before them, and how.
inline std::vector<aliased_effect> aliased_effects(const game_list& games, const game_details& details,
                                                   const game_layout& layout, const effects_beside_items& effects) {
    constexpr double least = 1e-11, least_part = 1e-4;
    const Eigen::VectorXd unit = effects.whole.cwiseMax(1e-300).cwiseSqrt().cwiseInverse();
    const Eigen::MatrixXd scaled = unit.asDiagonal() * effects.left_over * unit.asDiagonal();
    const Eigen::Index orders = layout.has_order() ? 1 : 0;
    const auto feature_of = [&](Eigen::Index e) {
        return e < orders ? std::nullopt : std::optional(static_cast<std::size_t>(e - orders));
    };
    const auto value = [&](std::size_t g, Eigen::Index e) {
        return e < orders ? 1.0 : details.features(g, static_cast<std::size_t>(e - orders));
    };
    std::vector<Eigen::Index> kept;
    std::vector<aliased_effect> aliased;
    for (Eigen::Index e = 0; e < scaled.rows(); ++e) {
        const Eigen::MatrixXd of_kept = scaled(kept, kept);
        Eigen::VectorXd parts(index(kept.size()));
        double left_over = scaled(e, e);
        if (!kept.empty()) {
            const Eigen::VectorXd with_kept = scaled(kept, e);
            parts = of_kept.ldlt().solve(with_kept);
            left_over -= parts.dot(with_kept);
        }
        if (left_over > least) {
            kept.push_back(e);
            continue;
        }
        aliased_effect effect{.feature = feature_of(e)};
        std::vector<std::pair<Eigen::Index, double>> terms;
        for (std::size_t k = 0; k < kept.size(); ++k) {
            if (std::abs(parts[index(k)]) < least_part || effects.whole[e] == 0) continue;
            terms.emplace_back(kept[k], parts[index(k)] * unit[kept[k]] / unit[e]);
            effect.of.push_back({feature_of(kept[k]), terms.back().second});
        }
        double largest = 0, off = 0;
        for (std::size_t g = 0; g < games.size(); ++g) {
            double rest = value(g, e);
            largest = std::max(largest, std::abs(rest));
            for (const auto& [other, coefficient] : terms) rest -= coefficient * value(g, other);
            if (games.weight(g) > 0) off = std::max(off, std::abs(rest));
        }
        effect.of_items = off > 1e-6 * largest;
        aliased.push_back(std::move(effect));
    }
    return aliased;
}

} // namespace preflearn::detail
