/// \file
/// Ratings in one call, as `preflearn::compiled` holds them.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>

#include <preflearn/ranking/rate/rate.hpp>

namespace preflearn {

extern template rating_report rate_games(const game_list&, const rating_options&, std::span<const std::uint32_t>,
                                         const game_covariates&, std::span<const std::uint32_t>);

} // namespace preflearn
