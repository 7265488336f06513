// The loss by its name.
// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <preflearn/loss/by_name/any_kind.hpp>
#include <preflearn/loss/by_name/any_loss.hpp>
#include <preflearn/loss/by_name/loss_named.hpp>

struct chosen_loss {
    std::string name;
    preflearn::any_loss<double> loss;
    bool reads_lengths;
};

/// \param parameters NAME=VALUE each
/// \param beta is the loss's beta, too, where it has one and `parameters` names no other
chosen_loss loss_of(const std::string& name, const std::vector<std::string>& parameters, std::optional<double> beta);

/// The loss of that name, of whatever kind.
preflearn::kind_of_loss any_loss_named(std::string_view name, std::span<const preflearn::named_value> parameters);
