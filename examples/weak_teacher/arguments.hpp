// What the command line of weak_teacher says, and the steps that each are compiled by themselves.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include <preflearn/pipeline/study/study.hpp>
#include <preflearn/pipeline/study/study_data.hpp>
#include <preflearn/report/run/manifest.hpp>

#include "../command_line/training_options.hpp"
#include "../losses/losses.hpp"
#include "../models/models.hpp"

struct arguments {
    std::string teacher, student, data, unlabelled_data, report, keep, checkpoints, cache, chat_format,
        loss = "sigmoid", written = "f32";
    std::vector<std::string> parameters, command_line;
    std::optional<std::size_t> labelled, unlabelled, test;
    std::optional<double> beta;
    double human_agreement = 0.75;
    std::size_t seeds = 0;
    training_arguments training;
    std::string id_field = "id", pretokenizer;
    bool soft_labels = false, skip_malformed = false, strict = false, keep_adapter = false;
};

/// Of DPO and of the implicit reward.
inline double beta_of(const arguments& given) { return given.beta.value_or(0.1); }

/// \throws preflearn::argument_error where a name or value does not fit
inline chosen_loss loss_of(const arguments& given) { return loss_of(given.loss, given.parameters, given.beta); }

std::vector<preflearn::study_result> study_world(const arguments& given, std::size_t seeds, preflearn::manifest& run);

/// \param data receives what became of the file's pairs
std::vector<preflearn::study_result> study_texts(const arguments& given, std::size_t seeds, preflearn::manifest& run,
                                                 preflearn::text_study_data& data);

/// Puts the sizes that were given over the defaults.
template <class Options> void apply_sizes(const arguments& given, Options& options) {
    set_if_given(options.labelled, given.labelled);
    set_if_given(options.unlabelled, given.unlabelled);
    set_if_given(options.test, given.test);
}
