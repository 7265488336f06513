/// \file
/// How a language model over texts learns, said once for all programs that train one and for the study; and what of it
/// makes another model of the same data, as JSON: a part of the key of a program's run.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include <preflearn/pipeline/learning/learning_run.hpp>
#include <preflearn/pipeline/learning/watched_training.hpp>
#include <preflearn/pipeline/scoring/text_model.hpp>
#include <preflearn/policy/adapters/adapter_options.hpp>
#include <preflearn/policy/decoder/trained_tensors.hpp>
#include <preflearn/policy/text/encoded_texts.hpp>
#include <preflearn/policy/text/known_tokens.hpp>
#include <preflearn/text/files/load.hpp>
#include <preflearn/training/files/run_file.hpp>
#include <preflearn/training/loop/observer.hpp>
#include <preflearn/training/loop/options.hpp>
#include <preflearn/training/loop/schedule.hpp>
#include <preflearn/training/optimisers/adamw.hpp>

namespace preflearn {

struct training_settings {
    /// Where a prompt's tokens end and a response's begin, and how tokenizers are read.
    token_boundary boundary = token_boundary::separate;
    tokenizer_options tokenizer{};
    /// What has more, prompt with response, is left out; begin and end tokens count. So is what is longer than a
    /// model's own maximum.
    std::size_t maximum_tokens = 512;
    /// Which weights learn, and that by its name: all, or those that stay are read as they are stored.
    trained_tensors trained{};
    std::string trained_name = "all";
    /// A low-rank adapter (LoRA) learns alone; nothing: the weights themselves.
    std::optional<adapter_options> adapter{};
    /// Backward passes run each layer again, which takes a fraction of the memory.
    bool recompute_activations = false;
    /// AdamW remembers its moments in 2 bytes a parameter instead of 8 (adamw_8bit).
    bool eight_bit_moments = false;
    /// On the preferred responses, before; 0 epochs: the model is taken as it is.
    adamw fine_tuning_optimiser{.rate = 1e-5};
    training_options fine_tuning{.batch_size = 8, .micro_batch_size = 2, .schedule = schedule::cosine, .warm_up = 0.1};
    /// On preferences.
    adamw optimiser{.rate = 1e-5};
    training_options training{.batch_size = 8, .micro_batch_size = 1, .schedule = schedule::cosine, .warm_up = 0.1};
    /// Where there are held-out examples.
    watching watched{};
    /// Steps between checkpoints; 0: at a training's end.
    std::size_t checkpoint_every = 50;
    /// Makes the observer of a training run with this title; `{}`: nobody watches.
    std::function<training_observer(std::string_view title)> observe{};
    /// Makes what is told how many pairs have been scored, of so many, by the policy in this title; `{}`: nobody is.
    std::function<std::function<void(std::size_t scored)>(std::string_view title, std::size_t pairs)> scoring{};
};

/// The defaults for a model that is fine-tuned already.
inline training_settings without_fine_tuning() {
    training_settings settings;
    settings.fine_tuning.epochs = 0;
    return settings;
}

/// A run by these settings that is kept in a folder. \param seed of the order of examples
inline learning_run run_in(const std::filesystem::path& folder, const training_settings& settings, std::uint64_t seed) {
    return {.eight_bit_moments = settings.eight_bit_moments,
            .seed = seed,
            .checkpoints = {.path = folder, .every = settings.checkpoint_every},
            .cache = folder / "cache",
            .observe = settings.observe,
            .scoring = settings.scoring};
}

/// How a model is loaded that is to learn so. \param seed of an adapter's numbers
inline text_model_options model_to_learn(const training_settings& settings, std::uint64_t seed,
                                         std::shared_ptr<known_tokens> known = {}) {
    return {.tokenizer = settings.tokenizer,
            .boundary = settings.boundary,
            .trained = settings.trained,
            .adapter = settings.adapter,
            .recompute_activations = settings.recompute_activations,
            .seed = seed,
            .known = std::move(known)};
}
/// How one is loaded that stays as it is.
inline text_model_options frozen_model(const training_settings& settings) {
    return {.tokenizer = settings.tokenizer, .boundary = settings.boundary, .trained = trained_tensors::none()};
}

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

/// "all", "head", "last:2", or "adapter".
inline std::string learning_part(const training_settings& settings) {
    return settings.adapter ? "adapter" : settings.trained_name;
}

} // namespace preflearn
