/// \file
/// The likelihood of games that differ in more than their items: the advantage z = θ_left − θ_right + δ + f · γ of game
/// g goes through its judge (P(outcome | a z), or a mixture with the mirror image) and through the tie rule and the
/// link of the board's model. Every part goes with every other. A game is looked at by itself, so a turn costs the
/// games, not the pairs; models without features and judges are fitted by `fit_ratings`.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include <preflearn/core/matrix_view.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/ranking/board/games.hpp>
#include <preflearn/ranking/model/board_model.hpp>
#include <preflearn/ranking/model/features.hpp>
#include <preflearn/ranking/model/game_layout.hpp>
#include <preflearn/ranking/model/judges.hpp>
#include <preflearn/ranking/model/prior.hpp>

namespace preflearn {

/// What is known of each game beyond its items and its outcome; a part that the model has not is empty.
struct game_details {
    /// A row per game: each feature of the left side minus the right side's.
    matrix_view<const double> features{};
    /// Who judged it, numbered from 0.
    std::span<const std::uint32_t> judges{};
};

/// Whether the type of a prior says that fits are finite on some boards only; of a prior chosen at run time it does
/// not.
template <class Prior> inline constexpr bool needs_a_board = requires {
    requires std::bool_constant<(Prior::need != board_need::nothing)>::value;
};

/// `game_model{.board = bradley_terry_model{.ties = davidson_rule{}}, .features = game_features{}}`: what is not named
/// is as in `bradley_terry_model`, without features, all judges alike.
template <class Board = bradley_terry_model<>, class Features = no_features, class Judges = no_judges>
struct game_model {
    Board board{};
    [[no_unique_address]] Features features{};
    [[no_unique_address]] Judges judges{};

    static_assert(!std::same_as<typename Board::prior_type, jeffreys_prior>,
                  "Jeffreys' prior is offered for the board alone, without features and judges");
    static_assert(
        !std::same_as<Judges, judge_reliability> || !needs_a_board<typename Board::prior_type>,
        "judge_reliability needs a prior on the scores: judges who may be wrong leave the likelihood flat far "
        "out");

    using board_type = Board;
    using features_type = Features;
    using judges_type = Judges;

    [[nodiscard]] game_layout layout(std::size_t items, std::size_t features_count, std::size_t judges_count) const {
        game_layout at{.items = features.with_items ? items : 0};
        at.order = at.items;
        at.features = at.order + (board.has_order ? 1 : 0);
        at.judges = at.features + (Features::has_parameters ? features_count : 0);
        at.ties = at.judges + (Judges::has_parameters ? judges_count : 0);
        at.size = at.ties + (Board::has_tie_parameter ? 1 : 0);
        at.judges_sum_zero = judges.sum_zero;
        return at;
    }
    [[nodiscard]] game_layout layout(const game_list& games, const game_details& details) const {
        const std::size_t last =
            details.judges.empty() ? 0 : std::size_t{*std::ranges::max_element(details.judges)} + 1;
        return layout(games.items, details.features.columns, last);
    }
};

/// Calls visit(cell of one outcome, its weight): one outcome a game, two for a tie that is half a win for both.
template <class Ties, class Visit>
void each_outcome(const Ties& ties, game_result result, double weight, const Visit& visit) {
    pair_cell one{};
    (result == game_result::left ? one.left_wins : result == game_result::right ? one.right_wins : one.ties) = 1;
    if constexpr (Ties::has_parameter) {
        visit(one, weight);
    } else {
        const double left = ties.left_part(one), right = ties.right_part(one);
        if (left > 0) visit({0, 0, 1, 0, 0}, weight * left);
        if (right > 0) visit({0, 0, 0, 1, 0}, weight * right);
    }
}

/// u on the space where its mean is zero, for judges who have only relative worth.
inline void centre_judges(const game_layout& layout, Eigen::Ref<Eigen::VectorXd> v) {
    if (!layout.judges_sum_zero) return;
    auto u = v.segment(as_index(layout.judges), as_index(layout.ties - layout.judges));
    u.array() -= u.mean();
}

} // namespace preflearn
