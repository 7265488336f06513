/// \file
/// The weak teacher's labels of a study with their texts, as `label` writes them: L.jsonl, L.left-out.jsonl,
/// L.manifest.json. In the order in which students learn from the pairs, so that `align` has the same students.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <unordered_map>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/core/on_demand.hpp>
#include <preflearn/core/preference.hpp>
#include <preflearn/core/system/atomic_file.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/data/preferences/pair_names.hpp>
#include <preflearn/data/preferences/preference_data.hpp>
#include <preflearn/data/preferences/record.hpp>
#include <preflearn/data/selection/split.hpp>
#include <preflearn/pipeline/output/output_run.hpp>
#include <preflearn/pipeline/teacher_kinds/text_teacher.hpp>
#include <preflearn/programs/labelling/label_decisions.hpp>
#include <preflearn/programs/labelling/label_lines.hpp>
#include <preflearn/programs/labelling/label_options.hpp>
#include <preflearn/programs/labelling/label_record.hpp>
#include <preflearn/programs/labelling/labelled_file.hpp>
#include <preflearn/report/run/manifest.hpp>
#include <preflearn/report/run/write.hpp>

namespace preflearn {

/// Pairs that a study's teacher has labelled. Views its members.
struct study_labels {
    std::span<const text_comparison> pairs;
    /// With margins, of the responses as they stand in `pairs`; and what humans said of some.
    const label_set &labels, &human;
    const pair_names& names;
    /// The seed by which the responses were put in order.
    std::uint64_t seed = 0;
    bool soft = false;
    /// The file that they are from, and how it is read.
    std::filesystem::path data{};
    preference_options reading{};
};

namespace detail {

/// The pairs as records whose responses stand as in the file: by its turns, where it has conversations.
inline std::vector<label_record> records_of(const study_labels& from) {
    std::vector<label_record> records;
    std::unordered_multimap<std::size_t, std::size_t> of_line;
    for (const text_comparison& pair : from.pairs) {
        label_record record{.id = pair.id, .line = from.names.find(pair.id).line, .prompt = std::string(pair.prompt)};
        record.responses = {std::string(pair.first), std::string(pair.second)};
        if (const auto verdict = from.human.find(pair.id)) record.human = preference(verdict->first(), verdict->tie());
        if (is_swapped(from.seed, pair.id)) {
            std::swap(record.responses[0], record.responses[1]);
            if (record.human) record.human = record.human->mirrored();
        }
        record.written_prompt = record.prompt;
        record.written_responses.assign(record.responses.begin(), record.responses.end());
        of_line.emplace(record.line, records.size());
        records.push_back(std::move(record));
    }
    preference_options reading = from.reading;
    reading.skip_malformed = true; // reported when the study read the file
    label_reader reader(from.data, reading);
    while (const auto read = reader.next()) {
        const auto [begin, end] = of_line.equal_range(read->line);
        for (auto at = begin; at != end; ++at) {
            label_record& record = records[at->second];
            if (read->prompt != record.prompt || read->responses != record.responses) continue;
            record.written_prompt = read->written_prompt;
            record.written_responses = read->written_responses;
        }
    }
    return records;
}

} // namespace detail

/// Writes them. \param teacher who says it, "teacher:1a2b3c4d" \param run whose key and settings the manifest has
/// \throws input_error when a file cannot be written
template <int = on_demand>
labelled_file write_study_labels(const study_labels& from, const std::string& teacher, output_run run,
                                 const std::filesystem::path& out) {
    const std::vector<label_record> records = detail::records_of(from);
    std::vector<record_facts> facts;
    std::vector<judgement> said;
    for (const label_record& record : records) {
        facts.push_back(facts_of(record));
        said.push_back({.verdict = from.labels.at(record.id)});
    }
    const label_rule rule{.kind = from.soft ? label_rule_kind::soft : label_rule_kind::hard};
    const std::vector<label_decision> decisions = decide_labels(facts, said, {}, rule, {.seed = from.seed});
    labelled_file found{.records = records.size()};
    detail::count_labels(found, facts, decisions);
    run.record.settings["rule"] = name_of(rule.kind);
    run.record.settings["result"] = detail::labelled_json(found);
    run.record.sizes = {{"records", found.records}, {"written", found.written}};
    write_json(to_json(run.record), beside(out, ".manifest.json"));
    const auto write_lines = [&](const std::filesystem::path& path, bool left_out) {
        write_atomically(path, [&](std::ostream& to) {
            for (std::size_t i = 0; i < records.size(); ++i) {
                const label_decision& one = decisions[i];
                if (one.left_out.empty() == left_out) continue;
                const auto line = left_out ? left_out_line(from.names.find(records[i].id), records[i].line,
                                                           one.left_out, one.why, &one)
                                           : label_line(records[i], one, from.names, teacher, false);
                to << line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
            }
        });
    };
    if (!found.left_out.empty()) write_lines(beside(out, ".left-out.jsonl"), true);
    write_lines(out, false);
    return found;
}

} // namespace preflearn
