/// \file
/// Features of the game or of the items, as a part of `game_model`: a feature's difference, left minus right, adds f ·
/// γ to the left side's advantage. Differences of item covariates explain strengths (Turner & Firth 2012); differences
/// of length or markup give the "style-controlled" board (Chiang et al. 2024).
// SPDX-License-Identifier: MIT
#pragma once

#include <limits>

#include <preflearn/core/system/error.hpp>

namespace preflearn {

/// Items alone.
struct no_features {
    static constexpr bool has_parameters = false;
    static constexpr bool with_items = true;
    static void check() {}
    static double precision() { return 0; }
};

struct game_features {
    static constexpr bool has_parameters = true;
    /// γ ~ N(0, variance) per feature, in squared logits per squared unit of the feature; infinite: no prior.
    double variance = std::numeric_limits<double>::infinity();
    /// False: strengths are a linear function of the features alone, there are no scores of items.
    bool with_items = true;

    void check() const {
        require(variance > 0, "features with a prior of variance ", variance, "; a number above 0 was expected");
    }
    [[nodiscard]] double precision() const { return 1 / variance; }
};

} // namespace preflearn
