/// \file
/// Losses of single responses that are known to be desirable or not, without a counterpart: what such a loss sees and
/// reports, and its concept. x = s β (u − k) with u = log π − log π_ref, s = 1 for desirable and −1 for undesirable
/// responses and a baseline k per class; a margin link makes the loss of x. Sums are taken in an order fixed by the
/// number of responses.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>
#include <utility>

#include <preflearn/core/column.hpp>
#include <preflearn/core/loss_concepts.hpp>
#include <preflearn/core/numbers/lane_sum.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/core/system/parallel.hpp>
#include <preflearn/loss/pairs/pairwise.hpp>
#include <preflearn/loss/parts/check_parameter.hpp>
#include <preflearn/loss/parts/link.hpp>

namespace preflearn {

struct unpaired_sums;

/// Scores of n completions: `log_prob` and `desirable` have n entries; other columns may be empty, which stands for
/// their documented default.
template <class Real> struct completion_scores {
    using gradients = std::span<Real>;
    using sums = unpaired_sums;

    /// log π(y | x) in nats, summed over the response's tokens.
    column_view<const Real> log_prob;
    /// 0: undesirable, anything else: desirable.
    column_view<const std::uint8_t> desirable;
    /// The same log-prob under the reference policy; empty: zero (no reference).
    column_view<const Real> reference{};
    /// Finite and not negative; empty: one. BCO's density ratios of undesirable responses are such weights.
    column_view<const Real> weight{};
    /// log π(y' | x) − log π_ref(y' | x) of responses y' to other prompts, from which KTO estimates how far the policy
    /// is from the reference: any number of them.
    column_view<const Real> mismatched{};

    [[nodiscard]] std::size_t size() const { return log_prob.size(); }
};

/// What a loss reports of completions: sums, so that shards add up. Divide by `weight` for the mean.
struct unpaired_sums {
    /// Σ weight · loss and Σ weight (of the column; a loss's own weights of the classes are part of the loss).
    double loss = 0, weight = 0;
    std::size_t completions = 0, desirable = 0;
    /// Σ of the implicit rewards β u by class.
    double desirable_rewards = 0, undesirable_rewards = 0;
    /// Σ of the log-probs as given.
    double desirable_log_probs = 0, undesirable_log_probs = 0;
    /// Σ over completions of the baseline k in nats: KTO's KL, BCO's δ / β; its mean is what TRL reports as `kl`.
    double baselines = 0;

    unpaired_sums& operator+=(const unpaired_sums& other) {
        loss += other.loss;
        weight += other.weight;
        completions += other.completions;
        desirable += other.desirable;
        desirable_rewards += other.desirable_rewards;
        undesirable_rewards += other.undesirable_rewards;
        desirable_log_probs += other.desirable_log_probs;
        undesirable_log_probs += other.undesirable_log_probs;
        baselines += other.baselines;
        return *this;
    }
};

/// A loss on single completions: writes the derivative with respect to every completion's log-prob. Errors name the
/// completion.
template <class L, class Real = double>
concept UnpairedLoss = std::floating_point<Real> && Loss<L, completion_scores<Real>>;

/// What `loss.reduce(scores)` of an unpaired loss returns.
template <class L, class Real> using unpaired_state = state_of<L, completion_scores<Real>>;

/// One in two phases. The estimators of the published ones are taken as constants: no gradient flows through the state.
template <class L, class Real = double>
concept CoupledUnpairedLoss = std::floating_point<Real> && CoupledLoss<L, completion_scores<Real>>;

/// Whether a loss needs the column `mismatched`, and whether its state is made of the policy's log-probs, as that of a
/// coupled loss is that does not say otherwise.
template <class L> inline constexpr bool loss_uses_mismatched = requires { requires L::uses_mismatched; };
template <class L, class Real> inline constexpr bool loss_uses_scores = CoupledUnpairedLoss<L, Real> && !requires {
    requires !L::uses_scores;
};

template <class L, class Real> consteval void check_unpaired_loss() {
    static_assert(UnpairedLoss<L, Real>,
                  "an UnpairedLoss is called with (completion_scores<Real>, std::span<Real> gradient), const, and "
                  "returns preflearn::unpaired_sums");
    if constexpr (reduces<L, completion_scores<Real>>)
        static_assert(CoupledUnpairedLoss<L, Real>,
                      "a CoupledUnpairedLoss is an UnpairedLoss with const members reduce(completion_scores<Real>), "
                      "which returns a state with +=, and map(completion_scores<Real>, state, std::span<Real> "
                      "gradient), which returns unpaired_sums");
}

/// k of the desirable and of the undesirable completions, in nats.
struct class_baselines {
    double desirable = 0, undesirable = 0;
};

/// \throws argument_error naming the column and both lengths.
template <std::floating_point Real>
void check_lengths(const completion_scores<Real>& scores, std::span<const Real> gradient) {
    const auto check = [&](std::string_view name, std::size_t found, bool may_be_empty) {
        require(found == scores.size() || (may_be_empty && found == 0), name, " has ", found, " entries for ",
                scores.size(), " completions");
    };
    check("desirable", scores.desirable.size(), false);
    check("reference", scores.reference.size(), true);
    check("weight", scores.weight.size(), true);
    check("the gradient", gradient.size(), true);
}

/// Throws for the first fault of the completions [begin, end). \throws numeric_error for NaN, infinities and log-ratios
/// out of the type's range; argument_error for a negative weight.
template <std::floating_point Real>
[[noreturn]] void throw_first_fault(const completion_scores<Real>& scores, std::size_t begin, std::size_t end) {
    using column = std::pair<std::string_view, std::span<const Real>>;
    for (std::size_t i = begin; i < end; ++i) {
        for (const auto& [name, values] : {column{"log_prob", scores.log_prob}, column{"reference", scores.reference},
                                           column{"weight", scores.weight}}) {
            if (values.empty()) continue;
            require<numeric_error>(std::isfinite(values[i]), "completion ", i, ": ", name, " is ", values[i],
                                   ", a finite number was expected");
            require(name != "weight" || values[i] >= 0, "completion ", i, ": weight is ", values[i],
                    ", a number that is not negative was expected");
        }
        const Real u = scores.log_prob[i] - (scores.reference.empty() ? 0 : scores.reference[i]);
        require<numeric_error>(std::isfinite(u), "completion ", i, ": the difference of log_prob ", scores.log_prob[i],
                               " and reference ", scores.reference[i], " exceeds the range of the type");
    }
    throw numeric_error(message("completions ", begin, " to ", end - 1, ": a score exceeds the range of the type"));
}

/// The loss φ(s β (u − k)) of every completion times its weight and its class's: what the named losses are made of.
template <class Link> struct singlewise {
    double beta = 0.1, desirable_weight = 1, undesirable_weight = 1;
    Link link{};

    template <std::floating_point Real>
    unpaired_sums operator()(const completion_scores<Real>& scores, const class_baselines& baselines,
                             std::span<Real> gradient) const {
        static_assert(MarginLink<Link, Real>, "a link is called with z and returns margin_penalty<Real>");
        check_lengths(scores, std::span<const Real>(gradient));
        check_positive("beta", beta);
        for (const auto& [name, value] :
             {std::pair{"desirable_weight", desirable_weight}, std::pair{"undesirable_weight", undesirable_weight}})
            require(value >= 0 && std::isfinite(value), name, " is ", value,
                    ", a finite number that is not negative was expected");
        require<numeric_error>(std::isfinite(baselines.desirable) && std::isfinite(baselines.undesirable),
                               "the baselines of desirable and undesirable completions are ", baselines.desirable,
                               " and ", baselines.undesirable, ", finite numbers were expected");
        constexpr std::size_t most = 64, smallest = 8 * piece;
        const std::size_t pieces = (scores.size() + piece - 1) / piece;
        const std::size_t grain = std::max(smallest, (pieces + most - 1) / most * piece);
        std::array<unpaired_sums, most> blocks{};
        parallel_blocks(scores.size(), grain, [&](std::size_t begin, std::size_t end) {
            blocks[begin / grain] = block(scores, baselines, gradient, begin, end);
        });
        unpaired_sums total;
        for (const unpaired_sums& sums : blocks) total += sums;
        const auto undesirable = static_cast<double>(total.completions - total.desirable);
        total.baselines =
            static_cast<double>(total.desirable) * baselines.desirable + undesirable * baselines.undesirable;
        return total;
    }

  private:
    static constexpr std::size_t piece = 512;

    template <class Real>
    unpaired_sums block(const completion_scores<Real>& scores, const class_baselines& baselines,
                        std::span<Real> gradient, std::size_t begin, std::size_t end) const {
        static constexpr auto constants = [] {
            std::array<std::array<Real, piece>, 2> filled{};
            filled[1].fill(1);
            return filled;
        }();
        constexpr Real largest = std::numeric_limits<Real>::max();
        const Real scale = static_cast<Real>(beta), good = static_cast<Real>(desirable_weight),
                   bad = static_cast<Real>(undesirable_weight), good_k = static_cast<Real>(baselines.desirable),
                   bad_k = static_cast<Real>(baselines.undesirable);
        std::array<Real, piece> losses, unwanted, side, log_ratio;
        lane_sum<double> loss, weight, good_rewards, bad_rewards, good_log_probs, bad_log_probs;
        lane_sum<std::uint64_t> desirable;
        for (std::size_t at = begin; at < end; at += piece) {
            const std::size_t size = std::min(piece, end - at);
            const auto column = [at](std::span<const Real> values, std::size_t otherwise) {
                return values.empty() ? constants[otherwise].data() : values.data() + at;
            };
            const Real* const p = scores.log_prob.data() + at;
            const Real* const p0 = column(scores.reference, 0);
            const Real* const w = column(scores.weight, 1);
            const std::uint8_t* const flag = scores.desirable.data() + at;
            Real* const d = gradient.empty() ? unwanted.data() : gradient.data() + at;
            unsigned faults = 0;
            for (std::size_t i = 0; i < size; ++i) side[i] = flag[i] != 0 ? Real(1) : Real(0);
            for (std::size_t i = 0; i < size; ++i) {
                const Real u = p[i] - p0[i], s = 2 * side[i] - 1;
                const Real k = side[i] * good_k + (1 - side[i]) * bad_k;
                const Real x = s * scale * (u - k), factor = w[i] * (side[i] * good + (1 - side[i]) * bad);
                const margin_penalty<Real> single = link(x);
                losses[i] = factor * single.value;
                d[i] = factor * scale * s * single.derivative;
                log_ratio[i] = u;
                const unsigned sound = unsigned{std::abs(u) <= largest} & unsigned{std::abs(x) <= largest} &
                                       unsigned{w[i] >= 0} & unsigned{factor <= largest};
                faults |= sound ^ 1U;
            }
            if (faults != 0) throw_first_fault(scores, at, at + size);
            const auto wide = [](Real x) { return static_cast<double>(x); };
            loss.add(size, [&](std::size_t i) { return wide(losses[i]); });
            weight.add(size, [=](std::size_t i) { return wide(w[i]); });
            good_rewards.add(size, [&](std::size_t i) { return wide(side[i] * (scale * log_ratio[i])); });
            bad_rewards.add(size, [&](std::size_t i) { return wide((1 - side[i]) * (scale * log_ratio[i])); });
            good_log_probs.add(size, [&](std::size_t i) { return wide(side[i] * p[i]); });
            bad_log_probs.add(size, [&](std::size_t i) { return wide((1 - side[i]) * p[i]); });
            desirable.add(size, [=](std::size_t i) { return std::uint64_t{flag[i] != 0}; });
        }
        return {.loss = loss.total(),
                .weight = weight.total(),
                .completions = end - begin,
                .desirable = static_cast<std::size_t>(desirable.total()),
                .desirable_rewards = good_rewards.total(),
                .undesirable_rewards = bad_rewards.total(),
                .desirable_log_probs = good_log_probs.total(),
                .undesirable_log_probs = bad_log_probs.total()};
    }
};

} // namespace preflearn
