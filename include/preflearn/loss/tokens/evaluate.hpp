/// \file
/// The value of a token-level loss over a batch, with its gradient and the metrics that trainers report, reduced as
/// wanted: the same calls as for sums (see evaluate.hpp), on tokens stored as double, float or in 16 bits.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>

#include <preflearn/core/numbers/half.hpp>
#include <preflearn/core/scores.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/core/system/parallel.hpp>
#include <preflearn/loss/pairs/evaluate.hpp>
#include <preflearn/loss/tokens/scores.hpp>

namespace preflearn {

/// Value, gradient and metrics. `out` receives the derivatives of the reduced loss in every token and, where asked for,
/// the pairs' own losses, which stay weight · loss whatever the reduction.
/// \throws argument_error and numeric_error as the loss and `reduction_factor` do.
template <class Loss, StoredReal Real>
loss_report value_and_gradient(const Loss& loss, const token_scores<Real>& scores, const token_gradients<Real>& out,
                               reduction how = reduction::weighted_mean) {
    check_token_loss<Loss, Real>();
    const loss_sums sums = loss(scores, out);
    const loss_report report = report_of(sums, how);
    if (how != reduction::sum) {
        const double factor = reduction_factor(sums, how);
        for (const std::span<Real> values :
             {out.chosen.policy, out.chosen.divergence, out.rejected.policy, out.rejected.divergence}) {
            parallel_blocks(values.size(), 1 << 14, [&](std::size_t begin, std::size_t end) {
                for (std::size_t i = begin; i < end; ++i)
                    values[i] = stored<Real>(static_cast<double>(values[i]) * factor);
            });
        }
    }
    return report;
}

/// The reduced loss alone.
template <class Loss, StoredReal Real>
double reduced_loss(const Loss& loss, const token_scores<Real>& scores, reduction how = reduction::weighted_mean) {
    return value_and_gradient(loss, scores, token_gradients<Real>{}, how).value;
}

/// No reduction: weight · loss of each pair. \throws argument_error when the loss leaves `values` untouched.
template <class Loss, StoredReal Real>
void losses_of_pairs(const Loss& loss, const token_scores<Real>& scores, std::span<Real> out) {
    require(out.size() == scores.size(), "out has ", out.size(), " entries for ", scores.size(), " pairs");
    std::ranges::fill(out, stored<Real>(std::numeric_limits<double>::quiet_NaN()));
    value_and_gradient(loss, scores, token_gradients<Real>{.values = out}, reduction::sum);
    for (std::size_t i = 0; i < out.size(); ++i)
        require(!std::isnan(static_cast<double>(out[i])), "this loss does not write the values of pairs: pair ", i,
                " has none");
}

} // namespace preflearn
