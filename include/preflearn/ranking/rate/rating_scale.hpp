/// \file
/// The scale on which scores are shown. A fit's logits are what the model speaks; Elo's points (Elo 1978) are 400 /
/// ln 10 a logit, so that 400 points are odds of 10 to 1.
// SPDX-License-Identifier: MIT
#pragma once

#include <numbers>

#include <preflearn/core/numbers/interval.hpp>

namespace preflearn {

/// shown = zero + per_logit · score
struct rating_scale {
    double per_logit = 1;
    /// Of the mean, or of the anchor.
    double zero = 0;

    static constexpr rating_scale elo(double zero = 1000) { return {400 / std::numbers::ln10, zero}; }

    [[nodiscard]] double score(double logits) const { return zero + per_logit * logits; }
    [[nodiscard]] double error(double logits) const { return per_logit * logits; }
    [[nodiscard]] interval bounds(const interval& logits) const { return {score(logits.low), score(logits.high)}; }
};

} // namespace preflearn
