/// \file
/// From a labelled file to an aligned student (Tao & Li 2025, step 3), by a loss of any kind: fine-tuned first where
/// asked, held against examples that it did not learn from, the best kept. When it is stopped, the same call goes on
/// from the checkpoints beside the student, to the same bits; the student appears whole or not at all.
// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/core/system/error.hpp>
#include <preflearn/data/selection/fitting.hpp>
#include <preflearn/loss/by_name/any_kind.hpp>
#include <preflearn/loss/by_name/loss_named.hpp>
#include <preflearn/pipeline/learning/learning_run.hpp>
#include <preflearn/pipeline/learning/learning_steps.hpp>
#include <preflearn/pipeline/learning/training_settings.hpp>
#include <preflearn/pipeline/output/output_run.hpp>
#include <preflearn/pipeline/output/unfinished_folder.hpp>
#include <preflearn/pipeline/scoring/text_model.hpp>
#include <preflearn/pipeline/scoring/text_reader.hpp>
#include <preflearn/pipeline/teacher_folder/model_identity.hpp>
#include <preflearn/programs/aligning/align_data.hpp>
#include <preflearn/programs/aligning/align_options.hpp>
#include <preflearn/programs/aligning/columns_taken.hpp>
#include <preflearn/programs/aligning/learn_student.hpp>
#include <preflearn/programs/aligning/noise_by_pair.hpp>
#include <preflearn/programs/aligning/student_output.hpp>
#include <preflearn/programs/aligning/student_report.hpp>
#include <preflearn/programs/aligning/told_noise.hpp>
#include <preflearn/report/run/file_hash.hpp>
#include <preflearn/text/chat/chat_template.hpp>

namespace preflearn {

/// Makes the loss of a name with these parameters: `kind_of_loss_named`, which a program compiles once.
using loss_maker = std::function<kind_of_loss(std::string_view name, std::span<const named_value> parameters)>;

/// A student that was made, or had been before.
struct aligned_student {
    student_report report{};
    /// It was there already, made by the same call; the report is empty.
    bool was_there = false;
};

/// \throws argument_error for options that do not go together.
inline void check_options(const align_options& options) {
    const listed_loss& loss = loss_listed_as(options.loss_name);
    const bool weak = !options.weak_policy.empty() || !options.weak_reference.empty();
    const bool needs_weak = loss.about.name == "wspo";
    require(!needs_weak || (!options.weak_policy.empty() && !options.weak_reference.empty()),
            "the loss wspo matches the shift of a weak policy: an aligned one (--weak-policy) and what it was before "
            "(--weak-reference) are needed");
    require(!weak || needs_weak, "a weak policy is of the loss wspo, not of ", loss.about.name);
    require(options.teacher.empty() || options.noise_rate.empty() || options.noise_rate == "teacher",
            "a noise rate that is a number does not go with a teacher's folder");
    require(options.learning.training.epochs > 0 || options.learning.fine_tuning.epochs > 0,
            "nothing is to be learned: no epochs");
    require(!options.keep_adapter || options.learning.adapter, "an adapter is to be kept, and none is to be learned");
}

namespace detail {

inline output_run run_of(const any_backend<float>& on, const align_options& options, const kind_of_loss& loss) {
    manifest record{.program = "align",
                    .command_line = options.command_line,
                    .seed = options.seed,
                    .settings = settings_of(options)};
    record.settings["loss"] = loss.identity();
    record.settings["products"] = on.name;
    const auto add_model = [&](const char* name, const std::filesystem::path& path) {
        if (path.empty()) return;
        const model_identity found = identify_model(path);
        record.settings[name] = {
            {"weights", found.weights}, {"tokenizer", found.tokenizer}, {"chat_template", found.chat_template}};
    };
    add_model("model", options.model);
    add_model("reference", options.reference);
    add_model("weak_policy", options.weak_policy);
    add_model("weak_reference", options.weak_reference);
    record.inputs = {hash_file(options.data)};
    if (!options.held_out.empty()) record.inputs.push_back(hash_file(options.held_out));
    return output_run_of(std::move(record));
}

/// Where the data have conversations, the format that was asked for or the models' own.
inline std::optional<chosen_chat_format> chat_of(const align_options& options, const speaker& say) {
    bool needed = has_conversations(options.data, options.records);
    if (!options.held_out.empty()) needed = needed || has_conversations(options.held_out, options.records);
    if (!needed && !options.chat_format.empty() && options.chat_format != "auto")
        say("chat format: not used, the data have no conversations");
    if (!needed) return std::nullopt;
    std::vector<std::filesystem::path> models{options.model};
    for (const auto* other : {&options.reference, &options.weak_policy, &options.weak_reference})
        if (!other->empty()) models.push_back(*other);
    chosen_chat_format chat = choose_chat_format(options.chat_format.empty() ? "auto" : options.chat_format, models);
    for (const std::string& note : chat.notes) say("chat format: " + note);
    say(message("chat format: ", layout_of(chat.format).name));
    return chat;
}

/// The models of a run.
struct lesson_models {
    text_model student;
    std::optional<text_model> reference{}, weak_policy{}, weak_reference{};
    std::vector<pair_reader> readers{};
};

inline lesson_models load_lesson_models(const any_backend<float>& on, const align_options& options,
                                        const kind_of_loss& loss, const speaker& say) {
    lesson_models models{.student = load_text_model(on, options.model, model_to_learn(options.learning, options.seed))};
    for (const std::string& note : models.student.notes()) say(note);
    const bool ends = models.student.words().end_token().has_value();
    const auto frozen = [&](std::optional<text_model>& to, const std::filesystem::path& path) {
        if (path.empty()) return;
        to = load_text_model(on, path, frozen_model(options.learning));
        require<input_error>(to->words().end_token().has_value() == ends, path.string(),
                             ": its tokenizer and the model's differ in that one names an end token");
        models.readers.push_back(reader_of(*to, path.string()));
    };
    require(options.reference.empty() || loss.reads.reference, "the loss ", loss.name(),
            " has no reference, and one was given");
    frozen(models.reference, options.reference);
    frozen(models.weak_policy, options.weak_policy);
    frozen(models.weak_reference, options.weak_reference);
    return models;
}

inline const text_model* pointer_to(const std::optional<text_model>& model) { return model ? &*model : nullptr; }

} // namespace detail

/// Makes the student at `options.out`. \param say takes each sentence for the user
/// \throws input_error for files that cannot be read or written, when something else is at `out`, and when checkpoints
/// beside it belong to another run; argument_error for options that do not fit; and what training throws.
inline aligned_student align_file(const any_backend<float>& on, const align_options& options, const loss_maker& losses,
                                  const speaker& say) {
    check_options(options);
    aligned_student made;
    made.report.noise = noise_told(options);
    const std::string loss_name = loss_asked_for(options);
    const kind_of_loss loss = losses(loss_name, parameters_with_noise(options, made.report.noise));
    if (loss_name != options.loss_name && loss_name != loss_listed_as(options.loss_name).about.name)
        say(message("the loss ", loss_name, " stands in place of ", options.loss_name,
                    ", which takes no such noise rate"));
    made.report.loss = loss.identity();
    output_run run = detail::run_of(on, options, loss);
    made.was_there = student_made_before(options.out, run.key);
    if (made.was_there) {
        remove_unfinished(options.out);
        return made;
    }
    unfinished_folder unfinished(options.out);
    check_student(origin_of(options), options.out, {.type = options.written, .keep_adapter = options.keep_adapter});

    record_options records = options.records;
    const std::optional<chosen_chat_format> chat = detail::chat_of(options, say);
    if (chat && chat->render) records.reading.render = chat->render;
    detail::lesson_models models = detail::load_lesson_models(on, options, loss, say);
    models.readers.push_back(reader_of(models.student, options.model.string()));
    const example_rules rules{.kind = loss.kind(),
                              .pairing = options.pairing,
                              .threshold = options.threshold,
                              .gold_field = options.gold_field,
                              .ties = loss.reads.target,
                              .seed = options.seed};
    align_data data = read_align_data(options, rules, records, loss.reads.lengths, models.readers, say);
    if (noise_of_each_pair(options)) {
        require(loss.reads.target && options.probabilities != column_use::ignore,
                "a noise rate of each pair is a "
                "probability, which the loss ",
                loss.name(), " does not read or was told to ignore");
        const noise_by_pair found = put_noise_by_pair(data.learned, data.file.names);
        say(shown_noise_by_pair(found));
        for (const std::string& caution : cautions_of_pairs(found, options.data)) say("warning: " + caution);
        put_noise_by_pair(data.held_out, data.held_out_names());
    }
    models.readers.clear(); // they refer to models that learn now
    const columns_taken taken = take_columns(loss, options, data.learned, data.file.names, say);
    if (taken.weights) refuse_no_weight(data.held_out, data.held_out_names());
    made.report.learned = data.learned.size();
    made.report.learned_too = data.learned_too;
    made.report.held_out = data.held_out.size();
    if (!options.noise_rate.empty() && !noise_of_each_pair(options) && taken.probabilities && taken.soft > 0)
        say("the labels' probabilities say how often they are wrong already, and the loss corrects for a noise rate, "
            "too; --probabilities ignore takes the rate alone");
    if (made.report.noise && !noise_of_each_pair(options)) say(shown_worth(*made.report.noise, made.report.learned));

    const learning_run around = run_in(unfinished.path(), options.learning, options.seed);
    if (options.learning.fine_tuning.epochs > 0)
        made.report.fine_tuning = learn_demonstrations(
            models.student, demonstrations_of(data.learned, loss.kind()),
            {options.learning.fine_tuning_optimiser, options.learning.fine_tuning, around, "fine-tuning"});
    if (options.learning.training.epochs > 0) {
        const student_lesson lesson{.options = options,
                                    .run = around,
                                    .data = data,
                                    .loss = loss,
                                    .taken = taken,
                                    .reference = detail::pointer_to(models.reference),
                                    .weak_policy = detail::pointer_to(models.weak_policy),
                                    .weak_reference = detail::pointer_to(models.weak_reference),
                                    .say = say};
        student_learned learned = learn_student(models.student, lesson);
        made.report.preferences = std::move(learned.history);
        made.report.held_out_loss = learned.held_out_loss;
        judge_student(made.report, data.held_out, learned.scores);
    }
    for (const training_history* history : {&made.report.fine_tuning, &made.report.preferences})
        for (const std::string& note : history->notes) say(note);
    run.record.sizes = {{"learned", made.report.learned}, {"held_out", made.report.held_out}};
    write_student(models.student.model(), options, run, made.report, data,
                  chat ? std::string(layout_of(chat->format).name) : std::string());
    unfinished.remove();
    return made;
}

} // namespace preflearn
