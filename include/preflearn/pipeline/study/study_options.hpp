/// \file
/// How a study goes, whatever it is on: its trainings, where they are kept, and what was computed before.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string_view>

#include <preflearn/core/sampling.hpp>
#include <preflearn/pipeline/learning/learning_run.hpp>
#include <preflearn/training/files/run_file.hpp>
#include <preflearn/training/loop/observer.hpp>
#include <preflearn/training/loop/options.hpp>
#include <preflearn/training/optimisers/adamw.hpp>

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

    /// What surrounds its trainings.
    operator learning_run() const {
        return {.eight_bit_moments = eight_bit_moments,
                .seed = seed,
                .checkpoints = checkpoints,
                .cache = cache,
                .observe = observe,
                .scoring = scoring};
    }
};

} // namespace preflearn
