/// \file
/// Files of labels, compared and told: the program `compare`. Where all that it writes is there already, made by the
/// same command, nothing is done; what another command has written is not written over.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <preflearn/checkpoint/json_file.hpp>
#include <preflearn/core/system/atomic_file.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/pipeline/output/output_run.hpp>
#include <preflearn/pipeline/output/work_progress.hpp>
#include <preflearn/programs/comparing/compare_options.hpp>
#include <preflearn/programs/comparing/compared_sources.hpp>
#include <preflearn/programs/comparing/comparing_work.hpp>
#include <preflearn/programs/comparing/comparison_json.hpp>
#include <preflearn/programs/comparing/comparison_rows.hpp>
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

/// The manifest of a folder, which is there before its files are, and what is written when all of them are.
inline std::filesystem::path folder_manifest(const std::filesystem::path& folder) {
    return beside(folder / "run.json", ".manifest.json");
}

/// Whether a folder has all that the same command writes. \throws input_error for one that is another's
inline bool folder_made_before(const std::filesystem::path& folder, const std::string& key) {
    std::error_code ignored;
    if (!std::filesystem::exists(folder, ignored)) return false;
    require<input_error>(std::filesystem::is_directory(folder, ignored), folder.string(),
                         ": is no folder, which was to be written");
    if (std::filesystem::is_empty(folder, ignored)) return false;
    require<input_error>(std::filesystem::is_regular_file(folder_manifest(folder), ignored), folder.string(),
                         ": is there already and not made by this program; nothing is written over");
    require<input_error>(
        member_or_null(member_or_null(read_json_file(folder_manifest(folder)), "settings"), "key") == key,
        folder.string(), ": was made in another way; nothing is written over: remove it or give ", "another name");
    return std::filesystem::is_regular_file(folder / "run.json", ignored);
}

/// Writes a folder's files between the manifest, by which an unfinished one is known again, and run.json.
template <class Write>
void write_folder_signed(const std::filesystem::path& folder, const output_run& run, const Write& write) {
    make_folder(folder);
    std::error_code ignored;
    std::filesystem::remove(folder / "run.json", ignored);
    write_json(to_json(run.record), folder_manifest(folder));
    write();
    write_json(nlohmann::ordered_json{{"program", "compare"}, {"key", run.key}}, folder / "run.json");
}

/// Whether all that was asked for is there, made by the same command; nothing asked for is not.
/// \throws input_error for what is another's
inline bool comparison_made_before(const compare_options& options, const std::string& key) {
    std::size_t asked = 0, there = 0;
    for (const std::filesystem::path& path : {options.json, options.rows}) {
        if (path.empty()) continue;
        ++asked;
        there += made_before(path, key);
    }
    for (const std::filesystem::path& folder : {options.report, options.subsets}) {
        if (folder.empty()) continue;
        ++asked;
        there += folder_made_before(folder, key);
    }
    return asked > 0 && there == asked;
}

/// What such a comparison had not defined, as its manifests say.
inline std::vector<std::string> undefined_before(const compare_options& options) {
    const std::filesystem::path manifest = !options.json.empty()     ? beside(options.json, ".manifest.json")
                                           : !options.rows.empty()   ? beside(options.rows, ".manifest.json")
                                           : !options.report.empty() ? folder_manifest(options.report)
                                                                     : folder_manifest(options.subsets);
    const nlohmann::json told = read_json_file(manifest);
    const nlohmann::json& undefined_there = member_or_null(member_or_null(told, "settings"), "undefined");
    return undefined_there.is_array() ? undefined_there.get<std::vector<std::string>>() : std::vector<std::string>{};
}

} // namespace detail

/// A comparison that was made, or had been before: then the result is empty.
struct compared_files {
    label_comparison result{};
    bool was_there = false;
    /// What was asked for and is not defined, sentences; also of one that was there.
    std::vector<std::string> not_defined{};
};

/// Compares, and writes what the options ask for. Stopped, the same call makes what is not there.
/// \param say takes each sentence for the user
/// \throws input_error for files that cannot be read, matched or written, and where another comparison's results are in
/// their place; argument_error for options that do not go together
inline compared_files compare_files(const compare_options& options, const speaker& say = {},
                                    const work_progress& seen = {}) {
    check_options(options);
    output_run run = detail::run_of(options);
    compared_files made{.was_there = detail::comparison_made_before(options, run.key)};
    if (made.was_there) {
        made.not_defined = detail::undefined_before(options);
        return made;
    }
    comparing_work work(options, say ? with_first_estimate(seen, say) : seen);
    made.result = compare_sources(read_sources(options, work), options, work);
    const label_comparison& found = made.result;
    made.not_defined = undefined_results(found);
    if (!made.not_defined.empty()) run.record.settings["undefined"] = made.not_defined;
    const auto signed_beside = [&](const std::filesystem::path& path) {
        write_json(to_json(run.record), beside(path, ".manifest.json"));
    };
    if (!options.subsets.empty())
        detail::write_folder_signed(options.subsets, run, [&] { write_subsets(found, options.subsets); });
    if (!options.report.empty())
        detail::write_folder_signed(options.report, run, [&] { write_comparison(found, options.report); });
    if (!options.rows.empty()) {
        signed_beside(options.rows);
        write_csv(row_table(found), options.rows);
    }
    if (!options.json.empty()) {
        signed_beside(options.json);
        write_json(to_json(found), options.json);
    }
    return made;
}

} // namespace preflearn
