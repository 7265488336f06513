/// \file
/// Rewards in units of β for a loss whose scores are not multiplied by it: where β is the place of a target (IPO, SPPO:
/// log-ratios that are to differ by 1/(2β)), scores of β times the log-ratios and a loss divided by β² would exceed the
/// type's range long before the result does.
// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>

#include <preflearn/core/scores.hpp>
#include <preflearn/loss/pairs/columns_used.hpp>
#include <preflearn/loss/pairs/faults.hpp>
#include <preflearn/loss/parts/check_parameter.hpp>

namespace preflearn {

/// Another PreferenceLoss, whose rewards are reported β times as large. \throws argument_error when β is not positive
/// and finite, and what the loss throws.
template <class Loss> struct rewards_scaled {
    static constexpr bool uses_reference = loss_uses_reference<Loss>;
    static constexpr bool uses_tokens = loss_uses_tokens<Loss>;
    static constexpr lengths_read lengths = loss_lengths<Loss>;
    static constexpr bool uses_target = loss_uses_target<Loss>, uses_margin = loss_uses_margin<Loss>;

    double beta = 0.1;
    Loss loss{};

    template <std::floating_point Real>
    loss_sums operator()(const pair_scores<Real>& scores, const pair_gradients<Real>& gradients) const {
        check();
        return scaled(loss(scores, gradients));
    }
    /// As `pairwise` has it.
    template <std::floating_point Real>
    loss_sums with_all_columns(const pair_scores<Real>& scores,
                               const pair_gradients<Real>& gradients) const requires requires {
        loss.with_all_columns(scores, gradients);
    }
    {
        check();
        return scaled(loss.with_all_columns(scores, gradients));
    }

  private:
    void check() const { check_positive("beta", beta); }
    [[nodiscard]] loss_sums scaled(loss_sums sums) const {
        sums.chosen_rewards *= beta;
        sums.rejected_rewards *= beta;
        return sums;
    }
};

} // namespace preflearn
