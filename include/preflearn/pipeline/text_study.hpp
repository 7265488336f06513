/// \file
/// The study on real preference data with real language models: pairs of texts from a file, a teacher and a student
/// from checkpoints, of one family or of two. What flows between them is comparisons as text and labels by the pair's
/// id.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <preflearn/core/error.hpp>
#include <preflearn/core/preference.hpp>
#include <preflearn/data/filter.hpp>
#include <preflearn/data/preference_data.hpp>
#include <preflearn/data/preference_reader.hpp>
#include <preflearn/data/record.hpp>
#include <preflearn/data/split.hpp>
#include <preflearn/pipeline/align.hpp>
#include <preflearn/pipeline/study.hpp>
#include <preflearn/policy/load.hpp>
#include <preflearn/policy/text_policy.hpp>
#include <preflearn/policy/transformer.hpp>
#include <preflearn/text/load.hpp>

namespace preflearn {

struct text_study_options {
    /// GGUF files or Hugging Face folders. The same path is loaded, and fine-tuned, once.
    std::filesystem::path teacher, student;
    /// Labelled pairs as JSONL, plain or gzipped.
    std::filesystem::path data;
    preference_options reading{};
    /// Pairs of which prompt and a response have more tokens, for the teacher or the student, are left out.
    std::size_t maximum_tokens = 512;
    /// Sizes in pairs; groups of equal prompts may leave a part a little short.
    std::size_t labelled = 96, unlabelled = 192, test = 96;
    /// Fine-tuning on the preferred responses of the labelled part; 0 epochs: the models are taken as they are.
    adamw fine_tuning_optimiser{.rate = 1e-5};
    training_options fine_tuning{.batch_size = 8, .micro_batch_size = 2, .schedule = schedule::cosine, .warm_up = 0.1};
    study_options study{
        .teacher_optimiser = {.rate = 1e-5},
        .student_optimiser = {.rate = 1e-5},
        .teacher_training = {.batch_size = 8, .micro_batch_size = 1, .schedule = schedule::cosine, .warm_up = 0.1},
        .student_training = {.batch_size = 8, .micro_batch_size = 1, .schedule = schedule::cosine, .warm_up = 0.1}};
};

/// What became of the pairs in the file.
struct text_study_data {
    std::size_t read = 0, malformed = 0, without_label = 0, too_long = 0;
    /// What loading the models noticed and decided.
    std::vector<std::string> notes{};
};

namespace detail {

using text_model = text_policy<transformer<float>>;

/// Responses are followed by the model's end token where it has one, so that students learn to stop.
inline text_model load_text_model(const std::filesystem::path& path) {
    tokenizer words = load_tokenizer(path);
    const response_end after = words.end_token() ? response_end::end_token : response_end::nothing;
    return {std::move(words), load_transformer<float>(path), {.after_response = after}};
}

inline bool is_same_file(const std::filesystem::path& a, const std::filesystem::path& b) {
    std::error_code missing; // reported when the file is loaded
    return a == b || std::filesystem::equivalent(a, b, missing);
}

/// The chosen responses of labelled pairs; of a tie, the first.
inline std::vector<completion_of<text_comparison>> preferred_responses(std::span<const text_comparison> pairs,
                                                                       const label_set& labels) {
    std::vector<completion_of<text_comparison>> preferred;
    for (const text_comparison& c : pairs) {
        const preference verdict = labels.at(c.id);
        if (!verdict.abstained())
            preferred.push_back({c.prompt, verdict.decision() == choice::second ? c.second : c.first});
    }
    return preferred;
}

} // namespace detail

/// Runs one seed. \param found is told what became of the file's pairs, before any training.
/// \throws input_error for files that cannot be read; argument_error when too few pairs are left; and as `run_study`.
template <class Loss, class Found>
study_result run_text_study(const text_study_options& options, const Loss& loss, Found&& found) {
    using detail::text_model;
    const preference_data data = read_preferences(options.data, options.reading);
    const bool shared = detail::is_same_file(options.teacher, options.student);
    text_model student = detail::load_text_model(options.student);
    std::unique_ptr<text_model> own_teacher;
    if (!shared) own_teacher = std::make_unique<text_model>(detail::load_text_model(options.teacher));
    text_model& teacher = shared ? student : *own_teacher;

    text_study_data counts{.read = data.size(), .malformed = data.skipped.count};
    std::vector<text_comparison> labelled;
    for (const text_comparison& c : data.comparisons()) {
        const auto verdict = data.labels().find(c.id);
        if (verdict && !verdict->abstained()) labelled.push_back(c);
    }
    counts.without_label = data.size() - labelled.size();
    std::vector<const text_model*> readers{&student};
    if (!shared) readers.push_back(&teacher);
    for (const text_model* reader : readers)
        for (std::string& note : reader->notes()) counts.notes.push_back(std::move(note));
    for (const text_model* reader : readers) {
        auto filtered = filter_by_length(
            std::span<const text_comparison>(labelled),
            [&](std::string_view text) { return reader->count_tokens(text); }, options.maximum_tokens);
        counts.too_long += filtered.dropped;
        labelled = std::move(filtered.kept);
    }
    found(counts);

    const auto parts = split_preferences(std::span<const text_comparison>(labelled), data.labels(),
                                         split_options{.labelled = options.labelled,
                                                       .unlabelled = options.unlabelled,
                                                       .test = options.test,
                                                       .seed = options.study.seed,
                                                       .exact = false});
    const auto demonstrations = detail::preferred_responses(parts.labelled, parts.labels);
    const auto tune = [&](text_model& model, const char* name) {
        if (options.fine_tuning.epochs == 0) return;
        training_options training = options.fine_tuning;
        prepare_training(training, options.study, message("fine-tuning the ", name));
        model = fine_tune(std::move(model), demonstrations, options.fine_tuning_optimiser, training).model;
    };
    tune(student, shared ? "model" : "student");
    if (!shared) tune(teacher, "teacher");

    const study_input<text_model, text_model, text_comparison> input{.teacher = teacher,
                                                                     .student = student,
                                                                     .labelled = parts.labelled,
                                                                     .unlabelled = parts.unlabelled,
                                                                     .test = parts.test,
                                                                     .human = parts.labels};
    return run_study(input, loss, options.study);
}

} // namespace preflearn
