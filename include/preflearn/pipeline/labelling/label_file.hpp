/// \file
/// A teacher's folder over a file of pairs: judged block by block, resumable and in shards, then written as labels by a
/// rule. `L.jsonl` has the labels, `L.left-out.jsonl` what has none and why, `L.manifest.json` what the run was. What a
/// human said of a pair goes from the file to its line, and past the teacher.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <unordered_map>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/agreement/labels/accuracy_by_prompt.hpp>
#include <preflearn/checkpoint/json_file.hpp>
#include <preflearn/core/system/atomic_file.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/core/system/progress.hpp>
#include <preflearn/pipeline/labelling/judged_file.hpp>
#include <preflearn/pipeline/labelling/label_decisions.hpp>
#include <preflearn/pipeline/labelling/label_lines.hpp>
#include <preflearn/pipeline/labelling/label_options.hpp>
#include <preflearn/pipeline/labelling/label_record.hpp>
#include <preflearn/pipeline/teacher_folder/open_teacher.hpp>
#include <preflearn/pipeline/teacher_kinds/held_out_report.hpp>
#include <preflearn/pipeline/teacher_kinds/kinds.hpp>
#include <preflearn/pipeline/text_model.hpp>
#include <preflearn/report/run/file_hash.hpp>
#include <preflearn/report/run/manifest.hpp>
#include <preflearn/report/run/write.hpp>

namespace preflearn {

/// What became of a file's records.
struct labelled_file {
    std::size_t records = 0, written = 0;
    /// By reason: tie, abstained, below_top, or why a record cannot be judged.
    std::map<std::string, std::size_t> left_out{};
    /// The labels that were written against human verdicts, ties half, over prompts; empty where there are none.
    estimate human_agreement{};
    std::size_t human_verdicts = 0, flipped = 0;
    label_calibration calibration{};
    /// The files were there already, made by the same call.
    bool was_there = false;
};

/// `labels.jsonl` has its `labels.left-out.jsonl`.
inline std::filesystem::path beside_labels(const std::filesystem::path& out, const std::string& ending) {
    std::filesystem::path beside = out;
    if (beside.extension() == ".jsonl") beside.replace_extension();
    return beside += ending;
}

namespace detail {

/// A file's records without their texts.
struct surveyed_file {
    std::vector<record_facts> records{};
    std::vector<std::pair<std::size_t, std::string>> malformed{}; ///< line, and what is wrong
    pair_names names{};
};

inline surveyed_file survey(const std::filesystem::path& data, const preference_options& reading) {
    surveyed_file found;
    label_reader reader(data, reading);
    while (const auto record = reader.next()) found.records.push_back(facts_of(*record));
    for (const left_out_pair& line : reader.skipped().pairs())
        found.malformed.emplace_back(line.name.line, line.message);
    found.names = reader.names();
    require<input_error>(!found.records.empty(), data.string(), ": holds no pairs");
    return found;
}

/// One record after the other of a file that was read once already.
inline auto records_of(const std::filesystem::path& data, const preference_options& reading) {
    return [reader = std::make_shared<label_reader>(data, reading), data]() -> label_record {
        auto record = reader->next();
        require<input_error>(record.has_value(), data.string(), ": has become shorter while it was read");
        return *std::move(record);
    };
}

/// Judges a file, or a part of it, with errors that call pairs what the file calls them.
inline std::vector<judgement> judge_records(const text_teacher& teacher, const surveyed_file& file,
                                            const std::filesystem::path& data, const preference_options& reading,
                                            std::size_t begin, std::size_t end, const label_options& options,
                                            const judged_part& to, const labelling_progress& seen) {
    return with_names(
        file.names, [&] { return judge_file(teacher, records_of(data, reading), begin, end, options.seed, to, seen); });
}

/// The teacher's probabilities: calibrated by a file of labelled pairs, or as its folder says.
inline label_calibration calibration_of(const text_teacher& teacher, const teacher_description& told,
                                        const label_options& options, const preference_options& reading,
                                        const judged_part& to, const labelling_progress& seen) {
    if (options.calibrate.empty()) return {.temperature = told.temperature, .calibrated = told.calibrated};
    const surveyed_file file = survey(options.calibrate, reading);
    const std::vector<judgement> said =
        judge_records(teacher, file, options.calibrate, reading, 0, file.records.size(), options, to, seen);
    std::vector<double> margins, outcomes;
    for (std::size_t i = 0; i < said.size(); ++i) {
        const record_facts& record = file.records[i];
        const std::optional<double> margin = said[i].unfit ? std::nullopt : said[i].margin();
        if (!margin || !std::isfinite(*margin) || !record.human || record.human->abstained() || record.identical)
            continue;
        margins.push_back(*margin);
        outcomes.push_back(
            human_of_chosen(record.human, shown_order(options.seed, record.id, 2).front()).value_or(0.5));
    }
    require(!margins.empty(), options.calibrate.string(), ": holds no labelled pair that the teacher judges");
    return calibrate_by(margins, outcomes, options.calibration);
}

inline void check_rule(const label_options& options, const label_rule& rule, const text_teacher& teacher,
                       const label_calibration& calibration) {
    const bool whole =
        rule.kind == label_rule_kind::top || (options.flips && options.flips->kind != flip_kind::uniform);
    require(!whole || options.shard.count == 1,
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

/// What a run is: its judgements, and with the rule its labels.
struct label_run {
    manifest record{};
    std::string judgements_key{}, key{};
};

inline label_run run_of(const any_backend<float>& on, const opened_teacher& opened, const label_options& options,
                        const label_rule& rule) {
    nlohmann::ordered_json settings{{"teacher", opened.name},
                                    {"kind", opened.description.kind},
                                    {"products", on.name},
                                    {"seed", options.seed},
                                    {"shard", message(options.shard.index, "/", options.shard.count)},
                                    {"id_field", options.reading.id_field},
                                    {"skip_malformed", options.reading.skip_malformed}};
    label_run run{.record = {.program = "label", .command_line = options.command_line, .seed = options.seed}};
    run.record.inputs = {hash_file(options.data), hash_file(opened.folder / "teacher.json")};
    if (!options.calibrate.empty()) run.record.inputs.push_back(hash_file(options.calibrate));
    std::uint64_t key = hash_of(settings.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
    for (const input_file& file : run.record.inputs) key = hash_of(hash_text(file.hash), key);
    run.judgements_key = hash_text(key);
    settings["rule"] = name_of(rule.kind);
    if (rule.amount != 0) settings["amount"] = rule.amount;
    settings["weight"] = name_of(options.weight);
    if (!options.calibrate.empty()) settings["calibration"] = name_of(options.calibration);
    if (options.flips) settings["flips"] = {{"kind", name_of(options.flips->kind)}, {"rate", options.flips->rate}};
    settings["strict"] = options.strict;
    run.key = hash_text(hash_of(settings.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace), key));
    settings["key"] = run.key;
    run.record.settings = std::move(settings);
    return run;
}

/// Whether the same call has been here. \throws input_error where the file is another's.
inline bool labelled_before(const std::filesystem::path& out, const std::string& key) {
    check_can_be_written(out);
    std::error_code ignored;
    if (!std::filesystem::is_regular_file(out, ignored)) return false;
    const std::filesystem::path manifest = beside_labels(out, ".manifest.json");
    bool same = false;
    try {
        same = read_json_file(manifest).at("settings").at("key") == key;
    } catch (const std::exception&) {
    }
    require<input_error>(same, out.string(),
                         ": is there already, made in another way; nothing is written over: remove it "
                         "or give another name");
    return true;
}

/// The labels that are written against what humans said.
inline void count_labels(labelled_file& found, std::span<const record_facts> records,
                         std::span<const label_decision> labels) {
    label_set given, human;
    std::unordered_map<std::uint64_t, std::uint64_t> prompts;
    for (std::size_t i = 0; i < records.size(); ++i) {
        if (!labels[i].left_out.empty()) {
            ++found.left_out[std::string(labels[i].left_out)];
            continue;
        }
        ++found.written;
        found.flipped += labels[i].flipped;
        if (records[i].responses != 2 || !records[i].human || records[i].human->abstained()) continue;
        given.add({records[i].id, labels[i].chosen == 0 ? preference::for_first() : preference::for_second()});
        human.add({records[i].id, *records[i].human});
        prompts.emplace(records[i].id, records[i].prompt);
    }
    found.human_verdicts = given.size();
    if (!given.empty())
        found.human_agreement =
            label_accuracy_by_prompt(given, human, [&](std::uint64_t pair) { return prompts.at(pair); }).rate;
}

/// Writes labels and what is left out. Malformed lines belong to the shard in whose stretch of the file they stand.
inline void write_labels(const label_options& options, const surveyed_file& file, std::size_t begin, std::size_t end,
                         const preference_options& reading, std::span<const label_decision> labels,
                         const std::string& teacher) {
    const std::size_t after = begin == 0 ? 0 : file.records[begin - 1].line;
    const std::size_t last = end == file.records.size() ? unlimited_length : end == 0 ? 0 : file.records[end - 1].line;
    const auto dumped = [](std::ostream& out, const nlohmann::ordered_json& line) {
        out << line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
    };
    std::vector<std::pair<std::size_t, nlohmann::ordered_json>> left_out;
    for (const auto& [line, why] : file.malformed)
        if (line > after && line <= last)
            left_out.emplace_back(line, left_out_line({}, line, name_of(left_out_reason::malformed), why));
    for (std::size_t i = 0; i < labels.size(); ++i) {
        if (labels[i].left_out.empty()) continue;
        const record_facts& record = file.records[begin + i];
        left_out.emplace_back(record.line, left_out_line(file.names.find(record.id), record.line, labels[i].left_out,
                                                         labels[i].why, &labels[i]));
    }
    std::ranges::stable_sort(left_out, {}, [](const auto& one) { return one.first; });
    const std::filesystem::path beside = beside_labels(options.out, ".left-out.jsonl");
    std::error_code ignored;
    if (left_out.empty())
        std::filesystem::remove(beside, ignored);
    else
        write_atomically(beside, [&](std::ostream& out) {
            for (const auto& [line, told] : left_out) dumped(out, told);
        });
    auto next = records_of(options.data, reading);
    for (std::size_t passed = 0; passed < begin; ++passed) next();
    write_atomically(options.out, [&](std::ostream& out) {
        for (const label_decision& label : labels) {
            const label_record record = next();
            if (label.left_out.empty())
                dumped(out, label_line(record, label, file.names, teacher, options.flips.has_value()));
        }
    });
}

inline nlohmann::ordered_json to_json(const labelled_file& found) {
    nlohmann::ordered_json json{{"records", found.records}, {"written", found.written}, {"left_out", found.left_out}};
    if (found.flipped > 0) json["flipped"] = found.flipped;
    if (found.calibration.isotonic)
        json["calibration"] = "isotonic";
    else
        json["temperature"] = found.calibration.temperature;
    if (found.human_verdicts > 0) {
        json["human_verdicts"] = found.human_verdicts;
        json["human_agreement"] = json_of_share(found.human_agreement);
    }
    return json;
}

/// Says, once, after the first block, how long the whole will take.
inline labelling_progress with_first_estimate(const labelling_progress& seen, const tell& say) {
    struct since {
        std::string title;
        std::chrono::steady_clock::time_point start{};
        std::size_t done = 0;
        bool told = true;
    };
    return [seen, say, state = std::make_shared<since>()](std::string_view title, std::size_t done, std::size_t total,
                                                          double tokens, double operations) {
        const auto now = std::chrono::steady_clock::now();
        if (state->title != title) {
            *state = {std::string(title), now, done, false};
        } else if (!state->told && done > state->done && done < total) {
            const double seconds = std::chrono::duration<double>(now - state->start).count();
            const double each = seconds / static_cast<double>(done - state->done);
            say(message(title, ": ", done, " of ", total, "; the rest will take about ",
                        short_time(each * static_cast<double>(total - done))));
            state->told = true;
        }
        if (seen) seen(title, done, total, tokens, operations);
    };
}

} // namespace detail

/// Does it all. \param say takes each sentence for the user
/// \throws input_error for files that cannot be read or written, a teacher's folder that is refused, when labels of
/// another run are at `out`, and where strict when a pair cannot be judged; argument_error for options that do not fit
/// the teacher; and what the teacher throws.
inline labelled_file label_file(const any_backend<float>& on, const label_options& options, const tell& say,
                                const labelling_progress& seen = {}) {
    require(options.out.extension() != ".gz", options.out.string(), ": labels are written as plain JSONL");
    const opened_teacher opened = open_teacher(options.teacher, {.model = options.model,
                                                                 .reference = options.reference,
                                                                 .chat_format = options.chat_format,
                                                                 .end_token = options.end_token});
    const label_rule rule = options.rule.value_or(detail::own_rule(opened));
    detail::label_run run = detail::run_of(on, opened, options, rule);
    labelled_file found;
    found.was_there = detail::labelled_before(options.out, run.key);
    if (found.was_there) return found;
    preference_options reading = options.reading;
    if (opened.chat.render) reading.render = opened.chat.render;
    const detail::surveyed_file file = detail::survey(options.data, reading);
    const std::size_t begin = options.shard.begin(file.records.size()), end = options.shard.end(file.records.size());
    const text_teacher teacher = load_teacher(opened, on);
    for (const std::string& note : teacher.notes) say(note);
    const labelling_progress watched = detail::with_first_estimate(seen, say);

    const std::filesystem::path calibrated = beside_labels(options.out, ".calibration.part");
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
    detail::count_labels(found, records, labels);
    run.record.sizes = {{"records", found.records}, {"written", found.written}};
    run.record.settings["result"] = detail::to_json(found);
    write_json(to_json(run.record), beside_labels(options.out, ".manifest.json"));
    detail::write_labels(options, file, begin, end, reading, labels, opened.name);
    std::error_code ignored;
    std::filesystem::remove(part, ignored);
    std::filesystem::remove(calibrated, ignored);
    return found;
}

/// Lines of text, each ended.
inline std::string to_text(const labelled_file& found) {
    if (found.was_there) return "labelled before by the same command: nothing is left to do\n";
    std::string text = message(found.records, " records, ", found.written, " labels\n");
    for (const auto& [reason, count] : found.left_out) text += message("  left out: ", count, " (", reason, ")\n");
    if (found.flipped > 0) text += message("  turned on purpose: ", found.flipped, "\n");
    if (found.human_verdicts > 0)
        text += message("  of ", found.human_verdicts, " with a human verdict the label agrees on ",
                        detail::shown_share(found.human_agreement), "\n");
    return text;
}

} // namespace preflearn
