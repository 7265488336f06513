/// \file
/// Files of labels, compared and told: the program `compare`. What it writes is the same whenever the same command is
/// run; what another command has written is not written over.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <preflearn/core/system/error.hpp>
#include <preflearn/pipeline/output/output_run.hpp>
#include <preflearn/pipeline/output/work_progress.hpp>
#include <preflearn/programs/comparing/compare_options.hpp>
#include <preflearn/programs/comparing/compared_sources.hpp>
#include <preflearn/programs/comparing/comparison_json.hpp>
#include <preflearn/programs/comparing/comparison_tables.hpp>
#include <preflearn/programs/comparing/label_comparison.hpp>
#include <preflearn/programs/comparing/write_comparison.hpp>
#include <preflearn/programs/comparing/write_subsets.hpp>
#include <preflearn/report/run/file_hash.hpp>
#include <preflearn/report/run/manifest.hpp>
#include <preflearn/report/run/write.hpp>
#include <preflearn/report/tables/table_data.hpp>

namespace preflearn {

namespace detail {

inline output_run run_of(const compare_options& options) {
    manifest record{.program = "compare", .command_line = options.command_line, .settings = settings_of(options)};
    for (const named_file& source : options.sources) record.inputs.push_back(hash_file(source.path));
    if (!options.gold.empty() && options.gold != "human" && options.gold != "none")
        record.inputs.push_back(hash_file(options.gold));
    for (const std::filesystem::path& path : {options.columns, options.learned})
        if (!path.empty()) record.inputs.push_back(hash_file(path));
    return output_run_of(std::move(record));
}

/// A folder that is empty, missing, or of the same command. \throws input_error for another one
inline void check_folder(const std::filesystem::path& folder, const std::string& key) {
    std::error_code ignored;
    if (folder.empty() || !std::filesystem::exists(folder, ignored)) return;
    require<input_error>(std::filesystem::is_directory(folder, ignored), folder.string(),
                         ": is no folder, which was to be written");
    if (std::filesystem::is_empty(folder, ignored)) return;
    made_before(folder / "run.json", key); // refuses another's
    require<input_error>(std::filesystem::is_regular_file(folder / "run.json", ignored), folder.string(),
                         ": is there already and not made by this program; nothing is written over");
}

/// The folder is known again by a file of its own and the manifest beside that.
inline void sign_folder(const std::filesystem::path& folder, const output_run& run) {
    make_folder(folder);
    write_json(to_json(run.record), beside(folder / "run.json", ".manifest.json"));
    write_json(nlohmann::ordered_json{{"program", "compare"}, {"key", run.key}}, folder / "run.json");
}

} // namespace detail

/// Compares, and writes what the options ask for. \param say takes each sentence for the user
/// \throws input_error for files that cannot be read, matched or written, and where another comparison's results are in
/// their place; argument_error for options that do not go together
inline label_comparison compare_files(const compare_options& options, const speaker& say = {},
                                      const comparing_progress& seen = {}) {
    check_options(options);
    const output_run run = detail::run_of(options);
    bool was_there = false;
    for (const std::filesystem::path& path : {options.json, options.rows})
        if (!path.empty()) was_there = made_before(path, run.key) || was_there;
    for (const std::filesystem::path& folder : {options.report, options.subsets}) detail::check_folder(folder, run.key);
    if (was_there && say) say("made before by the same command; it is made once more, equal");
    label_comparison found = compare_sources(read_sources(options, seen), options);
    const auto signed_beside = [&](const std::filesystem::path& path) {
        write_json(to_json(run.record), beside(path, ".manifest.json"));
    };
    if (!options.subsets.empty()) {
        detail::sign_folder(options.subsets, run);
        write_subsets(found, options.subsets);
    }
    if (!options.report.empty()) {
        detail::sign_folder(options.report, run);
        write_comparison(found, options.report);
    }
    if (!options.rows.empty()) {
        signed_beside(options.rows);
        write_csv(row_table(found), options.rows);
    }
    if (!options.json.empty()) {
        signed_beside(options.json);
        write_json(to_json(found), options.json);
    }
    return found;
}

} // namespace preflearn
