/// \file
/// What files of preferences hold, as tables and as JSON.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/agreement/uncertainty/proportion.hpp>
#include <preflearn/data/records/preparing/record_counts.hpp>
#include <preflearn/data/records/reading/response_record.hpp>
#include <preflearn/data/selection/left_out.hpp>
#include <preflearn/report/tables/json_number.hpp>
#include <preflearn/report/tables/table.hpp>
#include <preflearn/report/tables/table_data.hpp>
#include <preflearn/report/tables/table_text.hpp>

namespace preflearn {

/// A file that was looked at.
struct counted_file {
    std::string name{};
    record_counts counts{};
    left_out_pairs malformed{};
};

struct pair_summary {
    std::string unit = "words";
    std::vector<counted_file> files{};
};

namespace detail {

/// A number of a file under its name in the table and in JSON.
struct summary_line {
    const char* name;
    const char* key;
    std::function<std::size_t(const counted_file&)> value;
};

inline std::vector<summary_line> summary_lines() {
    const auto member = [](std::size_t record_counts::*count) {
        return [count](const counted_file& file) { return file.counts.*count; };
    };
    const auto repeats = [](left_out_reason reason) {
        return [reason](const counted_file& file) { return file.counts.repeats(reason); };
    };
    return {{"records", "records", member(&record_counts::records)},
            {"malformed lines left out", "malformed", [](const counted_file& file) { return file.malformed.size(); }},
            {"different prompts", "prompts", [](const counted_file& file) { return file.counts.prompts().size(); }},
            {"responses", "responses", member(&record_counts::responses)},
            {"most responses of a record", "most_responses", member(&record_counts::most)},
            {"pairs with a chosen response", "decided", member(&record_counts::decided)},
            {"of these with a probability below 1", "uncertain", member(&record_counts::uncertain)},
            {"ties", "ties", member(&record_counts::ties)},
            {"abstentions", "abstentions", member(&record_counts::abstentions)},
            {"without a verdict", "unlabelled", member(&record_counts::unlabelled)},
            {"with two scores or more", "scored", member(&record_counts::scored)},
            {"with a margin", "with_margin", member(&record_counts::with_margin)},
            {"with a human verdict beside the label", "with_human", member(&record_counts::with_human)},
            {"single completions, good", "good", member(&record_counts::good)},
            {"single completions, bad", "bad", member(&record_counts::bad)},
            {"two identical responses", "identical_responses", member(&record_counts::identical)},
            {"exact duplicates", "duplicates", repeats(left_out_reason::duplicate)},
            {"contradicting others", "contradictions", repeats(left_out_reason::contradiction)},
            {"prompts repeated in responses, taken off", "repeated_prompts", member(&record_counts::repeated_prompts)},
            {"empty prompts", "empty_prompts", member(&record_counts::empty_prompts)},
            {"an empty response", "empty_responses", member(&record_counts::empty_responses)},
            {"without an id", "without_id", member(&record_counts::without_id)}};
}

/// How many records were read as what, as far as there are such.
inline std::map<std::string, std::size_t> read_as(const std::array<std::size_t, record_forms>& forms) {
    std::map<std::string, std::size_t> counts;
    for (std::size_t form = 0; form < record_forms; ++form)
        if (forms[form] > 0) counts.emplace(name_of(static_cast<record_form>(form)), forms[form]);
    return counts;
}

/// Of records whose verdict says so; ties and equal lengths are left out.
struct summary_share {
    const char* name;
    const char* key;
    std::function<chosen_counts(const counted_file&)> counts;
};

inline std::vector<summary_share> summary_shares() {
    return {{"the chosen response is the longer one", "chosen_is_longer",
             [](const counted_file& file) { return file.counts.longer; }},
            {"the chosen response is the first one", "chosen_is_first",
             [](const counted_file& file) { return file.counts.first; }},
            {"the human verdict agrees", "human_agrees",
             [](const counted_file& file) { return file.counts.human_agrees; }}};
}

inline std::vector<std::pair<const char*, length_summary>> summary_lengths(const record_counts& counts) {
    return {{"prompt", summary_of(counts.prompt_lengths)},
            {"response", summary_of(counts.response_lengths)},
            {"chosen", summary_of(counts.chosen_lengths)},
            {"rejected", summary_of(counts.rejected_lengths)}};
}

inline std::vector<table_column> file_columns(const pair_summary& summary, const char* first) {
    std::vector<table_column> columns{{.name = first}};
    for (std::size_t f = 0; f < summary.files.size(); ++f) {
        std::string name = summary.files[f].name;
        const auto same = [&](const table_column& column) { return column.name == name; };
        while (std::ranges::any_of(columns, same)) name += "'";
        columns.push_back({.name = std::move(name), .digits = 1, .shown = notation::percent});
    }
    return columns;
}

} // namespace detail

/// Counts, a column for each file; what no file has is left out.
inline table count_table(const pair_summary& summary) {
    table counts{.title = "What the files hold", .columns = detail::file_columns(summary, "number of")};
    const auto add = [&](const std::string& name, const auto& value, bool always) {
        std::vector<table_cell> row{name};
        bool some = always;
        for (const counted_file& file : summary.files) {
            row.push_back(value(file));
            some = some || value(file) > 0;
        }
        if (some) counts.rows.push_back(std::move(row));
    };
    bool first = true;
    for (const detail::summary_line& line : detail::summary_lines()) {
        add(line.name, line.value, line.key == std::string("decided") || first);
        if (std::exchange(first, false))
            for (std::size_t form = 0; form < record_forms; ++form)
                add(
                    std::string("  read as ") + std::string(name_of(static_cast<record_form>(form))),
                    [&](const counted_file& file) { return file.counts.forms[form]; }, false);
    }
    return counts;
}

/// Shares with 95% intervals over records.
inline table share_table(const pair_summary& summary) {
    table shares{.title = "Of pairs with a chosen response",
                 .columns = detail::file_columns(summary, "share in which"),
                 .note = "[low, high]: 95% interval over pairs (Wilson); equal lengths are left out."};
    for (const detail::summary_share& share : detail::summary_shares()) {
        std::vector<table_cell> row{share.name};
        bool some = false;
        for (const counted_file& file : summary.files) {
            const chosen_counts counts = share.counts(file);
            const std::size_t all = counts.yes + counts.no;
            some = some || all > 0;
            if (all == 0) {
                row.emplace_back();
                continue;
            }
            const estimate found = proportion(counts.yes, all);
            row.push_back(with_interval{found.value, found.bounds.low, found.bounds.high});
        }
        if (some) shares.rows.push_back(std::move(row));
    }
    return shares;
}

inline table length_table(const pair_summary& summary) {
    table lengths{.title = "Lengths in " + summary.unit,
                  .columns = {{.name = "file"},
                              {.name = "text"},
                              {.name = "number"},
                              {.name = "mean", .digits = 1},
                              {.name = "smallest"},
                              {.name = "median"},
                              {.name = "95%"},
                              {.name = "largest"},
                              {.name = "total"}}};
    for (const counted_file& file : summary.files)
        for (const auto& [text, found] : detail::summary_lengths(file.counts))
            if (found.count > 0)
                lengths.rows.push_back({file.name, text, found.count, found.mean(), found.smallest, found.median,
                                        found.percentile_95, found.largest, found.total});
    return lengths;
}

/// How many prompts of the file of a row stand in that of a column; empty for one file.
inline table overlap_table(const pair_summary& summary) {
    table overlap{.title = "Prompts that files share", .columns = detail::file_columns(summary, "prompts of, also in")};
    if (summary.files.size() < 2) return overlap;
    std::vector<std::vector<std::uint64_t>> prompts;
    for (const counted_file& file : summary.files) prompts.push_back(file.counts.prompts());
    for (std::size_t i = 0; i < prompts.size(); ++i) {
        std::vector<table_cell> row{summary.files[i].name};
        for (const auto& other : prompts) row.push_back(shared_prompts(prompts[i], other));
        overlap.rows.push_back(std::move(row));
    }
    return overlap;
}

inline std::string to_text(const pair_summary& summary) {
    std::string text = to_text(count_table(summary));
    if (const table shares = share_table(summary); !shares.rows.empty()) text += "\n" + to_text(shares);
    text += "\n" + to_text(length_table(summary));
    if (summary.files.size() > 1) text += "\n" + to_text(overlap_table(summary));
    for (const counted_file& file : summary.files)
        if (!file.malformed.empty()) text += "\n" + file.name + "\n" + file.malformed.summary();
    return text;
}

inline nlohmann::ordered_json to_json(const pair_summary& summary) {
    nlohmann::ordered_json json{{"unit", summary.unit}, {"files", nlohmann::ordered_json::array()}};
    for (const counted_file& file : summary.files) {
        nlohmann::ordered_json one{{"file", file.name}};
        for (const detail::summary_line& line : detail::summary_lines()) one[line.key] = line.value(file);
        one["read_as"] = detail::read_as(file.counts.forms);
        for (const detail::summary_share& share : detail::summary_shares()) {
            const chosen_counts counts = share.counts(file);
            nlohmann::ordered_json said{{"yes", counts.yes}, {"no", counts.no}, {"equal", counts.equal}};
            if (const std::size_t all = counts.yes + counts.no; all > 0) {
                const estimate found = proportion(counts.yes, all);
                said["share"] = found.value;
                said["low"] = found.bounds.low;
                said["high"] = found.bounds.high;
            }
            one[share.key] = std::move(said);
        }
        auto& lengths = one["lengths"] = nlohmann::ordered_json::object();
        for (const auto& [text, found] : detail::summary_lengths(file.counts))
            lengths[text] = {
                {"count", found.count},       {"total", found.total},   {"mean", json_number(found.mean())},
                {"smallest", found.smallest}, {"median", found.median}, {"percentile_95", found.percentile_95},
                {"largest", found.largest}};
        one["malformed_lines"] = file.malformed.to_json();
        json["files"].push_back(std::move(one));
    }
    json["shared_prompts"] = to_json(overlap_table(summary));
    return json;
}

} // namespace preflearn
