/// \file
/// What becomes of a file that is labelled: counted, written, told.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <ostream>
#include <span>
#include <string>
#include <system_error>
#include <unordered_map>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/agreement/labels/accuracy_by_prompt.hpp>
#include <preflearn/agreement/labels/position_bias.hpp>
#include <preflearn/agreement/uncertainty/estimate.hpp>
#include <preflearn/core/preference.hpp>
#include <preflearn/core/system/atomic_file.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/data/selection/fitting.hpp>
#include <preflearn/data/selection/left_out.hpp>
#include <preflearn/pipeline/output/output_run.hpp>
#include <preflearn/pipeline/teacher_kinds/held_out_report.hpp>
#include <preflearn/pipeline/teacher_kinds/position_report.hpp>
#include <preflearn/programs/labelling/label_decisions.hpp>
#include <preflearn/programs/labelling/label_lines.hpp>
#include <preflearn/programs/labelling/label_noise.hpp>
#include <preflearn/programs/labelling/label_options.hpp>
#include <preflearn/programs/labelling/label_record.hpp>
#include <preflearn/programs/labelling/length_debiasing.hpp>
#include <preflearn/programs/labelling/surveyed_file.hpp>
#include <preflearn/report/tables/table_text.hpp>

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
    /// What was taken off for length; lengths in bytes.
    std::optional<length_debiasing> debiasing{};
    /// Only judged, not labelled.
    bool judged_only = false;
    /// Nothing where nothing is known of it.
    std::optional<label_noise> noise{};
    /// Of a judge that was asked in both orders.
    swap_counts positions{};
    /// Records of more than two responses, and the options that do not apply to them.
    std::size_t lists = 0;
    std::string not_applied{};
    /// Pairs that the teacher learned from, and pairs whose human verdict calibrated the probabilities.
    std::size_t learned_from = 0, calibrated_by = 0;
    /// The files were there already, made by the same call; but for `written` nothing else is known.
    bool was_there = false;
};

namespace detail {

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
    std::size_t last = unlimited_length;
    if (begin == end && options.shard.index > 1) // the lines behind the last record are the shard's that has it
        last = after;
    else if (end < file.records.size())
        last = end == 0 ? 0 : file.records[end - 1].line;
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
    std::ranges::sort(left_out, {}, [](const auto& one) { return one.first; }); // each line once
    const std::filesystem::path list = beside(options.out, ".left-out.jsonl");
    std::error_code ignored;
    if (left_out.empty())
        std::filesystem::remove(list, ignored);
    else
        write_atomically(list, [&](std::ostream& out) {
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

inline nlohmann::ordered_json labelled_json(const labelled_file& found) {
    nlohmann::ordered_json json{{"records", found.records}, {"written", found.written}, {"left_out", found.left_out}};
    if (found.flipped > 0) json["flipped"] = found.flipped;
    if (found.calibration.isotonic)
        json["calibration"] = "isotonic";
    else
        json["temperature"] = found.calibration.temperature;
    json["calibrated"] = found.calibration.calibrated;
    if (found.lists > 0) {
        json["lists"] = found.lists;
        json["not_applied_to_lists"] = found.not_applied;
    }
    if (found.learned_from > 0) json["learned_from"] = found.learned_from;
    if (found.calibrated_by > 0) json["calibrated_by"] = found.calibrated_by;
    if (found.calibration.learned_from > 0)
        json["calibration_learned_from"] = {{"pairs", found.calibration.learned_from},
                                            {"used", found.calibration.by_learned}};
    if (found.human_verdicts > 0) {
        json["human_verdicts"] = found.human_verdicts;
        json["human_agreement"] = json_of_share(found.human_agreement);
    }
    if (found.debiasing)
        json["length_debiasing"] = {{"alpha", found.debiasing->alpha},
                                    {"unit", "byte"},
                                    {"mean_difference_before", found.debiasing->before},
                                    {"mean_difference_after", found.debiasing->after}};
    if (found.positions.total() > 0) json["positions"] = preflearn::to_json(analyse_swaps(found.positions));
    return json;
}

} // namespace detail

/// Lines of text, each ended.
inline std::string to_text(const labelled_file& found) {
    if (found.judged_only && !found.was_there)
        return message(found.records, " records judged; --merge makes labels of the judgements of all shards\n");
    if (found.was_there) return "labelled before by the same command: nothing is left to do\n";
    std::string text = message(found.records, " records, ", found.written, " labels\n");
    for (const auto& [reason, count] : found.left_out) text += message("  left out: ", count, " (", reason, ")\n");
    if (found.flipped > 0) text += message("  turned on purpose: ", found.flipped, "\n");
    if (found.human_verdicts > 0)
        text += message("  of ", found.human_verdicts, " with a human verdict the label agrees on ",
                        detail::shown_share(found.human_agreement), "\n");
    if (found.debiasing)
        text += message("  length: chosen responses are ", shown(found.debiasing->before, 1),
                        " bytes longer than rejected ones, with ", shown(found.debiasing->alpha, 6),
                        " a byte taken off ", shown(found.debiasing->after, 1), "\n");
    if (found.lists > 0)
        text += message("  of more than two responses: ", found.lists, found.lists == 1 ? " record" : " records",
                        ", which have scores and no probability, margin or weight",
                        found.not_applied.empty() ? "" : "; not applied to them: ", found.not_applied, "\n");
    if (found.learned_from > 0)
        text += message("  warning: the teacher learned from ", found.learned_from,
                        found.learned_from == 1 ? " pair" : " pairs",
                        " of these: its labels there repeat what people said, and are no measure of the others\n");
    if (found.calibration.learned_from > 0)
        text += message("  warning: the teacher learned from ", found.calibration.learned_from,
                        " of the pairs to calibrate by",
                        found.calibration.by_learned ? ", which are all there are: its probabilities are fitted to "
                                                       "what it remembers, and are too sure elsewhere\n"
                                                     : ", which are left out\n");
    if (found.calibrated_by > 0)
        text += message("  warning: ", found.calibrated_by,
                        found.calibrated_by == 1 ? " of these pairs is one" : " of these pairs are among those",
                        " that the probabilities are calibrated by: they know their own human verdict\n");
    if (found.noise) text += to_text(*found.noise);
    return text + to_text(analyse_swaps(found.positions));
}

} // namespace preflearn
