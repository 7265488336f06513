/// \file
/// A training run of `teach`: held against held-out pairs while it goes on, its best parameters kept, ended when it no
/// longer improves, and told of.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <filesystem>
#include <utility>

#include <preflearn/pipeline/learning/learning_run.hpp>
#include <preflearn/pipeline/learning/learning_steps.hpp>
#include <preflearn/pipeline/learning/training_settings.hpp>
#include <preflearn/pipeline/output/work_progress.hpp>
#include <preflearn/programs/teaching/teach_options.hpp>
#include <preflearn/training/observers/held_out.hpp>

namespace preflearn {

/// What surrounds the trainings of these options.
inline learning_run run_options(const teach_options& options, const std::filesystem::path& unfinished) {
    return run_in(unfinished, options.learning, options.seed);
}

/// By what a run is watched. \param examples to learn from
inline watched_by watched_as(const teach_options& options, held_out_evaluation evaluate, const speaker& say,
                             std::size_t examples = 0) {
    return {.evaluate = std::move(evaluate), .when = options.learning.watched, .say = say, .examples = examples};
}

} // namespace preflearn
