// SPDX-License-Identifier: MIT
#include <preflearn/compiled/losses.hpp>

namespace preflearn {

template any_loss<double> loss_named<double>(std::string_view, std::span<const named_value>);

} // namespace preflearn
