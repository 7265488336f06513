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

#include <Eigen/Core>

#include <preflearn/core/system/parallel.hpp>
#include <preflearn/ranking/board/board_faults.hpp>
#include <preflearn/ranking/board/games.hpp>
#include <preflearn/ranking/model/board_model.hpp>
#include <preflearn/ranking/model/game_information.hpp>
#include <preflearn/ranking/model/game_likelihood.hpp>
#include <preflearn/ranking/model/game_model.hpp>
#include <preflearn/ranking/model/vectors.hpp>
#include <preflearn/ranking/solver/conjugate_gradients.hpp>
#include <preflearn/ranking/solver/scaled_factors.hpp>
#include <preflearn/ranking/solver/symmetric_factors.hpp>

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
    const double of_items = layout.items > 0 ? likelihood.prior(0, 0).curvature : 0;
    for (std::size_t i = 0; i < layout.items; ++i) design.prior[as_index(i)] = of_items;
    for (std::size_t c = layout.features; c < layout.judges; ++c)
        design.prior[as_index(c)] = likelihood.prior(c, 0).curvature;
    for (std::size_t i = layout.judges; i < layout.size; ++i) design.prior[as_index(i)] = 1;
    return design;
}

/// The part of an information matrix that belongs to the items.
template <class Information> struct items_alone {
    const Information& whole;

    [[nodiscard]] Eigen::VectorXd diagonal() const { return widened(whole.diagonal(), whole.items(), whole.items()); }
    [[nodiscard]] Eigen::VectorXd times(const Eigen::VectorXd& v) const {
        return widened(whole.times(wide(v)), whole.items(), whole.items());
    }
    void centre(Eigen::VectorXd& v) const {
        Eigen::VectorXd all = wide(v);
        whole.centre(all);
        v = widened(all, whole.items(), whole.items());
    }
    [[nodiscard]] Eigen::VectorXd wide(const Eigen::VectorXd& v) const {
        return widened(v, v.size(), whole.prior.size());
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
        rest = block_of(all, n, n, effects, effects);
        columns = block_of(all, 0, n, n, effects);
        if (n > 0) {
            const scaled_factors items(block_of(all, 0, 0, n, n), {.items = layout.items, .size = layout.items}, false);
            for (Eigen::Index e = 0; e < effects; ++e) set_column(solved, e, items.solve(column_of(columns, e)));
        }
    } else {
        const items_alone items{design};
        for (Eigen::Index e = 0; e < effects; ++e) {
            Eigen::VectorXd unit = Eigen::VectorXd::Zero(design.prior.size());
            unit[n + e] = 1;
            const Eigen::VectorXd column = design.times(unit);
            set_column(columns, e, widened(column, n, n));
            for (Eigen::Index other = 0; other < effects; ++other) rest(other, e) = column[n + other];
            set_column(solved, e, conjugate_gradients(items, column_of(columns, e), 1e-8));
        }
    }
    found.whole.resize(effects);
    for (Eigen::Index e = 0; e < effects; ++e) found.whole[e] = rest(e, e);
    for (Eigen::Index a = 0; a < effects && n > 0; ++a)
        for (Eigen::Index b = 0; b < effects; ++b) rest(a, b) -= dot(column_of(columns, a), column_of(solved, b));
    found.left_over = std::move(rest);
    return found;
}

/// The order effect and features that are combinations of the items and of those before them, and how.
/// A template only so that Eigen's factorisation is compiled where it is called.
template <std::same_as<game_likelihood> Likelihood>
std::vector<aliased_effect> aliased_effects(const Likelihood& likelihood, const effects_beside_items& effects) {
    const game_list& games = likelihood.games();
    const game_details& details = likelihood.details();
    const game_layout& layout = likelihood.layout();
    constexpr double least = 1e-11, least_part = 1e-4;
    Eigen::VectorXd unit = effects.whole;
    for (double& u : unit) u = 1 / std::sqrt(std::max(u, 1e-300));
    Eigen::MatrixXd scaled = effects.left_over;
    scale_both_sides(scaled, unit);
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
        const Eigen::Index count = as_index(kept.size());
        Eigen::MatrixXd of_kept(count, count);
        Eigen::VectorXd parts(count), with_kept(count);
        double left_over = scaled(e, e);
        for (Eigen::Index a = 0; a < count; ++a) {
            with_kept[a] = scaled(kept[static_cast<std::size_t>(a)], e);
            for (Eigen::Index b = 0; b < count; ++b)
                of_kept(a, b) = scaled(kept[static_cast<std::size_t>(a)], kept[static_cast<std::size_t>(b)]);
        }
        if (!kept.empty()) {
            parts = symmetric_factors<>(of_kept).solve(with_kept);
            left_over -= dot(parts, with_kept);
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
