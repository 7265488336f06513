/// \file
/// What training reports of each optimiser step, under TRL's names so that curves compare. Averages are over the pairs
/// of the step's batch, not over micro-batches.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace preflearn {

/// One optimiser step. What a kind of training does not have (rewards in supervised training) is NaN.
struct training_step {
    static constexpr double none = std::numeric_limits<double>::quiet_NaN();

    /// This step, from 1, and how many the run has.
    std::uint64_t step = 0, steps = 0;
    /// Passes over the data so far, with the fraction of the present one.
    double epoch = 0;
    /// Σ weight · loss / Σ weight of the batch, before the update, weight being the column of weights given (1 where
    /// none are): what `reduced_loss(loss, scores)` is of the batch's scores. 0 where all weights are 0.
    double loss = 0;
    /// The norm of its gradient before clipping, and the rate of the update.
    double grad_norm = 0, learning_rate = 0;
    /// Means of the implicit rewards of the chosen and the rejected responses, and of their difference.
    double rewards_chosen = none, rewards_rejected = none, rewards_margins = none;
    /// Shares of pairs whose chosen reward is larger, and of pairs with equal rewards (counted as wrong, as in TRL).
    double rewards_accuracies = none, rewards_ties = none;
    /// Means of the summed log-probs (of the rewards, for a reward model), in nats.
    double logps_chosen = none, logps_rejected = none;
    /// The mean baseline of an unpaired loss in nats: KTO's estimate of the KL divergence, BCO's δ / β.
    double kl = none;
    /// The mean loss and the share of pairs whose chosen reward is larger, equal ones half, on held-out data after the
    /// update, where an observer evaluated them (see `held_out`).
    double eval_loss = none, eval_accuracy = none;
    /// Tokens that the model computed, prompts that are shared counted once; for models that count them.
    double tokens = none;
};

/// The numbers of a step by name, in the order of reports and checkpoints.
inline constexpr std::array step_metrics = std::to_array<std::pair<std::string_view, double training_step::*>>({
    {"epoch", &training_step::epoch},
    {"loss", &training_step::loss},
    {"grad_norm", &training_step::grad_norm},
    {"learning_rate", &training_step::learning_rate},
    {"rewards/chosen", &training_step::rewards_chosen},
    {"rewards/rejected", &training_step::rewards_rejected},
    {"rewards/margins", &training_step::rewards_margins},
    {"rewards/accuracies", &training_step::rewards_accuracies},
    {"rewards/ties", &training_step::rewards_ties},
    {"logps/chosen", &training_step::logps_chosen},
    {"logps/rejected", &training_step::logps_rejected},
    {"kl", &training_step::kl},
    {"eval_loss", &training_step::eval_loss},
    {"eval_rewards/accuracies", &training_step::eval_accuracy},
    {"tokens", &training_step::tokens},
});

/// What a number of a step is called.
inline std::string_view metric_name(double training_step::*which) {
    for (const auto& [name, member] : step_metrics)
        if (member == which) return name;
    return "none";
}

/// Calls `see(name, value)` for each number that the step has.
template <class See> void for_each_metric(const training_step& step, See&& see) {
    for (const auto& [name, member] : step_metrics) {
        if (!std::isnan(step.*member)) see(name, step.*member);
    }
}

/// What a training run returns.
struct training_history {
    std::vector<training_step> steps;
    /// Steps that were read from a checkpoint instead of being computed.
    std::size_t resumed_steps = 0;
    /// Whether an observer ended the run before its last step.
    bool stopped = false;
    /// Pairs without a label worth learning from: the labeller abstained.
    std::size_t abstained = 0;
    /// What observers have to say of the run, in sentences.
    std::vector<std::string> notes{};
};

} // namespace preflearn
