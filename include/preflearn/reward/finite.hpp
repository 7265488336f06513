/// \file
/// Rewards are finite numbers: a model that diverged is reported, never trained on or asked for labels.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstddef>
#include <span>

#include <preflearn/core/system/error.hpp>

namespace preflearn {

/// \throws numeric_error naming the first completion whose reward is not finite.
inline void check_finite_rewards(std::span<const double> rewards) {
    for (std::size_t i = 0; i < rewards.size(); ++i)
        require<numeric_error>(std::isfinite(rewards[i]), "completion ", i, ": its reward is ", rewards[i],
                               "; the model's parameters hold infinities or NaN, or overflow");
}

} // namespace preflearn
