/// \file
/// Teachers that are a scalar head on a language model: the kind `head`, a reward of each response, by Bradley-Terry,
/// and the kind `classifier`, which reads both responses, in both orders. Learned by an adapter, the last layers, the
/// head alone or all; held against pairs that they do not learn from, the best kept; resumed to the same bits.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <deque>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/core/preference.hpp>
#include <preflearn/core/system/atomic_file.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/core/tokens.hpp>
#include <preflearn/data/preferences/preference_data.hpp>
#include <preflearn/data/selection/fitting.hpp>
#include <preflearn/pipeline/learning/learning_run.hpp>
#include <preflearn/pipeline/learning/learning_steps.hpp>
#include <preflearn/pipeline/scoring/text_model.hpp>
#include <preflearn/pipeline/scoring/text_reader.hpp>
#include <preflearn/pipeline/student_folder/generation_config.hpp>
#include <preflearn/pipeline/student_folder/origin_files.hpp>
#include <preflearn/pipeline/teacher_folder/folder_parts.hpp>
#include <preflearn/pipeline/teacher_folder/teacher_description.hpp>
#include <preflearn/pipeline/teacher_kinds/classifier.hpp>
#include <preflearn/pipeline/teacher_kinds/head.hpp>
#include <preflearn/pipeline/teacher_kinds/text_head.hpp>
#include <preflearn/policy/adapters/adapter_files.hpp>
#include <preflearn/policy/adapters/with_adapter.hpp>
#include <preflearn/policy/any_scalar_head.hpp>
#include <preflearn/policy/any_transformer.hpp>
#include <preflearn/policy/decoder/trained_tensors.hpp>
#include <preflearn/policy/files/sequence_classifier.hpp>
#include <preflearn/policy/text/encoded_texts.hpp>
#include <preflearn/programs/teaching/taught_folder.hpp>
#include <preflearn/programs/teaching/taught_kind.hpp>
#include <preflearn/programs/teaching/teach_data.hpp>
#include <preflearn/programs/teaching/teach_options.hpp>
#include <preflearn/programs/teaching/watched_training.hpp>
#include <preflearn/text/files/load.hpp>
#include <preflearn/text/tokenizer.hpp>
#include <preflearn/training/observers/held_out_pairs.hpp>

namespace preflearn {

namespace detail {

/// A head before it learns, and the words of its model.
struct head_start {
    any_scalar_head<float> head;
    tokenizer words;
    /// What transformers pads by; nothing where that is the end token, which is read here.
    std::optional<token_id> pad{};
    bool end_token = false;
};

inline head_start start_of_head(const teaching& at) {
    const teach_options& options = at.options;
    const trained_tensors trained = options.learning.adapter ? trained_tensors::none() : options.learning.trained;
    head_start start{.head = load_scalar_head(at.on, options.model, trained, options.learning.recompute_activations),
                     .words = load_tokenizer(options.model, options.learning.tokenizer)};
    if (options.learning.adapter) {
        const std::vector<float> v = start.head.read_head();
        start.head = any_scalar_head<float>(with_adapter(start.head.model(), *options.learning.adapter, options.seed));
        start.head.write_head([&](std::span<float> to) { std::ranges::copy(v, to.begin()); });
    }
    for (const std::string& note : start.words.notes()) at.say(note);
    for (const std::string& note : start.head.model().notes()) at.say(note);
    start.pad = ids_of_student({.model = options.model}, start.words, {}, start.head.config().vocabulary_size).padding;
    start.end_token = start.words.end_token().has_value();
    if (!start.pad || start.pad != start.words.end_token()) return start;
    if (is_sequence_classifier(options.model)) // transformers passes over it
        start.end_token = false;
    else
        start.pad.reset();
    return start;
}

/// Margins of the chosen over the rejected response. \throws input_error naming a pair that has none
inline std::vector<double> margins_of(std::span<const text_comparison> pairs, const label_set& labels) {
    std::vector<double> margins;
    for (const text_comparison& pair : pairs) {
        const preference verdict = labels.at(pair.id);
        require<input_error>(verdict.abstained() || verdict.margin().has_value(), "pair ", pair.id,
                             ": has no margin, and margins are to be learned");
        const double margin = verdict.margin().value_or(0);
        margins.push_back(verdict.decision() == choice::second ? -margin : margin);
    }
    return margins;
}

/// \param learned and \param held what the head reads of the pairs of `data`
inline text_head learn_head(text_head head, std::span<const text_comparison> learned,
                            std::span<const text_comparison> held, const teach_data& data, const teaching& at,
                            const learning_run& run, taught& made) {
    std::vector<double> margins, held_margins;
    if (at.options.margins) margins = margins_of(learned, data.labels);
    if (at.options.margins) held_margins = margins_of(held, data.held_out_labels);
    watched_by watched;
    if (!held.empty())
        watched = watched_as(at.options,
                             held_out_pairs(head, held, data.held_out_labels, {}, at.loss, 8, {.margin = held_margins}),
                             at.say);
    made.preferences = learn_pairs(
        head, pair_lesson<text_comparison>{.pairs = learned, .labels = data.labels, .columns = {.margin = margins}},
        at.loss, {at.options.learning.optimiser, at.options.learning.training, run, "preferences"}, std::move(watched));
    for (const std::string& note : made.preferences.notes) at.say(note);
    return head;
}

/// Writes what was learned into the folder and its description.
inline void put_head(const any_scalar_head<float>& head, const head_start& start, const teach_options& options,
                     const std::filesystem::path& folder, teacher_description& told) {
    const any_transformer<float> model = head.model();
    const bool adapted = !model.weights().adapters().empty();
    const bool whole = options.whole_model || (!adapted && model.weights().trained_size() > 0);
    told.policy = teacher_weights{};
    if (whole) {
        save_sequence_classifier(head, folder / "policy", start.pad);
        std::error_code failure;
        if (std::filesystem::is_directory(options.model, failure))
            for (const std::filesystem::path& file : text_files_of(options.model))
                std::filesystem::copy_file(file, folder / "policy" / file.filename(), failure);
        require<input_error>(!failure, (folder / "policy").string(), ": cannot be written: ", failure.message());
    } else if (adapted) {
        save_adapter(model, folder / "policy");
    }
    if (whole || adapted)
        told.policy = teacher_weights{.from = whole ? weights_from::model : weights_from::adapter,
                                      .path = "policy",
                                      .hash = part_hash(folder, "policy")};
    if (!whole) told.files.push_back(write_head_file(head, folder));
}

/// \param read what the head reads of the data's pairs
template <class Read>
taught teach_scalar_head(const teaching& at, teacher_description told, head_start start, const head_reading& reading,
                         const pair_reader& lengths, const Read& read) {
    taught made{.description = std::move(told)};
    preference_options texts = at.options.reading;
    if (at.chat.render) texts.render = at.chat.render;
    const bool learns = at.options.learning.training.epochs > 0;
    require(learns || is_sequence_classifier(at.options.model), at.options.model.string(),
            ": has no head that scores texts (…ForSequenceClassification), and without training there is none");
    const teach_data data = read_teach_data(at.options, texts, {&lengths, 1}, learns, at.say);
    describe_pairs(made.description, data);
    const learning_run run = run_options(at.options, at.unfinished);
    if (learns) {
        with_names(data.file.names(), [&] {
            start.head = learn_head({std::move(start.head), reading}, read(data.learned), read(data.held_out), data, at,
                                    run, made)
                             .model();
        });
    }
    write_teacher(at.on, at.options, data, made, [&](const std::filesystem::path& folder) {
        put_head(start.head, start, at.options, folder, made.description);
    });
    return made;
}

} // namespace detail

/// \throws argument_error for options that are none of a head's.
inline void check_head(const teach_options& options) {
    require(options.learning.fine_tuning.epochs == 0, "the kind ", options.kind,
            " has no fine-tuning: it begins with the model as it is");
    require(!options.per_token, "the kind ", options.kind, " divides nothing by the number of tokens");
    if (options.learning.training.epochs > 0) check_loss_of_rewards(options);
    if (!options.pair_template.empty()) {
        require(options.kind == "classifier", "a template of two responses is of the kind classifier");
        (void)pair_template(options.pair_template);
    }
}

inline nlohmann::ordered_json head_settings(const teach_options& options) {
    nlohmann::ordered_json settings = nlohmann::ordered_json::object();
    if (options.margins) settings["margins"] = true;
    if (options.whole_model) settings["whole_model"] = true;
    if (options.kind == "classifier")
        settings["template"] =
            options.pair_template.empty() ? std::string(default_pair_template) : options.pair_template;
    return settings;
}

/// Makes the folder of a teacher of the kind `head`. Without epochs the model has a head already.
/// \throws as `teach`.
inline taught teach_head(const teaching& at, teacher_description told) {
    detail::head_start start = detail::start_of_head(at);
    told.end_token = start.end_token;
    const auto texts =
        std::make_shared<encoded_texts>(start.words, special_tokens::parse, at.options.learning.boundary);
    const response_end after = start.end_token ? response_end::end_token : response_end::nothing;
    const head_reading reading = [texts, after](std::string_view prompt, std::string_view response) {
        return texts->pair(prompt, response, after);
    };
    const pair_reader lengths =
        reader_of_both(at.options.model.string(), start.head.config(), [&](const text_comparison& pair) {
            return std::pair(reading(pair.prompt, pair.first), reading(pair.prompt, pair.second));
        });
    return detail::teach_scalar_head(at, std::move(told), std::move(start), reading, lengths,
                                     [](std::span<const text_comparison> pairs) { return pairs; });
}

/// The same of the kind `classifier`.
inline taught teach_classifier(const teaching& at, teacher_description told) {
    detail::head_start start = detail::start_of_head(at);
    const pair_template shown(told.settings.at("template").get<std::string>());
    const auto read = std::make_shared<pair_reading>(start.words);
    const head_reading reading = [read](std::string_view prompt, std::string_view behind) {
        return (*read)(prompt, behind);
    };
    const pair_reader lengths =
        reader_of_both(at.options.model.string(), start.head.config(), [&](const text_comparison& pair) {
            return std::pair(reading(pair.prompt, shown(pair.first, pair.second)),
                             reading(pair.prompt, shown(pair.second, pair.first)));
        });
    std::deque<std::string> behind;
    std::deque<std::vector<text_comparison>> both_orders;
    return detail::teach_scalar_head(
        at, std::move(told), std::move(start), reading, lengths, [&](std::span<const text_comparison> pairs) {
            std::vector<text_comparison>& all = both_orders.emplace_back();
            for (const text_comparison& pair : pairs) {
                const std::string& one = behind.emplace_back(shown(pair.first, pair.second));
                const std::string& other = behind.emplace_back(shown(pair.second, pair.first));
                all.push_back({pair.id, pair.prompt, one, other});
            }
            return std::span<const text_comparison>(all);
        });
}

} // namespace preflearn
