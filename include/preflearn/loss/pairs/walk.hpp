/// \file
/// The walk of a loss over a batch of pairs, one function for a type of number whatever the loss: in blocks that
/// threads share, each in pieces that stay in the cache, while the next piece's memory is asked for. The loss itself is
/// called once a piece. Sums are taken in double in an order fixed by the number of pairs, so the bits do not depend on
/// the number of threads; what is at fault is searched for only where something is.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>

#include <preflearn/core/numbers/elementary.hpp>
#include <preflearn/core/numbers/lane_sum.hpp>
#include <preflearn/core/scores.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/core/system/parallel.hpp>
#include <preflearn/loss/pairs/faults.hpp>
#include <preflearn/loss/pairs/pieces.hpp>
#include <preflearn/loss/pairs/steps.hpp>

namespace preflearn {

/// A loss as the walk calls it: a reference, valid as long as the loss is.
template <class Real> struct piece_loss {
    const void* loss;
    /// Writes the piece's losses to `steps.loss` and its derivatives to d_chosen and d_rejected, given columns and
    /// log-ratios. False when a number of a pair is not finite, or out of its range.
    bool (*compute)(const void* loss, const piece_columns<Real>& in, piece_steps<Real>& steps, Real* d_chosen,
                    Real* d_rejected);
    /// Says why a pair has no score, nothing where it has one; null where there is nothing to say.
    std::string (*refusal)(const void* loss, const pair_point<Real>& at);
    /// Rewards are reported as β times the log-ratios.
    double beta;
    /// Whether lengths of 0 must be looked for, which a score that divides by them would show itself.
    bool checks_lengths;
};

/// The sums of a block of pieces.
template <class Real> class block_sums {
  public:
    /// `weight` is the pairs' weights, null where all are 1. Without `with_metrics` only losses and weights are added
    /// up.
    void add(const piece_columns<Real>& in, const piece_steps<Real>& steps, const Real* weight, bool with_metrics) {
        const auto add_to = [&](lane_sum<double>& sum, const Real* values) {
            sum.add(in.size, [=](std::size_t i) { return static_cast<double>(values[i]); });
        };
        add_to(loss_, steps.loss.data());
        if (weight != nullptr) add_to(weight_, weight);
        unit_weights_ += weight != nullptr ? 0 : in.size;
        pairs_ += in.size;
        if (!with_metrics) return;
        const Real* const u = steps.u.data();
        const Real* const v = steps.v.data();
        add_to(chosen_ratios_, u);
        add_to(rejected_ratios_, v);
        add_to(chosen_log_probs_, in.chosen);
        add_to(rejected_log_probs_, in.rejected);
        correct_.add(in.size, [=](std::size_t i) { return whole{u[i] > v[i]}; });
        ties_.add(in.size, [=](std::size_t i) { return whole{u[i] == v[i]}; });
    }
    /// With rewards of β times the log-ratios; NaN for metrics that were not asked for.
    [[nodiscard]] loss_sums total(double beta, bool with_metrics) const {
        const auto wanted = [=](double sum) { return with_metrics ? sum : std::numeric_limits<double>::quiet_NaN(); };
        return {.loss = loss_.total(),
                .weight = weight_.total() + static_cast<double>(unit_weights_),
                .pairs = pairs_,
                .chosen_rewards = wanted(beta * chosen_ratios_.total()),
                .rejected_rewards = wanted(beta * rejected_ratios_.total()),
                .chosen_log_probs = wanted(chosen_log_probs_.total()),
                .rejected_log_probs = wanted(rejected_log_probs_.total()),
                .correct = correct_.total(),
                .ties = ties_.total()};
    }

  private:
    /// Counts are as wide as the compared numbers, so that a comparison's mask is the count.
    using whole = typename detail::elementary<Real>::bits;
    lane_sum<double> loss_, weight_, chosen_ratios_, rejected_ratios_, chosen_log_probs_, rejected_log_probs_;
    lane_sum<whole> correct_, ties_;
    std::size_t pairs_ = 0, unit_weights_ = 0;
};

/// One piece, from its columns on.
template <class Real>
bool compute_piece(const piece_loss<Real>& loss, const piece_columns<Real>& in, piece_steps<Real>& steps,
                   Real* d_chosen, Real* d_rejected, const next_piece<Real>& next) {
    const bool sound = are_sound(in) && (!loss.checks_lengths || have_lengths(in)),
               finite = form_log_ratios(in, steps, next);
    return loss.compute(loss.loss, in, steps, d_chosen, d_rejected) && sound && finite;
}

/// Says what is wrong with a pair. \throws argument_error or numeric_error naming it.
template <class Real>
[[gnu::cold, noreturn]] void refuse_pair(const piece_loss<Real>& loss, const pair_scores<Real>& scores,
                                         std::size_t pair, piece_steps<Real>& steps) {
    refuse_first_fault(scores, pair, pair + 1);
    refuse_empty_responses(scores, pair, pair + 1);
    if (loss.refusal != nullptr) {
        const piece_columns<Real> one = piece_of(scores, pair, pair + 1);
        form_log_ratios<Real>(one, steps, {});
        const std::string why = loss.refusal(loss.loss, point_at(one, steps, 0));
        require<numeric_error>(why.empty(), "pair ", pair, ": ", why);
    }
    throw_first_fault(scores, pair, pair + 1);
}

/// Goes through the pairs [begin, end) one at a time. \throws what `refuse_pair` does for the first that has a fault,
/// and numeric_error for the first of which the loss or a derivative is NaN though all that goes into it is finite.
template <class Real>
[[gnu::cold]] void refuse_pairs(const piece_loss<Real>& loss, const pair_scores<Real>& scores, std::size_t begin,
                                std::size_t end, piece_steps<Real>& steps) {
    Real d_chosen, d_rejected;
    for (std::size_t pair = begin; pair < end; ++pair) {
        if (!compute_piece<Real>(loss, piece_of(scores, pair, pair + 1), steps, &d_chosen, &d_rejected, {}))
            refuse_pair(loss, scores, pair, steps);
        require<numeric_error>(!std::isnan(steps.loss[0]) && !std::isnan(d_chosen) && !std::isnan(d_rejected), "pair ",
                               pair, ": the loss is not a number; a parameter exceeds the range of the type");
    }
}

/// Losses, gradients and sums of a batch, of columns that have been checked for their lengths.
/// \throws argument_error or numeric_error naming the first pair at fault.
template <class Real>
[[gnu::noinline]] loss_sums walk_pairs(const piece_loss<Real>& loss, const pair_scores<Real>& scores,
                                       const pair_gradients<Real>& gradients) {
    // Blocks depend on the number of pairs alone; at most 64, so that their sums need no allocation.
    constexpr std::size_t most = 64, piece = pairs_per_piece<Real>;
    const std::size_t pieces = (scores.size() + piece - 1) / piece;
    const std::size_t grain = std::max<std::size_t>(16, (pieces + most - 1) / most) * piece;
    std::array<loss_sums, most> blocks{};
    parallel_blocks(scores.size(), grain, [&](std::size_t begin, std::size_t end) {
        piece_steps<Real> steps;
        std::array<std::array<Real, piece>, 2> unwanted;
        block_sums<Real> sums;
        for (std::size_t at = begin; at < end; at += piece) {
            const piece_columns<Real> columns = piece_of(scores, at, end);
            const next_piece<Real> next(scores, gradients, at + columns.size, end);
            Real* const d_chosen = gradients.chosen.empty() ? unwanted[0].data() : gradients.chosen.data() + at;
            Real* const d_rejected = gradients.rejected.empty() ? unwanted[1].data() : gradients.rejected.data() + at;
            if (!compute_piece(loss, columns, steps, d_chosen, d_rejected, next)) {
                refuse_pairs(loss, scores, at, at + columns.size, steps);
                throw_first_fault(scores, at, at + columns.size);
            }
            if (!gradients.values.empty()) std::copy_n(steps.loss.data(), columns.size, gradients.values.data() + at);
            sums.add(columns, steps, scores.weight.empty() ? nullptr : columns.weight, gradients.metrics);
        }
        blocks[begin / grain] = sums.total(loss.beta, gradients.metrics);
        if (!std::isfinite(blocks[begin / grain].loss)) refuse_pairs(loss, scores, begin, end, steps);
    });
    loss_sums total;
    for (std::size_t i = 0; i * grain < scores.size(); ++i) total += blocks[i];
    return total;
}

} // namespace preflearn
