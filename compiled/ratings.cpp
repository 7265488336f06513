// SPDX-License-Identifier: MIT
#include <preflearn/compiled/ratings.hpp>

namespace preflearn {

template rating_report rate_games(const game_list&, const rating_options&, std::span<const std::uint32_t>,
                                  const game_covariates&, std::span<const std::uint32_t>);

} // namespace preflearn
