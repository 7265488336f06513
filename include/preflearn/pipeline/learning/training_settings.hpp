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
    using namespace std::string_literals;
    return {{"epochs"s, training.epochs},       {"max_steps"s, training.max_steps},
            {"batch"s, training.batch_size},    {"micro_batch"s, training.micro_batch_size},
            {"rate"s, optimiser.rate},          {"betas"s, {optimiser.beta1, optimiser.beta2}},
            {"epsilon"s, optimiser.epsilon},    {"weight_decay"s, optimiser.weight_decay},
            {"clip_norm"s, training.clip_norm}, {"schedule"s, std::string(training.schedule.name())},
            {"warm_up"s, training.warm_up}};
}

inline nlohmann::ordered_json settings_of(const adapter_options& adapter) {
    using namespace std::string_literals;
    return {{"rank"s, adapter.rank},       {"alpha"s, adapter.alpha},
            {"dropout"s, adapter.dropout}, {"rank_stabilised"s, adapter.rank_stabilised},
            {"targets"s, adapter.targets}, {"layers"s, adapter.layers}};
}

} // namespace preflearn
