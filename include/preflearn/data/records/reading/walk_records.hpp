/// \file
/// All records of a file, one after the other, single completions brought together where they are to be compared.
// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>
#include <system_error>
#include <utility>

#include <preflearn/core/system/error.hpp>
#include <preflearn/data/records/reading/gathered_singles.hpp>
#include <preflearn/data/records/reading/parse_responses.hpp>
#include <preflearn/data/records/reading/record_reader.hpp>
#include <preflearn/data/records/reading/response_record.hpp>
#include <preflearn/data/selection/left_out.hpp>

namespace preflearn {

/// Calls `visit(response_record)` for each. Memory does not grow with the file, but for the ids and for singles that
/// are gathered, which come last. \returns the malformed lines that were skipped \throws input_error as record_reader
/// does
template <class Visit>
left_out_pairs walk_records(const std::filesystem::path& path, const record_options& options, seen_ids& ids,
                            bool gather_singles, Visit&& visit) {
    std::error_code ignored;
    require<input_error>(!std::filesystem::exists(path, ignored) || std::filesystem::is_regular_file(path, ignored) ||
                             std::filesystem::is_directory(path, ignored),
                         path.string(), ": is no file on disk, which is read twice; save it first");
    record_reader reader(path, options, ids);
    gathered_singles gathered;
    while (auto record = reader.next()) {
        if (!gather_singles || record->form != record_form::single) {
            visit(std::move(*record));
            continue;
        }
        const file_line place{reader.name(), record->line};
        try {
            gathered.add(std::move(*record));
        } catch (const error& failure) {
            throw input_error(message(place, ": ", failure.what()));
        }
    }
    for (response_record& record : gathered.take()) visit(std::move(record));
    return reader.skipped();
}

} // namespace preflearn
