/// \file
/// A teacher's folder over a file of pairs: judged block by block, resumable and in shards, then written as labels by a
/// rule. `L.jsonl` has the labels, `L.left-out.jsonl` what has none and why, `L.manifest.json` what the run was. What a
/// human said of a pair goes from the file to its line, and past the teacher.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/checkpoint/json_file.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/data/selection/left_out.hpp>
#include <preflearn/pipeline/labelling/judged_file.hpp>
#include <preflearn/pipeline/labelling/label_decisions.hpp>
#include <preflearn/pipeline/labelling/label_noise.hpp>
#include <preflearn/pipeline/labelling/label_options.hpp>
#include <preflearn/pipeline/labelling/labelled_file.hpp>
#include <preflearn/pipeline/labelling/surveyed_file.hpp>
#include <preflearn/pipeline/noise/noise_files.hpp>
#include <preflearn/pipeline/output/output_run.hpp>
#include <preflearn/pipeline/output/work_progress.hpp>
#include <preflearn/pipeline/teacher_folder/open_teacher.hpp>
#include <preflearn/pipeline/teacher_kinds/external.hpp>
#include <preflearn/pipeline/teacher_kinds/kinds.hpp>
#include <preflearn/pipeline/text_model.hpp>
#include <preflearn/report/run/file_hash.hpp>
#include <preflearn/report/run/manifest.hpp>
#include <preflearn/report/run/write.hpp>

namespace preflearn {

namespace detail {

inline void check_rule(const label_options& options, const label_rule& rule, const text_teacher& teacher,
                       const label_calibration& calibration) {
    const bool whole =
        rule.kind == label_rule_kind::top || (options.flips && options.flips->kind != flip_kind::uniform);
    require(!whole || options.shard.whole(),
            rule.kind == label_rule_kind::top ? "the rule top" : "flips by margin or length",
            " looks at all pairs, and a shard has not all: label the shards by another rule first");
    const bool asks = rule.kind == label_rule_kind::soft || rule.kind == label_rule_kind::abstain ||
                      options.weight == label_weight::confidence;
    require(!asks || teacher.gives_log_odds || calibration.calibrated,
            "the teacher's margins are no log-odds; calibrate them by labelled pairs to have probabilities");
    require(options.weight != label_weight::noise || calibration.calibrated,
            "weights by noise need probabilities that are calibrated by labelled pairs");
}

/// The rule of the teacher's folder. \throws input_error where it is none
inline label_rule own_rule(const opened_teacher& opened) {
    const teacher_rule& rule = opened.description.rule;
    const auto amount = [&](std::string_view name) {
        return rule.name == name ? std::optional(rule.amount) : std::nullopt;
    };
    try {
        return label_rule_named(rule.name, amount("abstain"), amount("top"));
    } catch (const argument_error& failure) {
        throw input_error(message((opened.folder / "teacher.json").string(), ": ", failure.what()));
    }
}

/// What the teacher's folder says of it; nothing where it was held against no labels.
inline std::optional<noise_estimate> folder_noise(const opened_teacher& opened) {
    const nlohmann::json evaluation = opened.description.evaluation;
    const nlohmann::json& noise = member_or_null(evaluation, "noise");
    if (noise.is_null()) return std::nullopt;
    return parse_noise(noise, (opened.folder / "teacher.json").string());
}

/// What a run is: its judgements, and with the rule its labels.
struct label_run {
    output_run labels{};
    std::string judgements_key{};
};

inline label_run run_of(const any_backend<float>& on, const opened_teacher& opened, const label_options& options,
                        const label_rule& rule) {
    manifest judging{.program = "label",
                     .command_line = options.command_line,
                     .seed = options.seed,
                     .settings = {{"teacher", opened.name},
                                  {"kind", opened.description.kind},
                                  {"products", on.name},
                                  {"shard", message(options.shard)},
                                  {"id_field", options.reading.id_field},
                                  {"skip_malformed", options.reading.skip_malformed}},
                     .inputs = {hash_file(options.data), hash_file(opened.folder / "teacher.json")}};
    if (options.external) judging.settings["external"] = command_hash(*options.external);
    if (!options.calibrate.empty()) judging.inputs.push_back(hash_file(options.calibrate));
    manifest labelling = judging;
    nlohmann::ordered_json& settings = labelling.settings;
    settings["rule"] = name_of(rule.kind);
    if (rule.amount != 0) settings["amount"] = rule.amount;
    settings["weight"] = name_of(options.weight);
    if (!options.calibrate.empty()) settings["calibration"] = name_of(options.calibration);
    if (options.flips) settings["flips"] = {{"kind", name_of(options.flips->kind)}, {"rate", options.flips->rate}};
    if (options.human_noise != 0) settings["human_noise"] = options.human_noise;
    settings["strict"] = options.strict;
    return {output_run_of(std::move(labelling)), output_run_of(std::move(judging)).key};
}

} // namespace detail

/// Does it all. \param say takes each sentence for the user
/// \throws input_error for files that cannot be read or written, a teacher's folder that is refused, when labels of
/// another run are at `out`, and where strict when a pair cannot be judged; argument_error for options that do not fit
/// the teacher; and what the teacher throws.
inline labelled_file label_file(const any_backend<float>& on, const label_options& options, const speaker& say,
                                const work_progress& seen = {}) {
    require(options.human_noise >= 0 && options.human_noise < 0.5, "the noise rate of human labels is ",
            options.human_noise, ", a share from 0 to below 1/2 was expected");
    require(options.out.extension() != ".gz", options.out.string(), ": labels are written as plain JSONL");
    const opened_teacher opened = open_teacher(options.teacher, {.model = options.model,
                                                                 .reference = options.reference,
                                                                 .chat_format = options.chat_format,
                                                                 .end_token = options.end_token,
                                                                 .external = options.external});
    const label_rule rule = options.rule.value_or(detail::own_rule(opened));
    detail::label_run run = detail::run_of(on, opened, options, rule);
    labelled_file found;
    found.was_there = made_before(options.out, run.labels.key);
    if (found.was_there) return found;
    preference_options reading = options.reading;
    if (opened.chat.render) reading.render = opened.chat.render;
    const detail::surveyed_file file = detail::survey(options.data, reading);
    const std::size_t begin = options.shard.begin(file.records.size()), end = options.shard.end(file.records.size());
    const text_teacher teacher = load_teacher(opened, on);
    for (const std::string& note : teacher.notes) say(note);
    const work_progress watched = with_first_estimate(seen, say);

    const std::filesystem::path calibrated = beside(options.out, ".calibration.part");
    found.calibration = detail::calibration_of(teacher, opened.description, options, reading,
                                               {calibrated, run.judgements_key, "calibrating"}, watched);
    detail::check_rule(options, rule, teacher, found.calibration);
    std::filesystem::path part = options.out;
    part += ".part";
    const std::vector<judgement> said = detail::judge_records(teacher, file, options.data, reading, begin, end, options,
                                                              {part, run.judgements_key, "labelling"}, watched);
    const std::span<const record_facts> records = std::span(file.records).subspan(begin, end - begin);
    for (std::size_t i = 0; i < said.size() && options.strict; ++i)
        require<input_error>(
            !said[i].unfit, file.names.place(records[i].id),
            " cannot be judged, which strict refuses: ", said[i].unfit ? words_of(said[i].unfit->reason) : "", " ",
            said[i].unfit ? said[i].unfit->message : "");
    const std::vector<label_decision> labels =
        detail::with_names(file.names, [&] { return decide_labels(records, said, found.calibration, rule, options); });
    found.records = records.size();
    found.positions = positions_of(said);
    detail::count_labels(found, records, labels);
    found.noise =
        noise_of_labels(labels, records, found.calibration, rule, detail::folder_noise(opened), options.human_noise);
    if (found.noise) run.labels.record.settings["noise"] = to_json(*found.noise);
    run.labels.record.sizes = {{"records", found.records}, {"written", found.written}};
    run.labels.record.settings["result"] = detail::to_json(found);
    write_json(to_json(run.labels.record), beside(options.out, ".manifest.json"));
    detail::write_labels(options, file, begin, end, reading, labels, opened.name);
    std::error_code ignored;
    std::filesystem::remove(part, ignored);
    std::filesystem::remove(calibrated, ignored);
    return found;
}

} // namespace preflearn
