/// \file
/// Losses of pairs by name, as `preflearn::compiled` holds them.
// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string_view>

#include <preflearn/loss/by_name/loss_named.hpp>

namespace preflearn {

extern template any_loss<double> loss_named<double>(std::string_view, std::span<const named_value>);

} // namespace preflearn
