/// \file
/// What of a training's options makes another model of the same data, as JSON: a part of the key of a program's run.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include <preflearn/policy/adapters/adapter_options.hpp>
#include <preflearn/training/loop/options.hpp>
#include <preflearn/training/optimisers/adamw.hpp>

namespace preflearn {

inline nlohmann::ordered_json settings_of(const training_options& training, const adamw& optimiser) {
    return {{"epochs", training.epochs},       {"max_steps", training.max_steps},
            {"batch", training.batch_size},    {"micro_batch", training.micro_batch_size},
            {"rate", optimiser.rate},          {"betas", {optimiser.beta1, optimiser.beta2}},
            {"epsilon", optimiser.epsilon},    {"weight_decay", optimiser.weight_decay},
            {"clip_norm", training.clip_norm}, {"schedule", std::string(training.schedule.name())},
            {"warm_up", training.warm_up}};
}

inline nlohmann::ordered_json settings_of(const adapter_options& adapter) {
    return {{"rank", adapter.rank},       {"alpha", adapter.alpha},
            {"dropout", adapter.dropout}, {"rank_stabilised", adapter.rank_stabilised},
            {"targets", adapter.targets}, {"layers", adapter.layers}};
}

} // namespace preflearn
