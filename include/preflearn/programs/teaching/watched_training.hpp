/// \file
/// A training run of `teach`: held against held-out pairs while it goes on, its best parameters kept, ended when it no
/// longer improves, and told of.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <filesystem>
#include <utility>

#include <preflearn/pipeline/learning/watched_training.hpp>
#include <preflearn/pipeline/output/work_progress.hpp>
#include <preflearn/pipeline/study/study_options.hpp>
#include <preflearn/programs/teaching/teach_data.hpp>
#include <preflearn/programs/teaching/teach_options.hpp>
#include <preflearn/training/loop/options.hpp>
#include <preflearn/training/observers/held_out.hpp>

namespace preflearn {

/// What a study's options are of these.
inline study_options run_options(const teach_options& options, const std::filesystem::path& unfinished) {
    return {.beta = options.beta,
            .eight_bit_moments = options.eight_bit_moments,
            .seed = options.seed,
            .checkpoints = {.path = unfinished, .every = options.checkpoint_every},
            .cache = unfinished / "cache",
            .observe = options.observe,
            .scoring = options.scoring};
}

/// Gives a run its observers. \param examples to learn from
inline void watch(training_options& training, const teach_options& options, std::size_t examples,
                  held_out_evaluation evaluate, const speaker& say) {
    watch(training, watching{.every = options.evaluate_every, .patience = options.patience}, examples,
          std::move(evaluate), say);
}

} // namespace preflearn
