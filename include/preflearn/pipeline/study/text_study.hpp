/// \file
/// The study on real preference data with real language models: pairs of texts from a file, a teacher and a student
/// from checkpoints, of one family or of two. What flows between them is comparisons as text and labels by the pair's
/// id.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
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
#include <preflearn/pipeline/learning/learning_run.hpp>
#include <preflearn/pipeline/learning/learning_steps.hpp>
#include <preflearn/pipeline/learning/training_settings.hpp>
#include <preflearn/pipeline/scoring/text_model.hpp>
#include <preflearn/pipeline/scoring/text_reader.hpp>
#include <preflearn/pipeline/scoring/token_cache.hpp>
#include <preflearn/pipeline/study/study.hpp>
#include <preflearn/pipeline/study/study_data.hpp>
#include <preflearn/pipeline/study/study_parts.hpp>
#include <preflearn/pipeline/study/text_study_options.hpp>
#include <preflearn/policy/any_backend.hpp>
#include <preflearn/policy/any_transformer.hpp>
#include <preflearn/policy/text/encoded_texts.hpp>
#include <preflearn/text/chat/chat_template.hpp>
#include <preflearn/text/chat/formats.hpp>
#include <preflearn/training/loop/metrics.hpp>

namespace preflearn {

namespace detail {

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
    found.summary +=
        message("token boundary: ", options.learning.boundary == token_boundary::joint ? "joint" : "separate", "; in ",
                found.changed_prompts, " of ", pairs.size(),
                " pairs the prompt has other tokens beside a response than alone\n");
}

/// The pairs of the files, and how they are read.
struct text_study_files {
    chosen_chat_format chat{};
    preference_data data{}, other{};
    bool has_other = false;
};

inline text_study_files read_files(const text_study_options& options,
                                   const std::vector<std::filesystem::path>& models) {
    text_study_files files{.has_other = !options.unlabelled_data.empty()};
    preference_options reading = options.reading;
    if (!options.chat_format.empty()) {
        files.chat = choose_chat_format(options.chat_format, models);
        reading.render = files.chat.render;
    }
    files.data = read_preferences(options.data, reading);
    if (files.has_other) files.other = read_other_pairs(options.unlabelled_data, reading, files.data.names());
    return files;
}

/// Deals out what the models can read. \param found see run_text_study
/// \param notes receives what there is to say
inline preference_split<text_comparison> deal_files(const text_study_options& options, const text_study_files& files,
                                                    bool needs_tokens, std::span<const text_model* const> models,
                                                    std::span<const std::filesystem::path> paths,
                                                    const std::function<void(const text_study_data&)>& found,
                                                    text_study_data& counts, std::vector<std::string>& notes) {
    std::vector<pair_reader> readers;
    for (std::size_t m = 0; m < models.size(); ++m) readers.push_back(reader_of(*models[m], paths[m].string()));
    const fit_rules rules{.maximum_tokens = options.learning.maximum_tokens,
                          .label = label_need::verdict,
                          .needs_tokens = needs_tokens,
                          .needs_difference = true};
    fitting_pairs fitting = fit_pairs(files.data, readers, rules);
    unlabelled_pairs unlabelled;
    fitting_pairs of_other;
    if (files.has_other) {
        of_other = fit_unlabelled(files.other, readers, rules);
        unlabelled = as_unlabelled(of_other.kept, files.other, true);
    } else if (fitting.kept.size() + fitting.identical.size() < options.labelled + options.unlabelled + options.test) {
        unlabelled = add_unlabelled(fitting, files.data, readers, rules);
    }
    counts = study_data_of(files.data, fitting);
    counts.kept += unlabelled.alone ? 0 : unlabelled.pairs.size();
    if (files.has_other) add_other_file(counts, files.other, of_other);
    add_reading(counts, options, files.chat, models, fitting.kept);
    found(counts);
    check_left_out(fitting, options.data.string(), options.strict);
    if (files.has_other) check_left_out(of_other, options.unlabelled_data.string(), options.strict);

    std::vector<text_comparison> usable = fitting.kept;
    std::unordered_set<std::uint64_t> ties;
    for (const text_comparison& pair : fitting.identical) {
        usable.push_back(pair);
        ties.insert(pair.id);
    }
    study_parts dealt = deal_out(usable, files.data.labels(), ties, unlabelled,
                                 {.labelled = options.labelled,
                                  .unlabelled = options.unlabelled,
                                  .test = options.test,
                                  .seed = options.seed,
                                  .exact = false});
    if (dealt.of_held_out_prompts > 0)
        notes.push_back(
            message(dealt.of_held_out_prompts, " unlabelled pairs are left out: their prompts are held out"));
    return std::move(dealt.pairs);
}

} // namespace detail

/// Runs one seed, both models on one backend. Pairs that do not fit are left out before any training; those of two
/// identical responses are not learned from, but may be held out, where they are ties.
/// \param found is told what became of the file's pairs, before any training and also when none is left.
/// \throws input_error for files that cannot be read, when no pair is left and, where strict, when one was left out;
/// argument_error when too few pairs are left; and as `run_study`.
template <class Loss>
study_result run_text_study(const any_backend<float>& on, const text_study_options& options, const Loss& loss,
                            const std::function<void(const text_study_data&)>& found,
                            const text_study_products& made = {}) {
    const bool shared = detail::is_same_file(options.teacher, options.student);
    std::vector<std::filesystem::path> paths{options.student};
    if (!shared) paths.push_back(options.teacher);
    const detail::text_study_files files = detail::read_files(options, paths);
    std::vector<token_cache> caches;
    std::deque<text_model> models;
    std::vector<const text_model*> views;
    for (const std::filesystem::path& path : paths) {
        const token_cache& cache = caches.emplace_back(options.cache, path, options.learning.tokenizer);
        models.push_back(
            detail::load_text_model(on, path, model_to_learn(options.learning, options.seed, cache.known())));
        views.push_back(&models.back());
    }
    std::vector<std::string> notes, dealing;
    text_study_data counts;
    const auto parts = detail::deal_files(options, files, options.needs_tokens || loss_uses_tokens<Loss>, views, paths,
                                          found, counts, dealing);
    for (token_cache& cache : caches) {
        cache.save(); // all texts of the file are encoded by now
        notes.insert(notes.end(), cache.notes().begin(), cache.notes().end());
    }
    notes.insert(notes.end(), dealing.begin(), dealing.end());

    const study_options study = detail::study_options_of(options);
    const learning_run run = study;
    const auto demonstrations = detail::preferred_responses(parts.labelled, parts.labels);
    std::vector<training_history> tuned(models.size());
    for (std::size_t m = 0; m < models.size() && options.learning.fine_tuning.epochs > 0; ++m)
        tuned[m] = learn_demonstrations(models[m], demonstrations,
                                        {options.learning.fine_tuning_optimiser, options.learning.fine_tuning, run,
                                         message("fine-tuning the ", shared  ? "model"
                                                                     : m > 0 ? "teacher"
                                                                             : "student")});
    const text_study_parts all{options,       files.chat,     parts,        counts.names,
                               models.back(), models.front(), tuned.back(), tuned.front()};
    const study_input<text_model, text_model, text_comparison> input{
        .teacher = all.teacher,
        .student = all.student,
        .labelled = parts.labelled,
        .unlabelled = parts.unlabelled,
        .test = parts.test,
        .human = parts.labels,
        .made = {.teacher =
                     [&](const text_model& weak, const study_result& so_far) {
                         if (made.teacher) made.teacher(all, weak, so_far);
                     },
                 .student =
                     [&](const text_model& student, const student_result& row) {
                         if (made.student) made.student(all, student, row);
                     }}};
    study_result result = detail::with_names(files.data.names(), [&] {
        return detail::with_names(files.other.names(), [&] { return run_study(input, loss, study); });
    });
    result.notes.insert(result.notes.begin(), notes.begin(), notes.end());
    return result;
}

/// The same on a backend that is chosen where the program is compiled.
template <class Backend = cpu_backend, class Loss>
study_result run_text_study(const text_study_options& options, const Loss& loss,
                            const std::function<void(const text_study_data&)>& found,
                            const text_study_products& made = {}) {
    return run_text_study(any_backend_of<float, Backend>(), options, loss, found, made);
}

} // namespace preflearn
