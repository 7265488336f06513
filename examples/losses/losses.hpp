// The loss by its name.
// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <preflearn/loss/by_name/any_loss.hpp>

struct chosen_loss {
    std::string name;
    preflearn::any_loss<double> loss;
    bool reads_lengths;
};

/// \param parameters NAME=VALUE each
/// \param beta is the loss's beta, too, where it has one and `parameters` names no other
chosen_loss loss_of(const std::string& name, const std::vector<std::string>& parameters, std::optional<double> beta);
