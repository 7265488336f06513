/// \file
/// Some losses of every kind by name, so that tests of aligning compile no others.
// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string_view>
#include <tuple>

#include <preflearn/loss/by_name/kind_named.hpp>

namespace test {

using tiny_losses = std::tuple<preflearn::dpo, preflearn::robust_dpo, preflearn::simpo, preflearn::odpo, preflearn::aot,
                               preflearn::filtered_ropo, preflearn::robust_dpo_by_pair, preflearn::spa, preflearn::tpo,
                               preflearn::ld_dpo<>, preflearn::wpo<>, preflearn::tdpo2<>, preflearn::wspo,
                               preflearn::kto<>, preflearn::bco, preflearn::plackett_luce_loss>;

inline preflearn::kind_of_loss tiny_loss(std::string_view name, std::span<const preflearn::named_value> parameters) {
    return preflearn::kind_of_loss_named<tiny_losses>(name, parameters);
}

} // namespace test
