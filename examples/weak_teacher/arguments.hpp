// What the command line of weak_teacher says, and the steps that each are compiled by themselves.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <preflearn/pipeline/study/study.hpp>
#include <preflearn/pipeline/study/study_data.hpp>
#include <preflearn/report/run/manifest.hpp>

#include "../losses/losses.hpp"
#include "../models/models.hpp"

struct arguments {
    std::string teacher, student, data, unlabelled_data, report, checkpoints, cache, chat_format, loss = "sigmoid",
                                                                                                  optimiser = "adamw";
    std::vector<std::string> parameters;
    std::optional<std::size_t> labelled, unlabelled, test, epochs, fine_tuning_epochs, batch, maximum_tokens;
    std::optional<double> rate, fine_tuning_rate;
    std::optional<double> beta;
    double human_agreement = 0.75;
    std::uint64_t seed = 0;
    std::size_t seeds = 0, checkpoint_every = 0;
    model_choice on;
    std::string id_field = "id", boundary = "separate", pretokenizer, trained = "all";
    std::size_t lora = 0; // rank; 0: no adapter
    std::optional<double> lora_alpha;
    double lora_dropout = 0;
    std::vector<std::string> lora_targets{"all-linear"};
    bool soft_labels = false, skip_malformed = false, strict = false, recompute = false;
};

/// Of DPO and of the implicit reward.
inline double beta_of(const arguments& given) { return given.beta.value_or(0.1); }

/// Where none is given, twice the rank.
inline double lora_alpha_of(const arguments& given) {
    return given.lora_alpha.value_or(2 * static_cast<double>(given.lora));
}

/// \throws preflearn::argument_error where a name or value does not fit
inline chosen_loss loss_of(const arguments& given) { return loss_of(given.loss, given.parameters, given.beta); }

std::vector<preflearn::study_result> study_world(const arguments& given, std::size_t seeds, preflearn::manifest& run);

/// \param data receives what became of the file's pairs
std::vector<preflearn::study_result> study_texts(const arguments& given, std::size_t seeds, preflearn::manifest& run,
                                                 preflearn::text_study_data& data);

/// Puts what was given on the command line over the defaults, which both kinds of study share by name.
template <class Options> void apply(const arguments& given, Options& options) {
    const auto set = [](auto& option, const auto& value) {
        if (value) option = *value;
    };
    set(options.labelled, given.labelled);
    set(options.unlabelled, given.unlabelled);
    set(options.test, given.test);
    set(options.fine_tuning.epochs, given.fine_tuning_epochs);
    set(options.fine_tuning_optimiser.rate, given.fine_tuning_rate);
    preflearn::study_options& study = options.study;
    for (preflearn::training_options* training : {&study.teacher_training, &study.student_training}) {
        set(training->epochs, given.epochs);
        set(training->batch_size, given.batch);
    }
    for (preflearn::adamw* optimiser : {&study.teacher_optimiser, &study.student_optimiser})
        set(optimiser->rate, given.rate);
    study.beta = beta_of(given);
    study.seed = given.seed;
    study.soft_labels = given.soft_labels;
    study.checkpoints = {.path = given.checkpoints, .every = given.checkpoint_every};
    study.cache = given.cache;
    study.eight_bit_moments = given.optimiser == "adamw_8bit";
}
