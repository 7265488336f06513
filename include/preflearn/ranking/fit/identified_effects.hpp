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
#include <preflearn/ranking/model/game_likelihood.hpp>
#include <preflearn/ranking/model/game_model.hpp>
#include <preflearn/ranking/solver/conjugate_gradients.hpp>
#include <preflearn/ranking/solver/scaled_factors.hpp>

namespace preflearn {

/// Σ weight · (∂z / ∂parameters)(∂z / ∂parameters)' over games with a say, the features' prior included: singular where
/// the games cannot tell the linear parameters apart, wherever these are. One for the other parameters. Weights that
/// lie many orders apart must count alike, or light games are no games.
inline game_information design_of(const game_likelihood& likelihood, bool equal_weights) {
    const game_layout& layout = likelihood.layout();
    game_information design(likelihood);
    Eigen::VectorXd here = Eigen::VectorXd::Zero(as_index(layout.size));
    if (layout.has_tie_parameter()) here[as_index(layout.ties)] = 1; // any allowed value
    parallel_blocks(likelihood.games().size(), std::size_t{1} << 16, [&](std::size_t begin, std::size_t end) {
        likelihood.each_game(here, begin, end, [&](std::size_t g, const auto&, const judged_terms& t) {
            if (t.value == 0) return; // a tie that is dropped, or weight zero
            Eigen::Matrix3d weight = Eigen::Matrix3d::Zero();
            weight(0, 0) = equal_weights ? 1 : likelihood.games().weight(g);
            design.set(g, weight);
        });
    });
    if (layout.items > 0) design.prior.head(as_index(layout.items)).setConstant(likelihood.prior(0, 0).curvature);
    for (std::size_t c = layout.features; c < layout.judges; ++c)
        design.prior[as_index(c)] = likelihood.prior(c, 0).curvature;
    design.prior.tail(as_index(layout.size - layout.judges)).setOnes();
    return design;
}

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

/// A template only so that Eigen's factorisation is compiled where it is called.
template <std::same_as<game_information> Information>
effects_beside_items effects_of(const Information& design, const game_layout& layout, bool dense) {
    const Eigen::Index n = as_index(layout.items), effects = as_index(layout.judges - layout.order);
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
inline std::vector<aliased_effect> aliased_effects(const game_likelihood& likelihood,
                                                   const effects_beside_items& effects) {
    const game_list& games = likelihood.games();
    const game_details& details = likelihood.details();
    const game_layout& layout = likelihood.layout();
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
        Eigen::VectorXd parts(as_index(kept.size()));
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
            if (std::abs(parts[as_index(k)]) < least_part || effects.whole[e] == 0) continue;
            terms.emplace_back(kept[k], parts[as_index(k)] * unit[kept[k]] / unit[e]);
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

} // namespace preflearn
