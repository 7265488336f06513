/// \file
/// From labelled pairs to a teacher's folder: fine-tuning on the chosen responses, then preference training by any loss
/// (Tao & Li 2025, step 1), held against pairs that it did not learn from. When it is stopped, the same call goes on
/// from the checkpoints beside the folder, to the same bits; the folder appears whole or not at all.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/core/numbers/random.hpp>
#include <preflearn/core/system/atomic_file.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/pipeline/align.hpp>
#include <preflearn/pipeline/study_options.hpp>
#include <preflearn/pipeline/teacher_folder/folder_parts.hpp>
#include <preflearn/pipeline/teacher_folder/model_identity.hpp>
#include <preflearn/pipeline/teacher_folder/open_teacher.hpp>
#include <preflearn/pipeline/teacher_folder/teacher_description.hpp>
#include <preflearn/pipeline/teacher_folder/whole_folder.hpp>
#include <preflearn/pipeline/teacher_kinds/held_out_report.hpp>
#include <preflearn/pipeline/teacher_kinds/kinds.hpp>
#include <preflearn/pipeline/teaching/teach_data.hpp>
#include <preflearn/pipeline/teaching/teach_options.hpp>
#include <preflearn/pipeline/teaching/watched_training.hpp>
#include <preflearn/pipeline/text_model.hpp>
#include <preflearn/pipeline/text_reader.hpp>
#include <preflearn/policy/adapters/adapter_files.hpp>
#include <preflearn/policy/files/load.hpp>
#include <preflearn/report/run/file_hash.hpp>
#include <preflearn/report/run/manifest.hpp>
#include <preflearn/report/run/write.hpp>
#include <preflearn/text/chat/chat_template.hpp>
#include <preflearn/training/files/reference_cache.hpp>
#include <preflearn/training/kinds/pairs.hpp>
#include <preflearn/training/loop/fingerprint.hpp>
#include <preflearn/training/loop/metrics.hpp>
#include <preflearn/training/observers/held_out_pairs.hpp>

namespace preflearn {

/// A teacher that was made, or had been before.
struct taught {
    teacher_description description{};
    /// Nothing where no pairs were held out.
    std::optional<held_out_report> held_out{};
    training_history fine_tuning{}, preferences{};
    /// The folder was there already, made by the same call.
    bool was_there = false;
};

/// Where a teacher that is not finished keeps its checkpoints and log-probs.
inline std::filesystem::path unfinished_path(const std::filesystem::path& out) {
    std::filesystem::path beside = detail::named_folder(out);
    return beside += ".unfinished";
}

namespace detail {

/// What is known before anything is learned.
inline teacher_description described(const any_backend<float>& on, const teach_options& options,
                                     const chosen_chat_format& chat) {
    teacher_description told{.kind = options.kind,
                             .beta = options.beta,
                             .rule = options.rule,
                             .per_token = options.per_token,
                             .boundary = options.boundary == token_boundary::joint ? "joint" : "separate",
                             .pretokenizer = options.tokenizer.pretokenizer,
                             .chat_format = options.chat_format,
                             .maximum_tokens = options.maximum_tokens,
                             .combination = options.combination,
                             .spread = options.spread};
    if (!options.chat_format.empty()) told.chat_layout = layout_of(chat.format).name;
    const auto outside = [](const std::filesystem::path& model) {
        return outside_model{std::filesystem::absolute(named_folder(model)).lexically_normal().string(),
                             identify_model(model)};
    };
    if (!options.model.empty()) told.base = outside(options.model);
    if (!options.reference.empty())
        told.reference = teacher_weights{.from = weights_from::outside, .outside = outside(options.reference)};
    told.training = settings_of(options);
    told.training["products"] = on.name;
    told.training["data"] = hash_text(hash_file(options.data).hash);
    if (!options.held_out.empty()) told.training["held_out_data"] = hash_text(hash_file(options.held_out).hash);
    for (const std::filesystem::path& member : options.members)
        told.training["members"].push_back(hash_text(hash_file(member / "teacher.json").hash));
    if (!options.members.empty()) told.training["combination"] = {options.combination, options.spread};
    told.training["id_field"] = options.reading.id_field;
    told.training["skip_malformed"] = options.reading.skip_malformed;
    nlohmann::ordered_json all = to_json(told);
    for (const char* const model : {"base_model", "reference"}) // what they are, not where
        if (all.contains(model)) all[model].erase("path");
    told.training["key"] = hash_text(hash_of(all.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)));
    return told;
}

/// The teacher that is at `out` already, if this call made it. \throws input_error where anything else is there.
inline std::optional<taught> made_before(const std::filesystem::path& out, const teacher_description& told) {
    const std::filesystem::path place = named_folder(out);
    std::error_code ignored;
    if (!std::filesystem::exists(std::filesystem::symlink_status(place, ignored))) {
        const temporary_folder can_be_made(place); // fails now rather than in an hour
        return std::nullopt;
    }
    require<input_error>(is_teacher_folder(place), place.string(),
                         ": is there already and is no teacher's folder; "
                         "nothing is written over");
    taught found{.description =
                     parse_teacher(read_json_file(place / "teacher.json"), (place / "teacher.json").string()),
                 .was_there = true};
    const nlohmann::ordered_json &there = found.description.training, &here = told.training;
    require<input_error>(there.contains("key") && there.at("key") == here.at("key"), place.string(),
                         ": holds a teacher that was made in another way; nothing is written over: remove it or give "
                         "another name");
    return found;
}

inline nlohmann::ordered_json json_of(const training_history& history) {
    auto steps = nlohmann::ordered_json::array();
    for (const training_step& step : history.steps) {
        nlohmann::ordered_json one{{"step", step.step}};
        for_each_metric(step, [&](std::string_view name, double value) { one[std::string(name)] = value; });
        steps.push_back(std::move(one));
    }
    return steps;
}

/// Writes a model as an adapter or whole. \returns what the description says of it
inline teacher_weights written_weights(const any_transformer<float>& model, const std::filesystem::path& folder,
                                       const std::string& name) {
    const bool adapter = !model.weights().adapters().empty();
    if (adapter)
        save_adapter(model, folder / name);
    else
        save_transformer(model, folder / name);
    return {
        .from = adapter ? weights_from::adapter : weights_from::model, .path = name, .hash = part_hash(folder, name)};
}

/// Holds the teacher in the folder against its held-out pairs, which also calibrate it.
inline held_out_report evaluate(const any_backend<float>& on, const std::filesystem::path& folder,
                                const teach_options& options, const teach_data& data) {
    const opened_teacher opened = open_teacher(folder, {.model = options.model, .reference = options.reference});
    const text_teacher teacher = load_teacher(opened, on);
    std::function<void(std::size_t)> scored;
    if (options.scoring) scored = options.scoring("judging held-out pairs", data.held_out.size());
    const auto said = with_names(data.held_out_names(), [&] {
        return judge_pairs(teacher, data.held_out, options.seed, [&](std::size_t done, double, double) {
            if (scored) scored(done);
        });
    });
    return hold_against(said, data.held_out, data.held_out_labels);
}

/// Makes the folder. \param write_weights puts what was learned into it and its description
inline void write_teacher(const any_backend<float>& on, const teach_options& options, const teach_data& data,
                          taught& made, const std::function<void(const std::filesystem::path&)>& write_weights) {
    write_folder_whole(options.out, [&](const std::filesystem::path& folder) {
        teacher_description& told = made.description;
        write_weights(folder);
        write_json(to_json(told), folder / "teacher.json");
        if (!data.held_out.empty()) {
            made.held_out = evaluate(on, folder, options, data);
            told.evaluation = to_json(*made.held_out);
            told.evaluation["chosen_on_these"] = !made.preferences.steps.empty();
            if (made.held_out->calibration.status == estimate_status::ok) {
                told.temperature = made.held_out->calibration.temperature;
                told.calibrated = true;
            }
            write_json(to_json(told), folder / "teacher.json");
        }
        write_json(nlohmann::ordered_json{{"held_out", told.evaluation},
                                          {"fine_tuning", json_of(made.fine_tuning)},
                                          {"preferences", json_of(made.preferences)}},
                   folder / "results.json");
        manifest run{.program = "teach",
                     .command_line = options.command_line,
                     .seed = options.seed,
                     .sizes = {{"learned", data.learned.size()}, {"held_out", data.held_out.size()}},
                     .beta = options.beta,
                     .settings = told.training,
                     .inputs = {hash_file(options.data)}};
        if (!options.held_out.empty()) run.inputs.push_back(hash_file(options.held_out));
        write_json(to_json(run), folder / "manifest.json");
        write_left_out(folder / "left-out.jsonl", data.left_out);
    });
}

/// The kinds that learn nothing.
inline taught teach_without_model(const any_backend<float>& on, const teach_options& options, teacher_description told,
                                  const tell& say) {
    taught made{.description = std::move(told)};
    const bool recorded = options.kind == "recorded";
    preference_options reading = options.reading;
    if (!options.chat_format.empty()) {
        require(options.chat_format != "auto", "the chat format auto is a model's, and the kind ", options.kind,
                " has none");
        reading.render = named_chat(options.chat_format).render;
    }
    teach_data data;
    if (recorded) read_recorded(options.data, options.beta); // refuses what cannot be read
    if (!recorded || !options.held_out.empty()) {
        teach_options held = options;
        if (recorded) std::swap(held.data, held.held_out); // its data are verdicts
        if (recorded) held.held_out.clear();
        data = read_teach_data(held, reading, {}, false, say);
    }
    made.description.maximum_tokens = unlimited_length;
    write_teacher(on, options, data, made, [&](const std::filesystem::path& folder) {
        std::error_code failure;
        for (std::size_t m = 0; m < options.members.size(); ++m) {
            const std::string name = message("members/", m);
            make_folder(folder / name);
            std::filesystem::copy(
                options.members[m], folder / name,
                std::filesystem::copy_options::recursive | std::filesystem::copy_options::copy_symlinks, failure);
            require<input_error>(!failure, (folder / name).string(), ": cannot be written: ", failure.message());
            made.description.members.push_back({name, part_hash(folder, name)});
        }
        if (!recorded) return;
        const std::string name = options.data.extension() == ".gz" ? "records.jsonl.gz" : "records.jsonl";
        std::filesystem::copy_file(options.data, folder / name, failure);
        require<input_error>(!failure, (folder / name).string(), ": cannot be written: ", failure.message());
        made.description.records = name;
        made.description.records_hash = part_hash(folder, name);
    });
    return made;
}

/// What a model becomes.
struct learned_models {
    text_model policy;
    std::optional<text_model> before; ///< where it was fine-tuned, as it was then
};

/// Preference training against the model as it is, or against another one.
template <class Loss>
text_model learn_preferences(const text_model& start, const text_model& reference, const teach_data& data,
                             const teach_options& options, const study_options& run, const Loss& loss, taught& made,
                             const tell& say) {
    reference_cache cache(run.cache);
    const auto log_probs_of = [&](std::span<const text_comparison> pairs, const char* title) {
        std::function<void(std::size_t)> scored;
        if (run.scoring) scored = run.scoring(title, pairs.size());
        return cache.log_probs(reference, pairs, scored);
    };
    const std::span<const text_comparison> learned(data.learned), held(data.held_out);
    const std::vector<double> references = log_probs_of(learned, "scoring: reference");
    const std::vector<double> held_references = log_probs_of(held, "scoring: reference, held-out pairs");
    for (const std::string& note : cache.notes()) say(note);
    text_model policy = copy_of(start);
    training_options training = options.training;
    prepare_training(training, run, "preferences");
    if (!held.empty())
        watch(training, options, learned.size(),
              held_out_pairs(policy, held, data.held_out_labels, held_references, loss), say);
    made.preferences = train_preferences(policy, learned, data.labels, references, loss,
                                         optimiser_of(options.optimiser, run), training);
    policy.release_gradients();
    return policy;
}

template <class Loss>
taught teach_with_model(const any_backend<float>& on, const teach_options& options, const Loss& loss,
                        const chosen_chat_format& chat, teacher_description told, const tell& say) {
    taught made{.description = std::move(told)};
    preference_options reading = options.reading;
    if (chat.render) reading.render = chat.render;
    const text_model_options loading{.tokenizer = options.tokenizer,
                                     .boundary = options.boundary,
                                     .trained = options.trained,
                                     .adapter = options.adapter,
                                     .recompute_activations = options.recompute_activations,
                                     .seed = options.seed};
    text_model start = load_text_model(on, options.model, loading);
    for (const std::string& note : start.notes()) say(note);
    std::optional<text_model> other;
    if (!options.reference.empty())
        other = load_text_model(
            on, options.reference,
            {.tokenizer = options.tokenizer, .boundary = options.boundary, .trained = trained_tensors::none()});
    made.description.end_token = start.words().end_token().has_value();
    require<input_error>(!other || other->words().end_token().has_value() == made.description.end_token,
                         options.reference.string(),
                         ": the tokenizers of model and reference differ in that one names "
                         "an end token");
    std::vector<pair_reader> readers{reader_of(start, options.model.string())};
    if (other) readers.push_back(reader_of(*other, options.reference.string()));
    const bool prefers = options.kind == "implicit" && options.training.epochs > 0,
               tunes = options.fine_tuning.epochs > 0;
    const teach_data data = read_teach_data(options, reading, readers, prefers || tunes, say);
    made.description.training["pairs"] = data.learned.size();
    made.description.training["pairs_hash"] = fingerprint_of(std::span<const text_comparison>(data.learned));
    made.description.training["held_out_pairs"] = data.held_out.size();

    const std::filesystem::path unfinished = unfinished_path(options.out);
    make_folder(unfinished);
    const study_options run = run_options(options, unfinished);
    std::optional<text_model> policy;
    with_names(data.file.names(), [&] {
        if (tunes) {
            training_options training = options.fine_tuning;
            prepare_training(training, run, "fine-tuning");
            auto tuned = fine_tune(std::move(start), preferred_responses(data.learned, data.labels),
                                   optimiser_of(options.fine_tuning_optimiser, run), training);
            start = std::move(tuned.model);
            made.fine_tuning = std::move(tuned.history);
        }
        if (prefers) policy = learn_preferences(start, other ? *other : start, data, options, run, loss, made, say);
    });
    for (const training_history* history : {&made.fine_tuning, &made.preferences})
        for (const std::string& note : history->notes) say(note);
    write_teacher(on, options, data, made, [&](const std::filesystem::path& folder) {
        teacher_description& description = made.description;
        const auto written = [&](const text_model& model, const char* name) {
            return written_weights(model.model(), folder, name);
        };
        const teacher_weights before = tunes ? written(start, policy ? "reference" : "policy") : teacher_weights{};
        description.policy = policy ? written(*policy, "policy") : before;
        if (description.kind == "implicit" && !description.reference) description.reference = before;
    });
    std::error_code ignored;
    std::filesystem::remove_all(unfinished, ignored);
    return made;
}

} // namespace detail

/// Whether a teacher of that kind is made of a language model.
inline bool has_model(std::string_view kind) { return kind == "implicit" || kind == "likelihood"; }

/// \throws argument_error for options that do not go together.
inline void check_options(const teach_options& options) {
    const bool needs_model = has_model(options.kind);
    require(std::ranges::find(teacher_kinds, options.kind, &teacher_kind::name) != teacher_kinds.end(), "the kind ",
            excerpt{options.kind}, " is not known; there are ", teacher_kind_names());
    require(needs_model != options.model.empty(), "the kind ", options.kind,
            needs_model ? " needs a model" : " has no model, and one was given");
    require((options.kind == "ensemble") == !options.members.empty(), "members belong to the kind ensemble, which has ",
            "at least one");
    if (!options.members.empty()) combined_margin(std::vector<double>{0}, options.combination, options.spread);
    require(options.reference.empty() || (options.kind == "implicit" && options.fine_tuning.epochs == 0),
            "a reference is of the kind implicit, and stands in place of the fine-tuned model: without fine-tuning");
    require(options.kind != "implicit" || options.training.epochs > 0 || !options.reference.empty(),
            "an implicit reward needs preference training, or another model as reference");
}

/// Makes the teacher at `options.out`. \param loss of preference training, a PreferenceLoss of double \param say takes
/// each sentence for the user
/// \throws input_error for files that cannot be read or written, when something else is at `out`, and when checkpoints
/// beside it belong to another run; argument_error for options that do not fit; and what training throws.
template <class Loss>
taught teach(const any_backend<float>& on, const teach_options& options, const Loss& loss, const tell& say) {
    check_options(options);
    const bool needs_model = has_model(options.kind);
    chosen_chat_format chat;
    if (needs_model && !options.chat_format.empty()) {
        std::vector<std::filesystem::path> models{options.model};
        if (!options.reference.empty()) models.push_back(options.reference);
        chat = choose_chat_format(options.chat_format, models);
        for (const std::string& note : chat.notes) say("chat format: " + note);
        say(message("chat format: ", layout_of(chat.format).name));
    } else if (!options.chat_format.empty() && options.chat_format != "auto") {
        chat.format = chat_format_named(options.chat_format);
    }
    teacher_description told = detail::described(on, options, chat);
    if (auto before = detail::made_before(options.out, told)) return *std::move(before);
    if (!needs_model) return detail::teach_without_model(on, options, std::move(told), say);
    return detail::teach_with_model(on, options, loss, chat, std::move(told), say);
}

} // namespace preflearn
