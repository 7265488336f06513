/// \file
/// A taught teacher on disk: what is known of it before anything is learned, whether it was made before, and its
/// folder, which is held against the held-out pairs as it was written and appears whole or not at all.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/checkpoint/json_file.hpp>
#include <preflearn/core/on_demand.hpp>
#include <preflearn/core/preference.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/core/system/whole_folder.hpp>
#include <preflearn/data/selection/left_out.hpp>
#include <preflearn/pipeline/learning/training_report.hpp>
#include <preflearn/pipeline/noise/judged_pairs.hpp>
#include <preflearn/pipeline/output/output_run.hpp>
#include <preflearn/pipeline/scoring/text_model.hpp>
#include <preflearn/pipeline/teacher_card/card_consistency.hpp>
#include <preflearn/pipeline/teacher_card/card_json.hpp>
#include <preflearn/pipeline/teacher_card/write_card.hpp>
#include <preflearn/pipeline/teacher_folder/folder_parts.hpp>
#include <preflearn/pipeline/teacher_folder/learned_pairs.hpp>
#include <preflearn/pipeline/teacher_folder/model_identity.hpp>
#include <preflearn/pipeline/teacher_folder/open_teacher.hpp>
#include <preflearn/pipeline/teacher_folder/teacher_description.hpp>
#include <preflearn/pipeline/teacher_kinds/held_out_report.hpp>
#include <preflearn/pipeline/teacher_kinds/kinds.hpp>
#include <preflearn/pipeline/teacher_kinds/measured_teacher.hpp>
#include <preflearn/policy/adapters/adapter_files.hpp>
#include <preflearn/policy/any_transformer.hpp>
#include <preflearn/policy/files/load.hpp>
#include <preflearn/programs/teaching/taught_card.hpp>
#include <preflearn/programs/teaching/taught_repeats.hpp>
#include <preflearn/programs/teaching/teach_data.hpp>
#include <preflearn/programs/teaching/teach_options.hpp>
#include <preflearn/report/run/file_hash.hpp>
#include <preflearn/report/run/manifest.hpp>
#include <preflearn/report/run/write.hpp>
#include <preflearn/text/chat/chat_template.hpp>
#include <preflearn/training/loop/fingerprint.hpp>
#include <preflearn/training/loop/metrics.hpp>

namespace preflearn {

/// A teacher that was made, or had been before.
struct taught {
    teacher_description description{};
    /// Nothing where no pairs were held out.
    std::optional<held_out_report> held_out{};
    training_history fine_tuning{}, preferences{};
    /// Whether held-out pairs chose its parameters and choose its temperature; else they judge it, and that is all.
    bool held_out_chooses = true;
    /// Which program makes it.
    std::string program = "teach";
    /// Over seeds, where several were asked for.
    std::optional<card_consistency> consistency{};
    /// The folder was there already, made by the same call.
    bool was_there = false;
    /// When its making began, for the seconds of manifest.json.
    std::chrono::steady_clock::time_point began = std::chrono::steady_clock::now();
};

namespace detail {

/// What is known before anything is learned. \param settings of the kind
template <int = on_demand>
teacher_description described(const any_backend<float>& on, const teach_options& options,
                              const chosen_chat_format& chat, nlohmann::ordered_json settings = {}) {
    teacher_description told{.kind = options.kind,
                             .beta = options.beta,
                             .rule = options.rule,
                             .per_token = options.per_token,
                             .boundary = options.learning.boundary == token_boundary::joint ? "joint" : "separate",
                             .pretokenizer = options.learning.tokenizer.pretokenizer,
                             .chat_format = options.chat_format,
                             .maximum_tokens = options.learning.maximum_tokens,
                             .combination = options.combination,
                             .spread = options.spread,
                             .settings = std::move(settings)};
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
    if (!options.data.empty()) told.training["data"] = hash_text(hash_file(options.data).hash);
    if (!options.held_out.empty()) told.training["held_out_data"] = hash_text(hash_file(options.held_out).hash);
    for (const std::filesystem::path& member : options.members)
        told.training["members"].push_back(hash_text(hash_file(member / "teacher.json").hash));
    if (!options.members.empty()) told.training["combination"] = {options.combination, options.spread};
    told.training["id_field"] = options.reading.id_field;
    told.training["skip_malformed"] = options.reading.skip_malformed;
    nlohmann::ordered_json all = to_json(told);
    for (const char* const model : {"base_model", "reference"}) // what they are, not where
        if (all.contains(model)) all[model].erase("path");
    told.training["key"] = hash_text(hash_of_json(all));
    return told;
}

/// The teacher that is at `out` already, if this call made it. \throws input_error where anything else is there.
template <int = on_demand>
std::optional<taught> teacher_made_before(const std::filesystem::path& out, const teacher_description& told) {
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

} // namespace detail

/// Says in the description which pairs are learned from.
inline void describe_pairs(teacher_description& told, const teach_data& data) {
    told.training["pairs"] = data.learned.size();
    told.training["pairs_hash"] = fingerprint_of(std::span<const text_comparison>(data.learned));
    told.training["held_out_pairs"] = data.held_out.size();
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

namespace detail {

/// Writes what was learned. \param policy by preferences \param tuned by fine-tuning; null: it was not
template <int = on_demand>
void put_weights(teacher_description& told, const std::filesystem::path& folder, const text_model* policy,
                 const text_model* tuned) {
    const auto written = [&](const text_model& model, const char* name) {
        return written_weights(model.model(), folder, name);
    };
    const teacher_weights before = tuned ? written(*tuned, policy ? "reference" : "policy") : teacher_weights{};
    told.policy = policy ? written(*policy, "policy") : before;
    if (told.kind == "implicit" && !told.reference) told.reference = before;
}

/// Holds the teacher in the folder against its held-out pairs, which also calibrate it.
inline held_out_judgements judge_held_out(const any_backend<float>& on, const std::filesystem::path& folder,
                                          const teach_options& options, const teach_data& data) {
    const opened_teacher opened =
        open_teacher(folder, {.model = options.model, .reference = options.reference, .external = options.external});
    const text_teacher teacher = load_teacher(opened, on);
    std::function<void(std::size_t)> scored;
    if (options.learning.scoring) scored = options.learning.scoring("judging held-out pairs", data.held_out.size());
    held_out_judgements judged{.said = {}, .parameters = teacher.parameters, .tokens = 0};
    judged.said = with_names(data.held_out_names(), [&] {
        return judge_pairs(teacher, data.held_out, options.split_by(), [&](std::size_t done, double tokens, double) {
            judged.tokens += tokens;
            if (scored) scored(done);
        });
    });
    return judged;
}

} // namespace detail

namespace detail {

/// The card, with what the repeats of other seeds say of the same pairs.
inline teacher_card held_out_card(const any_backend<float>& on, const teach_options& options, const teach_data& data,
                                  const held_out_judgements& judged, const taught& made) {
    card_subject subject = card_subject_of(named_folder(options.out).filename().string(), judged.said, data.held_out,
                                           data.held_out_labels);
    put_categories(subject, data, options);
    const std::array trainings{&std::as_const(made.fine_tuning), &std::as_const(made.preferences)};
    teacher_card card = card_of_taught(subject, judged, data, trainings);
    card.facts.emplace_back("kind", made.description.kind);
    if (options.repeats.empty()) return card;
    std::vector<std::string> names{message("seed ", options.seed)};
    std::vector<std::vector<preference>> said(1);
    for (const card_pair& pair : subject.pairs) said.front().push_back(pair.said);
    for (std::size_t r = 0; r < options.repeats.size(); ++r) {
        const held_out_judgements other = judge_held_out(on, options.repeats[r], options, data);
        names.push_back(message("seed ", options.seed + r + 1));
        std::vector<preference>& of = said.emplace_back();
        std::ranges::transform(other.said, std::back_inserter(of), decided);
    }
    card.consistency = consistency_of_taught(subject, std::move(names), said);
    return card;
}

} // namespace detail

namespace detail {

/// What `fill` does with a folder that is not in its place yet. Errors call it, and copies of members in it, by the
/// places that the user knows.
template <class Fill>
void fill_named(const teach_options& options, const std::filesystem::path& folder, const Fill& fill) {
    const auto named = [&](std::string text) {
        const auto replace = [&](const std::string& from, const std::string& to) {
            for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
                text.replace(at, from.size(), to);
        };
        for (std::size_t m = options.members.size(); m-- > 0;) // the tenth before the first, whose name begins it
            replace((folder / message("members/", m)).string(), options.members[m].string());
        replace(folder.string(), options.out.string());
        replace(folder.filename().string(), named_folder(options.out).filename().string());
        return text;
    };
    try {
        fill(folder);
    } catch (const input_error& failure) {
        throw input_error(named(failure.what()));
    } catch (const argument_error& failure) {
        throw argument_error(named(failure.what()));
    } catch (const numeric_error& failure) {
        throw numeric_error(named(failure.what()));
    }
}

/// By held-out pairs that neither the teacher nor, of an ensemble, a member learned from.
inline measured_teacher measured_by(const teach_options& options, const teach_data& data,
                                    const held_out_judgements& judged) {
    learned_pairs learned;
    for (const std::filesystem::path& member : options.members) add_learned_pairs(learned, member);
    learned.add(data.learned);
    const std::filesystem::path& held = options.held_out.empty() ? options.data : options.held_out;
    const bool whole = !learned.files.empty() && learned.files.contains(hash_text(hash_file(held).hash));
    return measure(judged.said, data.held_out, data.held_out_labels, learned, whole);
}

} // namespace detail

/// Makes the folder. \param write_weights puts what was learned into it and its description
template <int = on_demand>
void write_teacher(const any_backend<float>& on, const teach_options& options, const teach_data& data, taught& made,
                   const std::function<void(const std::filesystem::path&)>& write_weights) {
    const auto fill = [&](const std::filesystem::path& folder) {
        teacher_description& told = made.description;
        write_weights(folder);
        write_learned_pairs(folder, data.learned);
        write_json(to_json(told), folder / "teacher.json");
        if (!data.held_out.empty() && !options.is_repeat) {
            const held_out_judgements judged = detail::judge_held_out(on, folder, options, data);
            measured_teacher measured = detail::measured_by(options, data, judged);
            made.held_out = std::move(measured.report);
            const teacher_card card = detail::held_out_card(on, options, data, judged, made);
            write_card(card, folder);
            told.evaluation = to_json(*made.held_out);
            if (!measured.pairs.empty()) {
                write_judged_pairs(folder / judged_pairs_file, measured.pairs);
                told.evaluation["pairs_file"] = hash_text(hash_file(folder / judged_pairs_file).hash);
            }
            if (card.consistency) {
                made.consistency = card.consistency;
                told.evaluation["over_seeds"] = to_json(*card.consistency);
            }
            told.evaluation["chosen_on_these"] = made.held_out_chooses && !made.preferences.steps.empty();
            if (made.held_out_chooses && !made.held_out->remembered &&
                made.held_out->calibration.status == estimate_status::ok) {
                told.temperature = made.held_out->calibration.temperature;
                told.calibrated = true;
            }
            write_json(to_json(told), folder / "teacher.json");
        }
        write_json(nlohmann::ordered_json{{"held_out", told.evaluation},
                                          {"fine_tuning", json_of_steps(made.fine_tuning)},
                                          {"preferences", json_of_steps(made.preferences)}},
                   folder / "results.json");
        const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - made.began;
        manifest run{.program = made.program,
                     .command_line = options.command_line,
                     .seed = options.seed,
                     .sizes = {{"learned", data.learned.size()}, {"held_out", data.held_out.size()}},
                     .beta = options.beta,
                     .settings = told.training,
                     .inputs = {},
                     .wall_seconds = seconds.count()};
        if (!options.data.empty()) run.inputs.push_back(hash_file(options.data));
        if (!options.held_out.empty()) run.inputs.push_back(hash_file(options.held_out));
        write_json(to_json(run), folder / "manifest.json");
        write_left_out(folder / "left-out.jsonl", data.left_out);
    };
    write_folder_whole(options.out,
                       [&](const std::filesystem::path& folder) { detail::fill_named(options, folder, fill); });
}

} // namespace preflearn
