/// \file
/// Elo's running ratings (Elo 1978) for streams: R += K (S − 1 / (1 + 10^{(R_other − R) / 400})) after each game. The
/// result depends on the order of the games and forgets the old ones; where all games are at hand a fit is the better
/// answer.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstddef>
#include <numbers>
#include <vector>

#include <preflearn/core/comparison.hpp>
#include <preflearn/core/numbers/log_space.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/ranking/board/games.hpp>

namespace preflearn {

struct elo_options {
    /// What a surprise is worth.
    double k = 4;
    double initial = 1000;
    /// Points at which the odds are 10 to 1.
    double scale = 400;
};

/// Ratings on Elo's scale; as a RewardModel it answers in natural logits. A copy is a checkpoint of the stream.
class elo_ratings {
  public:
    /// \throws argument_error for options that are not finite or not positive.
    explicit elo_ratings(std::size_t items, const elo_options& options = {})
        : options_(options), ratings_(items, options.initial) {
        require(options.k > 0 && options.scale > 0 && std::isfinite(options.k) && std::isfinite(options.scale) &&
                    std::isfinite(options.initial),
                "Elo needs k and scale above 0 and a finite initial rating, found ", options.k, ", ", options.scale,
                ", ", options.initial);
    }

    /// \throws argument_error for items that are unknown or the same, or a weight that is negative or not finite.
    void add(item_id left, item_id right, game_result result, double weight = 1) {
        require(left < ratings_.size() && right < ratings_.size() && left != right, "a game of items ", left, " and ",
                right, " of ", ratings_.size());
        require(weight >= 0 && std::isfinite(weight), "the game's weight is ", weight);
        const double scored = result == game_result::left ? 1 : result == game_result::right ? 0 : 0.5;
        const double expected = sigmoid((ratings_[left] - ratings_[right]) * logits_per_point());
        const double change = options_.k * weight * (scored - expected);
        ratings_[left] += change;
        ratings_[right] -= change;
    }
    void add(const game_list& games) {
        check_columns(games.left.size(), games.right.size(), games.results.size(), games.weights.size());
        for (std::size_t g = 0; g < games.size(); ++g)
            add(games.left[g], games.right[g], games.results[g], games.weight(g));
    }

    [[nodiscard]] const std::vector<double>& ratings() const { return ratings_; }

    double operator()(no_prompt, std::size_t item) const {
        require(item < ratings_.size(), "item ", item, " is not among the ", ratings_.size(), " rated");
        return ratings_[item] * logits_per_point();
    }

  private:
    [[nodiscard]] double logits_per_point() const { return std::numbers::ln10 / options_.scale; }

    elo_options options_;
    std::vector<double> ratings_;
};

} // namespace preflearn
