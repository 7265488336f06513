/// \file
/// What a study on real models and real pairs is told, and who takes what it makes.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include <preflearn/data/preferences/pair_names.hpp>
#include <preflearn/data/preferences/preference_data.hpp>
#include <preflearn/data/preferences/record.hpp>
#include <preflearn/data/selection/split.hpp>
#include <preflearn/pipeline/learning/training_settings.hpp>
#include <preflearn/pipeline/scoring/text_model.hpp>
#include <preflearn/pipeline/study/study.hpp>
#include <preflearn/pipeline/study/study_options.hpp>
#include <preflearn/text/chat/chat_template.hpp>
#include <preflearn/training/loop/metrics.hpp>
#include <preflearn/training/loop/options.hpp>
#include <preflearn/training/optimisers/adamw.hpp>

namespace preflearn {

struct text_study_options {
    /// GGUF files or Hugging Face folders. The same path is loaded, and fine-tuned, once.
    std::filesystem::path teacher{}, student{};
    /// Labelled pairs as JSONL, plain or gzipped. Where they are too few for all parts, those among them without a
    /// verdict are unlabelled ones.
    std::filesystem::path data{};
    /// The pairs that the teacher labels; empty: they are of `data`. Verdicts are for comparison, where all have one.
    std::filesystem::path unlabelled_data{};
    preference_options reading{};
    /// How conversations become text: a format's name or "auto", the models' own; empty: as `reading` says.
    std::string chat_format{};
    /// Leave pairs out when a response has no token. On for losses that say that they divide by lengths (uses_tokens).
    bool needs_tokens = false;
    /// Whether leaving anything out is an error that names the first.
    bool strict = false;
    /// Sizes in pairs; groups of equal prompts may leave a part a little short. Of `unlabelled_data`
    /// `unlimited_length` are all.
    std::size_t labelled = 96, unlabelled = 192, test = 96;
    /// How both models learn; they are fine-tuned on the preferred responses of the labelled part. Nothing is held out
    /// but the test part, so nothing watches.
    training_settings learning{};
    /// How students learn from preferences, where that is otherwise than the teacher does.
    std::optional<adamw> student_optimiser{};
    std::optional<training_options> student_training{};
    /// Of the implicit reward: the loss's own β.
    double beta = 0.1;
    /// How the weak teacher labels: the sign of its margin (the paper), or σ(margin).
    bool soft_labels = false;
    std::uint64_t seed = 0;
    /// Folders for the checkpoints of every training, which goes on from them, and of log-probs and tokens that were
    /// computed before (reference_cache, token_cache); empty: none.
    std::filesystem::path checkpoints{}, cache{};
};

/// What a study on texts is made of, once its models are fine-tuned. Views what lives while it runs.
struct text_study_parts {
    const text_study_options& options;
    const chosen_chat_format& chat;
    const preference_split<text_comparison>& pairs;
    /// What the files call their pairs.
    const pair_names& names;
    /// Fine-tuned, the references of what is trained; they may be one object.
    const text_model &teacher, &student;
    const training_history &teacher_fine_tuning, &student_fine_tuning;
};

/// Takes what the study makes while it is there (see study_products); `{}`: nobody does.
struct text_study_products {
    std::function<void(const text_study_parts&, const text_model& weak, const study_result& so_far)> teacher{};
    std::function<void(const text_study_parts&, const text_model& student, const student_result& row)> student{};
};

namespace detail {

/// What of the options is any study's.
inline study_options study_options_of(const text_study_options& options) {
    const training_settings& learning = options.learning;
    return {.beta = options.beta,
            .soft_labels = options.soft_labels,
            .teacher_optimiser = learning.optimiser,
            .student_optimiser = options.student_optimiser.value_or(learning.optimiser),
            .eight_bit_moments = learning.eight_bit_moments,
            .teacher_training = learning.training,
            .student_training = options.student_training.value_or(learning.training),
            .seed = options.seed,
            .checkpoints = {.path = options.checkpoints, .every = learning.checkpoint_every},
            .cache = options.cache,
            .observe = learning.observe,
            .scoring = learning.scoring};
}

} // namespace detail

} // namespace preflearn
