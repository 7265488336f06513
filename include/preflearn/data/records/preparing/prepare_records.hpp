/// \file
/// Files of records into files of another format: converted, filtered, split by prompt, duplicates and contradictions
/// left out. What is left out is counted and told with its reason, in `OUT.left-out.jsonl`, too.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <filesystem>
#include <ostream>
#include <system_error>
#include <utility>
#include <vector>

#include <preflearn/core/system/atomic_file.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/core/system/new_file.hpp>
#include <preflearn/data/records/preparing/preparation.hpp>
#include <preflearn/data/selection/left_out.hpp>

namespace preflearn {

namespace detail {

/// Calls `write(streams)` with a stream for each path; all files appear when it has come to its end.
template <class Write>
void write_all_atomically(const std::vector<prepared_part>& parts, std::vector<std::ostream*>& streams, Write&& write) {
    if (streams.size() == parts.size()) return write(streams);
    write_new(parts[streams.size()].path, [&](std::ostream& out) {
        streams.push_back(&out);
        write_all_atomically(parts, streams, write);
    });
}

} // namespace detail

/// Where the parts go. \throws argument_error where a file that is read would be written over.
inline std::vector<prepared_part> output_parts(const prepare_options& options) {
    std::vector<prepared_part> parts;
    for (const split_part& part : options.parts)
        parts.push_back({.name = part.name, .path = part_path(options.out, part.name)});
    if (parts.empty()) parts.push_back({.path = options.out});
    std::error_code ignored;
    for (const prepared_part& part : parts)
        for (const std::filesystem::path& input : options.inputs)
            require(!std::filesystem::equivalent(part.path, input, ignored), part.path.string(),
                    ": is read and would be written over; give another name");
    return parts;
}

/// Does it all. Files are written whole or not at all, never over others of other content, and none where nothing is
/// left to write (`written` is 0), but for the list of what was left out. The same options and files give the same
/// bytes. \throws input_error for files that cannot be read or written and malformed lines that are not skipped;
/// argument_error for a split or names that cannot be
inline prepared_records prepare_records(const prepare_options& options, const record_look& look = {},
                                        const record_progress& seen = {}) {
    require(!options.inputs.empty(), "no file was given");
    require(options.parts.size() < detail::item_fate::none, "a split has at most 254 parts");
    check_can_be_written(options.out);
    detail::preparation work(options);
    work.result().parts = output_parts(options);
    work.decide(look, seen);
    for (const prepared_file& file : work.result().files)
        require<input_error>(file.records > 0 || !file.left_out.empty(), file.file, ": holds no records");
    std::vector<std::ostream*> streams;
    if (work.result().written > 0)
        detail::write_all_atomically(work.result().parts, streams,
                                     [&](const std::vector<std::ostream*>& all) { work.write(all, seen); });
    else
        work.write({}, seen);
    prepared_records result = std::move(work.result());
    left_out_pairs all;
    for (const prepared_file& file : result.files)
        for (const left_out_pair& pair : file.left_out.pairs()) all.add(pair);
    if (all.empty()) {
        require_no_file(left_out_path(options.out));
    } else {
        write_new(left_out_path(options.out), [&](std::ostream& out) {
            for (const prepared_file& file : result.files) write_left_out(out, file.left_out);
        });
    }
    return result;
}

} // namespace preflearn
