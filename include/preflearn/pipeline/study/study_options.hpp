/// \file
/// How a study goes, whatever it is on: its trainings, where they are kept, and what was computed before.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include <preflearn/core/sampling.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/training/files/run_file.hpp>
#include <preflearn/training/loop/observer.hpp>
#include <preflearn/training/loop/options.hpp>
#include <preflearn/training/optimisers/adamw.hpp>
#include <preflearn/training/optimisers/adamw_8bit.hpp>
#include <preflearn/training/optimisers/any_optimiser.hpp>

namespace preflearn {

struct study_options {
    /// Of the implicit reward: the loss's own β.
    double beta = 0.1;
    /// How the weak teacher labels: the sign of its margin (the paper), or σ(margin).
    bool soft_labels = false;
    adamw teacher_optimiser{}, student_optimiser{};
    /// Remembers AdamW's moments in 2 bytes a parameter instead of 8 (adamw_8bit), in fine-tuning, too.
    bool eight_bit_moments = false;
    /// Seeds, keepers and observers of these are set by the study.
    training_options teacher_training{}, student_training{};
    /// How responses to the test prompts are drawn where there is a gold reward to judge them.
    sampling_options sampling{};
    std::uint64_t seed = 0;
    /// A folder for the checkpoints of every training run, which goes on from them; empty: none.
    run_file checkpoints{};
    /// A folder of log-probs that were computed before (reference_cache), and of texts' tokens (token_cache); empty:
    /// none.
    std::filesystem::path cache{};
    /// Makes the observer of a training run with this title; `{}`: nobody watches.
    std::function<training_observer(std::string_view title)> observe{};
    /// Makes what is told how many pairs have been scored, of so many, by the policy in this title; `{}`: nobody is.
    std::function<std::function<void(std::size_t scored)>(std::string_view title, std::size_t pairs)> scoring{};
};

/// AdamW with these numbers, as the options want its moments.
inline any_optimiser optimiser_of(const adamw& numbers, const study_options& options) {
    if (!options.eight_bit_moments) return numbers;
    return adamw_8bit{.rate = numbers.rate,
                      .beta1 = numbers.beta1,
                      .beta2 = numbers.beta2,
                      .epsilon = numbers.epsilon,
                      .weight_decay = numbers.weight_decay};
}

/// Gives a training run of the study its seed, its observer and its checkpoint; the title names them.
inline void prepare_training(training_options& training, const study_options& study, const std::string& title) {
    training.seed = study.seed;
    training.observers.clear();
    if (study.observe) training.observers.push_back(study.observe(title));
    training.keeper = {};
    if (study.checkpoints.path.empty()) return;
    std::string file = message("seed ", study.seed, " ", title, ".safetensors");
    std::erase(file, ',');
    std::ranges::replace(file, ' ', '-');
    training.keeper = run_file{study.checkpoints.path / file, study.checkpoints.every};
}

} // namespace preflearn
