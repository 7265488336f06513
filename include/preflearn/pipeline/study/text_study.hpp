/// \file
/// The study on real preference data with real language models: pairs of texts from a file, a teacher and a student
/// from checkpoints, of one family or of two. What flows between them is comparisons as text and labels by the pair's
/// id.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <system_error>
#include <unordered_set>
#include <utility>
#include <vector>

#include <preflearn/backend/cpu/backend.hpp>
#include <preflearn/core/preference.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/data/preferences/pair_names.hpp>
#include <preflearn/data/preferences/preference_data.hpp>
#include <preflearn/data/preferences/preference_reader.hpp>
#include <preflearn/data/preferences/record.hpp>
#include <preflearn/data/selection/fitting.hpp>
#include <preflearn/data/selection/left_out.hpp>
#include <preflearn/data/selection/split.hpp>
#include <preflearn/loss/pairs/columns_used.hpp>
#include <preflearn/pipeline/align.hpp>
#include <preflearn/pipeline/scoring/text_model.hpp>
#include <preflearn/pipeline/scoring/text_reader.hpp>
#include <preflearn/pipeline/scoring/token_cache.hpp>
#include <preflearn/pipeline/study/study.hpp>
#include <preflearn/pipeline/study/study_data.hpp>
#include <preflearn/pipeline/study/study_parts.hpp>
#include <preflearn/policy/adapters/adapter_options.hpp>
#include <preflearn/policy/adapters/with_adapter.hpp>
#include <preflearn/policy/any_backend.hpp>
#include <preflearn/policy/any_transformer.hpp>
#include <preflearn/policy/decoder/trained_tensors.hpp>
#include <preflearn/policy/files/load.hpp>
#include <preflearn/policy/text/encoded_texts.hpp>
#include <preflearn/policy/text/text_policy.hpp>
#include <preflearn/text/chat/chat_template.hpp>
#include <preflearn/text/chat/formats.hpp>
#include <preflearn/text/files/load.hpp>
#include <preflearn/text/tokenizer.hpp>

namespace preflearn {

struct text_study_options {
    /// GGUF files or Hugging Face folders. The same path is loaded, and fine-tuned, once.
    std::filesystem::path teacher, student;
    /// Labelled pairs as JSONL, plain or gzipped. Where they are too few for all parts, those among them without a
    /// verdict are unlabelled ones.
    std::filesystem::path data;
    /// The pairs that the teacher labels; empty: they are of `data`. Verdicts are for comparison, where all have one.
    std::filesystem::path unlabelled_data{};
    preference_options reading{};
    /// How conversations become text: a format's name or "auto", the models' own; empty: as `reading` says.
    std::string chat_format{};
    /// Where a prompt's tokens end and a response's begin, and how tokenizers are read, for both models.
    token_boundary boundary = token_boundary::separate;
    tokenizer_options tokenizer{};
    /// Pairs of which prompt and a response have more tokens, for the teacher or the student, are left out; begin and
    /// end tokens count. So are those longer than a model's own maximum.
    std::size_t maximum_tokens = 512;
    /// Leave pairs out when a response has no token. On for losses that say that they divide by lengths (uses_tokens).
    bool needs_tokens = false;
    /// Whether leaving anything out is an error that names the first.
    bool strict = false;
    /// Sizes in pairs; groups of equal prompts may leave a part a little short. Of `unlabelled_data`
    /// `unlimited_length` are all.
    std::size_t labelled = 96, unlabelled = 192, test = 96;
    /// Which weights of both models learn: all, or those that stay are read as they are stored.
    trained_tensors trained{};
    /// Both models learn by a low-rank adapter (LoRA) alone; nothing: by the weights themselves.
    std::optional<adapter_options> adapter{};
    /// Backward passes run each layer again, which takes a fraction of the memory.
    bool recompute_activations = false;
    /// Fine-tuning on the preferred responses of the labelled part; 0 epochs: the models are taken as they are.
    adamw fine_tuning_optimiser{.rate = 1e-5};
    training_options fine_tuning{.batch_size = 8, .micro_batch_size = 2, .schedule = schedule::cosine, .warm_up = 0.1};
    study_options study{
        .teacher_optimiser = {.rate = 1e-5},
        .student_optimiser = {.rate = 1e-5},
        .teacher_training = {.batch_size = 8, .micro_batch_size = 1, .schedule = schedule::cosine, .warm_up = 0.1},
        .student_training = {.batch_size = 8, .micro_batch_size = 1, .schedule = schedule::cosine, .warm_up = 0.1}};
};

namespace detail {

/// Responses are followed by the model's end token where it has one, so that students learn to stop.
inline text_model load_text_model(const any_backend<float>& on, const std::filesystem::path& path,
                                  const text_study_options& options, const token_cache& cache) {
    return load_text_model(on, path,
                           {.tokenizer = options.tokenizer,
                            .boundary = options.boundary,
                            .trained = options.trained,
                            .adapter = options.adapter,
                            .recompute_activations = options.recompute_activations,
                            .seed = options.study.seed,
                            .known = cache.known()});
}

inline bool is_same_file(const std::filesystem::path& a, const std::filesystem::path& b) {
    std::error_code missing; // reported when the file is loaded
    return a == b || std::filesystem::equivalent(a, b, missing);
}

/// Adds how the texts were read.
inline void add_reading(text_study_data& found, const text_study_options& options, const chosen_chat_format& chat,
                        std::span<const text_model* const> models, std::span<const text_comparison> pairs) {
    for (const text_model* model : models) {
        for (const std::string& note : model->words().notes()) found.notes.push_back("tokenizer: " + note);
        for (const std::string& note : model->model().notes()) found.notes.push_back("model: " + note);
    }
    for (const std::string& note : chat.notes) found.notes.push_back("chat format: " + note);
    if (chat.render) found.chat_format = layout_of(chat.format).name;
    found.changed_prompts = static_cast<std::size_t>(std::ranges::count_if(pairs, [&](const text_comparison& pair) {
        return std::ranges::any_of(models, [&](const text_model* model) { return changes_prompt(*model, pair); });
    }));
    for (const std::string& note : found.notes) found.summary += note + "\n";
    if (options.chat_format == "auto") found.summary += "chat format: " + found.chat_format + "\n";
    found.summary += message("token boundary: ", options.boundary == token_boundary::joint ? "joint" : "separate",
                             "; in ", found.changed_prompts, " of ", pairs.size(),
                             " pairs the prompt has other tokens beside a response than alone\n");
}

} // namespace detail

/// Runs one seed, both models on one backend. Pairs that do not fit are left out before any training; those of two
/// identical responses are not learned from, but may be held out, where they are ties.
/// \param found is told what became of the file's pairs, before any training and also when none is left.
/// \throws input_error for files that cannot be read, when no pair is left and, where strict, when one was left out;
/// argument_error when too few pairs are left; and as `run_study`.
template <class Loss>
study_result run_text_study(const any_backend<float>& on, const text_study_options& options, const Loss& loss,
                            const std::function<void(const text_study_data&)>& found) {
    const bool shared = detail::is_same_file(options.teacher, options.student);
    std::vector<std::filesystem::path> paths{options.student};
    if (!shared) paths.push_back(options.teacher);
    preference_options reading = options.reading;
    chosen_chat_format chat;
    if (!options.chat_format.empty()) {
        chat = choose_chat_format(options.chat_format, paths);
        reading.render = chat.render;
    }
    const preference_data data = read_preferences(options.data, reading);
    const bool has_other = !options.unlabelled_data.empty();
    const preference_data other =
        has_other ? read_other_pairs(options.unlabelled_data, reading, data.names()) : preference_data();
    std::vector<token_cache> caches;
    for (const std::filesystem::path& path : paths) caches.emplace_back(options.study.cache, path, options.tokenizer);
    text_model student = detail::load_text_model(on, options.student, options, caches[0]);
    std::unique_ptr<text_model> own_teacher;
    if (!shared)
        own_teacher = std::make_unique<text_model>(detail::load_text_model(on, options.teacher, options, caches[1]));
    text_model& teacher = shared ? student : *own_teacher;

    std::vector<const text_model*> models{&student};
    if (!shared) models.push_back(&teacher);
    std::vector<pair_reader> readers;
    for (std::size_t m = 0; m < models.size(); ++m) readers.push_back(reader_of(*models[m], paths[m].string()));
    const fit_rules rules{.maximum_tokens = options.maximum_tokens,
                          .label = label_need::verdict,
                          .needs_tokens = options.needs_tokens || loss_uses_tokens<Loss>,
                          .needs_difference = true};
    fitting_pairs fitting = fit_pairs(data, readers, rules);
    unlabelled_pairs unlabelled;
    fitting_pairs of_other;
    if (has_other) {
        of_other = fit_unlabelled(other, readers, rules);
        unlabelled = as_unlabelled(of_other.kept, other, true);
    } else if (fitting.kept.size() + fitting.identical.size() < options.labelled + options.unlabelled + options.test) {
        unlabelled = add_unlabelled(fitting, data, readers, rules);
    }
    {
        text_study_data counts = study_data_of(data, fitting);
        counts.kept += unlabelled.alone ? 0 : unlabelled.pairs.size();
        if (has_other) add_other_file(counts, other, of_other);
        detail::add_reading(counts, options, chat, models, fitting.kept);
        found(counts);
    }
    check_left_out(fitting, options.data.string(), options.strict);
    if (has_other) check_left_out(of_other, options.unlabelled_data.string(), options.strict);
    std::vector<std::string> notes;
    for (token_cache& cache : caches) {
        cache.save(); // all texts of the file are encoded by now
        notes.insert(notes.end(), cache.notes().begin(), cache.notes().end());
    }

    std::vector<text_comparison> usable = fitting.kept;
    std::unordered_set<std::uint64_t> ties;
    for (const text_comparison& pair : fitting.identical) {
        usable.push_back(pair);
        ties.insert(pair.id);
    }
    const study_parts dealt = deal_out(usable, data.labels(), ties, unlabelled,
                                       {.labelled = options.labelled,
                                        .unlabelled = options.unlabelled,
                                        .test = options.test,
                                        .seed = options.study.seed,
                                        .exact = false});
    const auto& parts = dealt.pairs;
    if (dealt.of_held_out_prompts > 0)
        notes.push_back(
            message(dealt.of_held_out_prompts, " unlabelled pairs are left out: their prompts are held out"));
    const auto demonstrations = detail::preferred_responses(parts.labelled, parts.labels);
    const auto tune = [&](text_model& model, const char* name) {
        if (options.fine_tuning.epochs == 0) return;
        training_options training = options.fine_tuning;
        prepare_training(training, options.study, message("fine-tuning the ", name));
        auto tuned = fine_tune(std::move(model), demonstrations,
                               optimiser_of(options.fine_tuning_optimiser, options.study), training);
        model = std::move(tuned.model);
    };
    tune(student, shared ? "model" : "student");
    if (!shared) tune(teacher, "teacher");

    const study_input<text_model, text_model, text_comparison> input{.teacher = teacher,
                                                                     .student = student,
                                                                     .labelled = parts.labelled,
                                                                     .unlabelled = parts.unlabelled,
                                                                     .test = parts.test,
                                                                     .human = parts.labels};
    study_result result = detail::with_names(data.names(), [&] {
        return detail::with_names(other.names(), [&] { return run_study(input, loss, options.study); });
    });
    result.notes.insert(result.notes.begin(), notes.begin(), notes.end());
    return result;
}

/// The same on a backend that is chosen where the program is compiled.
template <class Backend = cpu_backend, class Loss>
study_result run_text_study(const text_study_options& options, const Loss& loss,
                            const std::function<void(const text_study_data&)>& found) {
    return run_text_study(any_backend_of<float, Backend>(), options, loss, found);
}

} // namespace preflearn
