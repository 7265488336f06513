/// \file
/// The value of any preference loss over a batch, with its gradient and the metrics that trainers report, reduced as
/// wanted. Columns come as spans: `as_column(x)` makes one of an Eigen vector or an xtensor container. Columns of
/// 16-bit numbers (bfloat16, half) are widened to float, computed in float, and gradients and values rounded back.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include <preflearn/core/column.hpp>
#include <preflearn/core/requirements.hpp>
#include <preflearn/core/scores.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/core/system/parallel.hpp>

namespace preflearn {

/// How the pairs' losses become one number: Σ w l, Σ w l / n, or Σ w l / Σ w (the mean where no weights are given), w
/// being the weight column. What a loss itself weighs by is part of l. The last is the default, and what a step of
/// training reports and follows.
enum class reduction { sum, mean, weighted_mean };

/// A batch's loss and what TRL logs beside it: means over pairs, rewards being β (log π − log π_ref).
struct loss_report {
    double value = 0;
    double rewards_chosen = 0, rewards_rejected = 0, rewards_margins = 0;
    /// The share of pairs whose chosen reward is larger, and the share of equal ones, which it counts as wrong.
    double rewards_accuracies = 0, rewards_ties = 0;
    double logps_chosen = 0, logps_rejected = 0;
};

/// What a loss and its gradients are multiplied by. \throws argument_error for the mean of no pairs, or of pairs whose
/// weights are all zero.
inline double reduction_factor(const loss_sums& sums, reduction how) {
    if (how == reduction::sum) return 1;
    require(sums.pairs > 0, "the mean of a loss needs at least one pair");
    if (how == reduction::mean) return 1 / static_cast<double>(sums.pairs);
    require(sums.weight > 0, "the weighted mean of a loss needs a weight above zero, found ", sums.pairs,
            " pairs of weight zero");
    return 1 / sums.weight;
}

/// Fills in what a report (a `loss_report`, a step of training) has of means over pairs, given the sums of the
/// log-probs.
template <class Report>
void set_pair_metrics(Report& report, const loss_sums& sums, double chosen_log_probs, double rejected_log_probs) {
    const double pairs = static_cast<double>(sums.pairs);
    report.rewards_chosen = sums.chosen_rewards / pairs;
    report.rewards_rejected = sums.rejected_rewards / pairs;
    report.rewards_margins = (sums.chosen_rewards - sums.rejected_rewards) / pairs;
    report.rewards_accuracies = static_cast<double>(sums.correct) / pairs;
    report.rewards_ties = static_cast<double>(sums.ties) / pairs;
    report.logps_chosen = chosen_log_probs / pairs;
    report.logps_rejected = rejected_log_probs / pairs;
}

/// \throws argument_error as `reduction_factor` does.
inline loss_report report_of(const loss_sums& sums, reduction how = reduction::weighted_mean) {
    loss_report report{.value = sums.loss * reduction_factor(sums, how)};
    if (sums.pairs > 0) set_pair_metrics(report, sums, sums.chosen_log_probs, sums.rejected_log_probs);
    return report;
}

namespace detail {

/// A 16-bit number: anything narrower than float that converts to and from it.
template <class T>
concept Narrow = !std::floating_point<T> && sizeof(T) == 2 && requires(T x) {
    static_cast<float>(x);
    static_cast<T>(0.0F);
};

template <class Real> void multiply_all(std::span<Real> values, double factor) {
    const Real f = static_cast<Real>(factor);
    parallel_blocks(values.size(), 1 << 14, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) values[i] *= f;
    });
}

/// Calls `use(scores, gradients)` with columns of float, and rounds what it wrote; values that it did not write are
/// NaN.
template <Narrow T, class Use>
auto in_float(const pair_scores<T>& scores, const pair_gradients<T>& gradients, const Use& use) {
    const auto widened = [](std::span<const T> from) {
        std::vector<float> to(from.size());
        std::transform(from.begin(), from.end(), to.begin(), [](T x) { return static_cast<float>(x); });
        return to;
    };
    const std::vector<float> chosen = widened(scores.chosen), rejected = widened(scores.rejected),
                             reference_chosen = widened(scores.reference_chosen),
                             reference_rejected = widened(scores.reference_rejected), weight = widened(scores.weight),
                             target = widened(scores.target), margin = widened(scores.margin);
    std::vector<float> d_chosen(gradients.chosen.size()), d_rejected(gradients.rejected.size()),
        values(gradients.values.size(), std::numeric_limits<float>::quiet_NaN());
    const auto result = use(pair_scores<float>{chosen, rejected, reference_chosen, reference_rejected,
                                               scores.chosen_tokens, scores.rejected_tokens, weight, target, margin},
                            pair_gradients<float>{d_chosen, d_rejected, values, gradients.metrics});
    const auto narrowed = [](const std::vector<float>& from, std::span<T> to) {
        std::transform(from.begin(), from.end(), to.begin(), [](float x) { return static_cast<T>(x); });
    };
    narrowed(d_chosen, gradients.chosen);
    narrowed(d_rejected, gradients.rejected);
    narrowed(values, gradients.values);
    return result;
}

} // namespace detail

/// Value, gradient and metrics in one pass. `out` receives the derivatives of the reduced loss (reduction::sum writes
/// them once; a mean takes one more pass over them) and, where asked for, the pairs' own losses, which stay weight ·
/// loss whatever the reduction.
/// \throws argument_error and numeric_error as the loss and `reduction_factor` do.
template <class Loss, std::floating_point Real>
loss_report value_and_gradient(const Loss& loss, const pair_scores<Real>& scores, const pair_gradients<Real>& out,
                               reduction how = reduction::weighted_mean) {
    check_preference_loss<Loss, Real>();
    const loss_sums sums = loss(scores, out);
    const loss_report report = report_of(sums, how);
    if (how != reduction::sum) {
        detail::multiply_all(out.chosen, reduction_factor(sums, how));
        detail::multiply_all(out.rejected, reduction_factor(sums, how));
    }
    return report;
}

/// The same of columns of 16-bit numbers.
template <class Loss, detail::Narrow T>
loss_report value_and_gradient(const Loss& loss, const pair_scores<T>& scores, const pair_gradients<T>& out,
                               reduction how = reduction::weighted_mean) {
    return detail::in_float(scores, out, [&](const pair_scores<float>& wide, const pair_gradients<float>& wide_out) {
        return value_and_gradient(loss, wide, wide_out, how);
    });
}

/// The reduced loss alone.
template <class Loss, class Real>
double reduced_loss(const Loss& loss, const pair_scores<Real>& scores, reduction how = reduction::weighted_mean) {
    return value_and_gradient(loss, scores, pair_gradients<Real>{.metrics = false}, how).value;
}

/// No reduction: weight · loss of each pair. \throws argument_error when the loss leaves `values` untouched.
template <class Loss, class Real>
void losses_of_pairs(const Loss& loss, const pair_scores<Real>& scores, std::span<Real> out) {
    require(out.size() == scores.size(), "out has ", out.size(), " entries for ", scores.size(), " pairs");
    std::fill(out.begin(), out.end(), static_cast<Real>(std::numeric_limits<float>::quiet_NaN()));
    value_and_gradient(loss, scores, pair_gradients<Real>{.values = out, .metrics = false}, reduction::sum);
    const auto untouched = std::ranges::find_if(out, [](Real x) { return x != x; });
    require(untouched == out.end(), "this loss does not write the values of pairs: pair ", untouched - out.begin(),
            " has none");
}

/// Scores of pairs, or of their tokens, beside gradients or values of another type: refused in a sentence.
template <class Loss, template <class> class Scores, template <class> class Gradients, class Real, class Other>
    requires(!std::same_as<Real, Other>)
loss_report value_and_gradient(const Loss&, const Scores<Real>&, const Gradients<Other>&, reduction = {}) {
    check_written_as_read<Real, Other>();
    return {};
}
template <class Loss, template <class> class Scores, class Real, class Other>
    requires(!std::same_as<Real, Other>)
void losses_of_pairs(const Loss&, const Scores<Real>&, std::span<Other>) { check_written_as_read<Real, Other>(); }

} // namespace preflearn
