/// \file
/// From labelled pairs to a teacher's folder: fine-tuning on the chosen responses, then preference training by any loss
/// (Tao & Li 2025, step 1), held against pairs that it did not learn from. When it is stopped, the same call goes on
/// from the checkpoints beside the folder, to the same bits; the folder appears whole or not at all.
// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/core/system/atomic_file.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/loss/by_name/any_loss.hpp>
#include <preflearn/pipeline/align.hpp>
#include <preflearn/pipeline/learning/learning_run.hpp>
#include <preflearn/pipeline/learning/learning_steps.hpp>
#include <preflearn/pipeline/learning/training_settings.hpp>
#include <preflearn/pipeline/output/unfinished_folder.hpp>
#include <preflearn/pipeline/output/work_progress.hpp>
#include <preflearn/pipeline/scoring/text_model.hpp>
#include <preflearn/pipeline/scoring/text_reader.hpp>
#include <preflearn/pipeline/teacher_folder/folder_parts.hpp>
#include <preflearn/pipeline/teacher_folder/open_teacher.hpp>
#include <preflearn/pipeline/teacher_folder/teacher_description.hpp>
#include <preflearn/pipeline/teacher_kinds/kinds.hpp>
#include <preflearn/policy/any_transformer.hpp>
#include <preflearn/programs/teaching/taught_card.hpp>
#include <preflearn/programs/teaching/taught_folder.hpp>
#include <preflearn/programs/teaching/taught_kind.hpp>
#include <preflearn/programs/teaching/taught_kinds.hpp>
#include <preflearn/programs/teaching/taught_repeats.hpp>
#include <preflearn/programs/teaching/teach_data.hpp>
#include <preflearn/programs/teaching/teach_options.hpp>
#include <preflearn/programs/teaching/watched_training.hpp>
#include <preflearn/text/chat/chat_template.hpp>
#include <preflearn/training/files/reference_cache.hpp>
#include <preflearn/training/loop/metrics.hpp>
#include <preflearn/training/observers/held_out_pairs.hpp>

namespace preflearn {

namespace detail {

/// Preference training against the model as it is, or against another one.
template <class Loss>
text_model learn_preferences(const text_model& start, const text_model& reference, const teach_data& data,
                             const teach_options& options, const learning_run& run, const Loss& loss, taught& made,
                             const speaker& say) {
    reference_cache cache(run.cache);
    const std::span<const text_comparison> learned(data.learned), held(data.held_out);
    const std::vector<double> references = score_pairs_of(reference, learned, cache, run, "reference");
    const std::vector<double> held_references =
        score_pairs_of(reference, held, cache, run, "reference, held-out pairs");
    for (const std::string& note : cache.notes()) say(note);
    text_model policy = copy_of(start);
    watched_by watched;
    if (!held.empty())
        watched = watched_as(options, held_out_pairs(policy, held, data.held_out_labels, held_references, loss), say);
    made.preferences =
        learn_pairs(policy, pair_lesson<text_comparison>{learned, data.labels, references}, loss,
                    {options.learning.optimiser, options.learning.training, run, "preferences"}, std::move(watched));
    return policy;
}

template <class Loss>
taught teach_with_model(const any_backend<float>& on, const teach_options& options, const Loss& loss,
                        const chosen_chat_format& chat, teacher_description told, const speaker& say) {
    taught made{.description = std::move(told)};
    preference_options reading = options.reading;
    if (chat.render) reading.render = chat.render;
    text_model start = load_text_model(on, options.model, model_to_learn(options.learning, options.seed));
    for (const std::string& note : start.notes()) say(note);
    std::optional<text_model> other;
    if (!options.reference.empty()) other = load_text_model(on, options.reference, frozen_model(options.learning));
    made.description.end_token = start.words().end_token().has_value();
    require<input_error>(!other || other->words().end_token().has_value() == made.description.end_token,
                         options.reference.string(),
                         ": the tokenizers of model and reference differ in that one names "
                         "an end token");
    std::vector<pair_reader> readers{reader_of(start, options.model.string())};
    if (other) readers.push_back(reader_of(*other, options.reference.string()));
    const bool prefers = options.kind == "implicit" && options.learning.training.epochs > 0,
               tunes = options.learning.fine_tuning.epochs > 0;
    const teach_data data = read_teach_data(options, reading, readers, prefers || tunes, say);
    describe_pairs(made.description, data);

    const learning_run run = run_options(options, unfinished_path(options.out));
    std::optional<text_model> policy;
    with_names(data.file.names(), [&] {
        if (tunes) {
            made.fine_tuning = learn_demonstrations(
                start, preferred_responses(data.learned, data.labels),
                {options.learning.fine_tuning_optimiser, options.learning.fine_tuning, run, "fine-tuning"});
        }
        if (prefers) policy = learn_preferences(start, other ? *other : start, data, options, run, loss, made, say);
    });
    for (const training_history* history : {&made.fine_tuning, &made.preferences})
        for (const std::string& note : history->notes) say(note);
    write_teacher(on, options, data, made, [&](const std::filesystem::path& folder) {
        put_weights(made.description, folder, policy ? &*policy : nullptr, tunes ? &start : nullptr);
    });
    return made;
}

} // namespace detail

/// \throws argument_error for options that do not go together.
inline void check_options(const teach_options& options) {
    const taught_kind& kind = taught_kind_named(options.kind);
    const bool needs_model = kind.has_model;
    require(needs_model != options.model.empty(), "the kind ", options.kind,
            needs_model ? " needs a model" : " has no model, and one was given");
    require(!kind.needs_data || !options.data.empty(), "the kind ", options.kind, " needs data");
    require((options.kind == "ensemble") == !options.members.empty(), "members belong to the kind ensemble, which has ",
            "at least one");
    if (!options.members.empty()) check_combination(options.combination);
    const bool by_votes = !options.members.empty() && options.combination == "dawid_skene";
    require(!by_votes || (!options.data.empty() && options.members.size() >= 3),
            "members are combined by dawid_skene where there are three or more, and pairs (data) for them to vote on, "
            "which need no labels");
    require((options.kind != "external" || options.external) &&
                (!options.external || options.kind == "external" || options.kind == "ensemble"),
            "an external program belongs to the kind external, which needs one, or to an ensemble that has such a "
            "member");
    require(options.reference.empty() || (options.kind == "implicit" && options.learning.fine_tuning.epochs == 0),
            "a reference is of the kind implicit, and stands in place of the fine-tuned model: without fine-tuning");
    require(options.kind != "implicit" || options.learning.training.epochs > 0 || !options.reference.empty(),
            "an implicit reward needs preference training, or another model as reference");
    require(options.seeds >= 1, "at least one teacher is to be made, found ", options.seeds, " seeds");
    require(options.seeds == 1 || depends_on_seed(options), "every seed makes the same teacher of the kind ",
            options.kind, ", as it is asked for: nothing in it is drawn");
    require(options.seeds == 1 || !options.held_out.empty() || options.held_out_share > 0 || !kind.needs_data,
            "teachers of several seeds are compared on held-out pairs, and none are held out");
    require(options.category_field.empty() || !options.data.empty() || !options.held_out.empty(),
            "categories are those of held-out pairs, and none are given");
    if (kind.check) kind.check(options);
}

namespace detail {

template <class Loss>
taught teach_one(const any_backend<float>& on, const teach_options& options, const Loss& loss,
                 const chosen_chat_format& chat, teacher_description told, const speaker& say) {
    const taught_kind& kind = taught_kind_named(options.kind);
    if (!kind.make) return teach_with_model(on, options, loss, chat, std::move(told), say);
    const any_loss<double> any = [&] {
        if constexpr (std::same_as<Loss, any_loss<double>>)
            return loss;
        else
            return any_loss<double>(loss);
    }();
    return kind.make({.on = on,
                      .options = options,
                      .chat = chat,
                      .loss = any,
                      .say = say,
                      .unfinished = unfinished_path(options.out)},
                     std::move(told));
}

} // namespace detail

/// Makes the teacher at `options.out`. \param loss of preference training, a PreferenceLoss of double \param say takes
/// each sentence for the user
/// \throws input_error for files that cannot be read or written, when something else is at `out`, and when checkpoints
/// beside it belong to another run; argument_error for options that do not fit; and what training throws.
template <class Loss>
taught teach(const any_backend<float>& on, const teach_options& options, const Loss& loss, const speaker& say) {
    check_options(options);
    const taught_kind& kind = taught_kind_named(options.kind);
    chosen_chat_format chat;
    if (kind.has_model && !options.chat_format.empty()) {
        std::vector<std::filesystem::path> models{options.model};
        if (!options.reference.empty()) models.push_back(options.reference);
        chat = choose_chat_format(options.chat_format, models);
        for (const std::string& note : chat.notes) say("chat format: " + note);
        say(message("chat format: ", layout_of(chat.format).name));
    } else if (!options.chat_format.empty() && options.chat_format != "auto") {
        chat.format = chat_format_named(options.chat_format);
    }
    teacher_description told =
        detail::described(on, options, chat, kind.settings ? kind.settings(options) : nlohmann::ordered_json::object());
    if (auto before = detail::teacher_made_before(options.out, told)) {
        remove_unfinished(options.out);
        return *std::move(before);
    }
    check_category_field(options);
    unfinished_folder unfinished(options.out);
    teach_options first = options;
    first.split_seed = options.split_by();
    for (std::size_t number = 1; number < options.seeds; ++number) {
        const teach_options other = repeat_options(options, number);
        say(message("teacher ", number, " of ", options.seeds, ", seed ", other.seed, ", for the card alone"));
        make_folder(other.out.parent_path());
        teach(on, other, loss, say);
        first.repeats.push_back(other.out);
    }
    if (options.seeds > 1) say(message("teacher ", options.seeds, " of ", options.seeds, ", seed ", options.seed));
    taught made = detail::teach_one(on, first, loss, chat, std::move(told), say);
    unfinished.remove();
    return made;
}

} // namespace preflearn
