/// \file
/// A teacher's folder over a file of pairs: judged block by block, resumable and in shards, then written as labels by a
/// rule. `L.jsonl` has the labels, `L.left-out.jsonl` what has none and why, `L.manifest.json` what the run was. What a
/// human said of a pair goes from the file to its line, and past the teacher.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <unordered_set>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/checkpoint/json_file.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/data/selection/left_out.hpp>
#include <preflearn/pipeline/noise/judged_pairs.hpp>
#include <preflearn/pipeline/noise/noise_files.hpp>
#include <preflearn/pipeline/output/output_run.hpp>
#include <preflearn/pipeline/output/work_progress.hpp>
#include <preflearn/pipeline/scoring/text_model.hpp>
#include <preflearn/pipeline/teacher_folder/folder_parts.hpp>
#include <preflearn/pipeline/teacher_folder/learned_pairs.hpp>
#include <preflearn/pipeline/teacher_folder/open_teacher.hpp>
#include <preflearn/pipeline/teacher_kinds/external.hpp>
#include <preflearn/pipeline/teacher_kinds/kinds.hpp>
#include <preflearn/programs/labelling/judged_file.hpp>
#include <preflearn/programs/labelling/judged_shards.hpp>
#include <preflearn/programs/labelling/label_checks.hpp>
#include <preflearn/programs/labelling/label_decisions.hpp>
#include <preflearn/programs/labelling/label_noise.hpp>
#include <preflearn/programs/labelling/label_options.hpp>
#include <preflearn/programs/labelling/labelled_file.hpp>
#include <preflearn/programs/labelling/length_debiasing.hpp>
#include <preflearn/programs/labelling/surveyed_file.hpp>
#include <preflearn/report/run/file_hash.hpp>
#include <preflearn/report/run/manifest.hpp>
#include <preflearn/report/run/write.hpp>

namespace preflearn {

namespace detail {

inline void check_rule(const label_options& options, const label_rule& rule, const text_teacher& teacher,
                       bool calibrated) {
    const bool flips = options.flips && options.flips->kind != flip_kind::uniform;
    require(options.shard.whole() || (rule.kind != label_rule_kind::top && !flips && !options.debias_length),
            rule.kind == label_rule_kind::top ? "the rule top"
            : flips                           ? "flipping by margin or length"
                                              : "debiasing by length",
            " looks at all pairs, and a shard has not all: judge the shards alone (--judge-only), then label by their "
            "judgements (--merge)");
    const bool asks = rule.kind == label_rule_kind::soft || rule.kind == label_rule_kind::abstain ||
                      options.weight == label_weight::confidence;
    require(!asks || teacher.gives_log_odds || calibrated,
            "the teacher's margins are no log-odds; calibrate them by labelled pairs to have probabilities");
    require(options.weight != label_weight::noise || calibrated,
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
/// \throws input_error for pairs that are not those that teacher.json tells of
inline std::optional<folder_noise> noise_in_folder(const opened_teacher& opened) {
    const nlohmann::json evaluation = opened.description.evaluation;
    const nlohmann::json& noise = member_or_null(evaluation, "noise");
    if (noise.is_null()) return std::nullopt;
    folder_noise found{.all = parse_noise(noise, (opened.folder / "teacher.json").string())};
    const nlohmann::json& hash = member_or_null(evaluation, "pairs_file");
    if (hash.is_null()) return found;
    const std::filesystem::path pairs = part_of_folder(opened.folder, judged_pairs_file);
    const std::string content = hash_text(hash_file(pairs).hash);
    require<input_error>(hash == content, pairs.string(), ": was changed since the teacher was made (", content,
                         " now, ", hash.dump(), " then)");
    found.pairs = read_judged_pairs(pairs);
    return found;
}

/// Whether probabilities will be calibrated. A temperature of the folder's is one of margins as the teacher says them.
inline bool is_calibrated(const label_options& options, const teacher_description& told) {
    return !options.calibrate.empty() || (told.calibrated && !options.debias_length);
}

/// What a run is: its judgements, and with the rule its labels.
struct label_run {
    output_run labels{};
    std::string judgements_key{}, calibration_key{};
};

/// What judging a shard is.
inline manifest judging_of(const any_backend<float>& on, const opened_teacher& opened, const label_options& options,
                           const shard& part) {
    manifest judging{.program = "label",
                     .command_line = options.command_line,
                     .seed = options.seed,
                     .settings = {{"teacher", opened.name},
                                  {"kind", opened.description.kind},
                                  {"products", on.name},
                                  {"shard", message(part)},
                                  {"id_field", options.reading.id_field},
                                  {"skip_malformed", options.reading.skip_malformed}},
                     .inputs = {hash_file(options.data), hash_file(opened.folder / "teacher.json")}};
    if (options.external) judging.settings["external"] = command_hash(*options.external);
    return judging;
}

inline label_run run_of(const any_backend<float>& on, const opened_teacher& opened, const label_options& options,
                        const label_rule& rule) {
    manifest labelling = judging_of(on, opened, options, options.shard);
    label_run run{.judgements_key = output_run_of(labelling).key};
    nlohmann::ordered_json& settings = labelling.settings;
    if (options.judge_only) {
        settings["judge_only"] = true;
        run.labels = output_run_of(std::move(labelling));
        return run;
    }
    if (!options.calibrate.empty()) labelling.inputs.push_back(hash_file(options.calibrate));
    run.calibration_key = output_run_of(labelling).key;
    settings["rule"] = name_of(rule.kind);
    if (rule.amount != 0) settings["amount"] = rule.amount;
    settings["weight"] = name_of(options.weight);
    if (!options.calibrate.empty()) settings["calibration"] = name_of(options.calibration);
    if (options.flips) settings["flips"] = {{"kind", name_of(options.flips->kind)}, {"rate", options.flips->rate}};
    if (options.human_noise != 0) settings["human_noise"] = options.human_noise;
    if (options.debias_length) settings["debias_length"] = true;
    settings["strict"] = options.strict;
    run.labels = output_run_of(std::move(labelling));
    return run;
}

/// \throws input_error naming the first record that cannot be judged.
inline void refuse_unfit(std::span<const judgement> said, std::span<const record_facts> records,
                         const pair_names& names) {
    for (std::size_t i = 0; i < said.size(); ++i)
        if (said[i].unfit)
            throw input_error(message(names.place(records[i].id), " cannot be judged, which strict refuses: ",
                                      words_of(said[i].unfit->reason), " ", said[i].unfit->message));
}

/// Labels, and what is told of them. \param by judged pairs to calibrate by
inline std::vector<label_decision> decided_labels(const opened_teacher& opened, const label_options& options,
                                                  const label_rule& rule, std::span<const record_facts> records,
                                                  std::vector<judgement>& said, judged_calibration& by,
                                                  const learned_pairs& learned, labelled_file& found) {
    found.records = records.size();
    std::unordered_set<std::uint64_t> calibrating;
    for (const record_facts& record : by.file.records)
        if (record.responses == 2 && record.human && !record.human->abstained()) calibrating.insert(record.content);
    const bool whole = !learned.files.empty() && learned.files.contains(hash_text(hash_file(options.data).hash));
    for (const record_facts& record : records) {
        found.lists += record.responses != 2;
        found.learned_from += record.responses == 2 && (whole || learned.has(record.content));
        found.calibrated_by += record.responses == 2 && calibrating.contains(record.content);
    }
    found.not_applied = options_of_pairs(options, rule);
    found.positions = positions_of(said);
    if (options.debias_length) {
        found.debiasing = find_length_debiasing(said, records, options.seed);
        debias(said, records, options.seed, found.debiasing->alpha);
        debias(by.said, by.file.records, options.seed, found.debiasing->alpha);
    }
    found.calibration = label_calibration_of(by, opened.description, options, learned);
    found.calibration.calibrated = is_calibrated(options, opened.description);
    std::vector<label_decision> labels = decide_labels(records, said, found.calibration, rule, options);
    count_labels(found, records, labels);
    found.noise = noise_of_labels(labels, records, found.calibration, rule,
                                  options.debias_length ? std::nullopt : noise_in_folder(opened), options.human_noise,
                                  options.flips);
    return labels;
}

} // namespace detail

/// Does it all. \param say takes each sentence for the user
/// \throws input_error for files that cannot be read or written, a teacher's folder that is refused, when labels of
/// another run are at `out`, and where strict when a pair cannot be judged; argument_error for options that do not fit
/// the teacher; and what the teacher throws.
inline labelled_file label_file(const any_backend<float>& on, const label_options& options, const speaker& say,
                                const work_progress& seen = {}) {
    detail::check_label_options(options);
    const opened_teacher opened = open_teacher(options.teacher, {.model = options.model,
                                                                 .reference = options.reference,
                                                                 .chat_format = options.chat_format,
                                                                 .end_token = options.end_token,
                                                                 .external = options.external});
    const label_rule rule = options.rule.value_or(detail::own_rule(opened));
    detail::label_run run = detail::run_of(on, opened, options, rule);
    labelled_file found{.judged_only = options.judge_only};
    found.was_there = made_before(options.out, run.labels.key);
    std::filesystem::path part = options.out;
    part += ".part";
    const std::filesystem::path calibrated = beside(options.out, ".calibration.part");
    if (found.was_there) {
        remove_kept({part, calibrated});
        found.written = count_told(options.out, "written");
        return found;
    }
    require_own_beside(options.out, "label", {".left-out.jsonl"});
    preference_options reading = options.reading;
    if (opened.chat.render) reading.render = opened.chat.render;
    const detail::surveyed_file file = detail::survey(options.data, reading);
    detail::check_has_pairs(options, rule, file);
    const std::size_t begin = options.shard.begin(file.records.size()), end = options.shard.end(file.records.size());
    const std::span<const record_facts> records = std::span(file.records).subspan(begin, end - begin);
    const text_teacher teacher = load_teacher(opened, on);
    for (const std::string& note : teacher.notes) say(note);
    const work_progress watched = with_first_estimate(seen, say);
    if (!options.judge_only)
        detail::check_rule(options, rule, teacher, detail::is_calibrated(options, opened.description));

    detail::judged_calibration by =
        detail::judge_calibration(teacher, options, reading, {calibrated, run.calibration_key, "calibrating"}, watched);
    const learned_pairs learned = options.judge_only ? learned_pairs{} : learned_pairs_of(opened.folder);
    if (!by.said.empty())
        detail::label_calibration_of(by, opened.description, options, learned); // fails now rather than at the end
    std::vector<judgement> said = options.merge.empty()
                                      ? detail::judge_records(teacher, file, options.data, reading, begin, end, options,
                                                              {part, run.judgements_key, "labelling"}, watched)
                                      : merged_judgements(options.merge, records.size(), [&](const shard& one) {
                                            return output_run_of(detail::judging_of(on, opened, options, one)).key;
                                        });
    if (options.strict) detail::refuse_unfit(said, records, file.names);
    const auto write_manifest = [&] {
        run.labels.record.sizes = {{"records", records.size()}, {"written", found.written}};
        write_json(to_json(run.labels.record), beside(options.out, ".manifest.json"));
    };
    std::error_code failure;
    if (options.judge_only) {
        found.records = records.size();
        write_manifest();
        std::filesystem::rename(part, options.out, failure);
        require<input_error>(!failure, options.out.string(), ": cannot be made: ", failure.message());
        return found;
    }
    const std::vector<label_decision> labels = detail::with_names(
        file.names, [&] { return detail::decided_labels(opened, options, rule, records, said, by, learned, found); });
    if (found.noise) run.labels.record.settings["noise"] = to_json(*found.noise);
    run.labels.record.settings["result"] = detail::labelled_json(found);
    write_manifest();
    detail::write_labels(options, file, begin, end, reading, labels, opened.name);
    remove_kept({part, calibrated});
    return found;
}

} // namespace preflearn
