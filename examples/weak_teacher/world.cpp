// The study in a generated world.
// SPDX-License-Identifier: MIT
#include <preflearn/pipeline/study/study_progress.hpp>
#include <preflearn/pipeline/study/world_study.hpp>

#include "../models/models.hpp"
#include "arguments.hpp"

std::vector<preflearn::study_result> study_world(const arguments& given, std::size_t seeds, preflearn::manifest& run) {
    preflearn::world_study_options options;
    apply_sizes(given, options);
    preflearn::study_options& study = options.study;
    apply_steps(given.training, options.fine_tuning, options.fine_tuning_optimiser, true);
    apply_steps(given.training, study.teacher_training, study.teacher_optimiser, false);
    apply_steps(given.training, study.student_training, study.student_optimiser, false);
    study.beta = beta_of(given);
    study.seed = given.training.seed;
    study.soft_labels = given.soft_labels;
    study.checkpoints = {.path = given.checkpoints, .every = given.training.checkpoint_every.value_or(50)};
    study.eight_bit_moments = given.training.optimiser == "adamw_8bit";
    options.human_agreement = given.human_agreement;
    constexpr std::size_t runs_of_a_seed = 8; // two fine-tunings, the teacher, five students
    study.observe = preflearn::study_progress("weak teacher", runs_of_a_seed * seeds);
    run.settings["world"] = {{"words", options.world.words},
                             {"prompt_words", options.world.prompt_words},
                             {"demonstrations", options.demonstrations},
                             {"human_agreement", options.human_agreement}};
    return preflearn::run_world_studies(cpu_models(), options, loss_of(given).loss, seeds);
}
