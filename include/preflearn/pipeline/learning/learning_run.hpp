/// \file
/// What surrounds the trainings of a program or of a study, whatever learns: the seed, where they are kept and go on
/// from, what was computed before, and who watches.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include <preflearn/core/system/error.hpp>
#include <preflearn/training/files/run_file.hpp>
#include <preflearn/training/loop/observer.hpp>
#include <preflearn/training/loop/options.hpp>
#include <preflearn/training/optimisers/adamw.hpp>
#include <preflearn/training/optimisers/adamw_8bit.hpp>
#include <preflearn/training/optimisers/any_optimiser.hpp>

namespace preflearn {

struct learning_run {
    /// Remembers AdamW's moments in 2 bytes a parameter instead of 8 (adamw_8bit).
    bool eight_bit_moments = false;
    std::uint64_t seed = 0;
    /// A folder for the checkpoints of every training, which goes on from them; empty: none.
    run_file checkpoints{};
    /// A folder of log-probs that were computed before (reference_cache); empty: none.
    std::filesystem::path cache{};
    /// As of training_settings.
    std::function<training_observer(std::string_view title)> observe{};
    std::function<std::function<void(std::size_t scored)>(std::string_view title, std::size_t pairs)> scoring{};
};

/// AdamW with these numbers, its moments as the run wants them.
inline any_optimiser optimiser_of(const adamw& numbers, const learning_run& run) {
    if (!run.eight_bit_moments) return numbers;
    return adamw_8bit{.rate = numbers.rate,
                      .beta1 = numbers.beta1,
                      .beta2 = numbers.beta2,
                      .epsilon = numbers.epsilon,
                      .weight_decay = numbers.weight_decay};
}

/// Gives a training its seed, its observer and its checkpoint; the title names them.
inline void prepare_training(training_options& training, const learning_run& run, const std::string& title) {
    training.seed = run.seed;
    training.observers.clear();
    if (run.observe) training.observers.push_back(run.observe(title));
    training.keeper = {};
    if (run.checkpoints.path.empty()) return;
    std::string file = message("seed ", run.seed, " ", title, ".safetensors");
    std::erase(file, ',');
    std::ranges::replace(file, ' ', '-');
    training.keeper = run_file{run.checkpoints.path / file, run.checkpoints.every};
}

/// What is told how many of so many pairs have been scored; empty where nobody is.
inline std::function<void(std::size_t)> begin_scoring(const learning_run& run, const std::string& title,
                                                      std::size_t pairs) {
    return run.scoring ? run.scoring("scoring: " + title, pairs) : std::function<void(std::size_t)>();
}

} // namespace preflearn
