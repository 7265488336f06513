/// \file
/// What a rating fit starts from: games between two items. A game is a comparison seen by a rating model: `left` was
/// shown first (or played at home), and one side won or they tied.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include <preflearn/core/system/error.hpp>

namespace preflearn {

/// Items are numbered from 0.
using item_id = std::uint32_t;

enum class game_result : std::uint8_t { left, right, tie };

/// Views of columns owned by someone else, one entry a game; `weights` may be empty, which stands for ones.
struct game_list {
    std::size_t items = 0;
    std::span<const item_id> left{}, right{};
    std::span<const game_result> results{};
    std::span<const double> weights{};

    [[nodiscard]] std::size_t size() const { return left.size(); }
    [[nodiscard]] double weight(std::size_t game) const { return weights.empty() ? 1.0 : weights[game]; }
};

/// \throws argument_error when the columns' lengths differ.
inline void check_columns(std::size_t left, std::size_t right, std::size_t results, std::size_t weights,
                          std::string_view what = "results") {
    require(left == right && left == results && (weights == 0 || weights == left), "columns of games differ: ", left,
            " left items, ", right, " right items, ", results, " ", what, ", ", weights, " weights");
}

} // namespace preflearn
