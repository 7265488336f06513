/// \file
/// A run that makes a file: what it is by a key of its settings and inputs, and whether the file is its own already.
/// `OUT.manifest.json` beside the file holds the key.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <exception>
#include <filesystem>
#include <initializer_list>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <nlohmann/json.hpp>

#include <preflearn/checkpoint/json_file.hpp>
#include <preflearn/core/numbers/random.hpp>
#include <preflearn/core/system/atomic_file.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/core/system/whole_folder.hpp>
#include <preflearn/report/run/file_hash.hpp>
#include <preflearn/report/run/manifest.hpp>

namespace preflearn {

/// `labels.jsonl` has its `labels.manifest.json`, `student.gguf` its `student.manifest.json`; names with another ending
/// keep it: `labels.txt.manifest.json`.
inline std::filesystem::path beside(const std::filesystem::path& out, const std::string& ending) {
    std::filesystem::path place = out;
    if (place.extension() == ".jsonl" || place.extension() == ".gguf") place.replace_extension();
    return place += ending;
}

/// Where a result that is not finished keeps what a run goes on from: `student` has its folder `student.unfinished`.
inline std::filesystem::path unfinished_path(const std::filesystem::path& out) {
    std::filesystem::path place = detail::named_folder(out);
    return place += ".unfinished";
}

/// Names settings by their content.
inline std::uint64_t hash_of_json(const nlohmann::ordered_json& settings, std::uint64_t seed = hash_of("")) {
    return hash_of(settings.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace), seed);
}

/// A run, and what it has in common with no other.
struct output_run {
    manifest record{};
    std::string key{};
};

/// The run of a manifest that has its settings, its seed and its inputs. The key, which is put among the settings, is
/// made of program, seed, settings and the inputs' content, not of their places.
inline output_run output_run_of(manifest record) {
    std::uint64_t key = hash_of_json(record.settings, hash_of(record.program));
    key = hash_of(message(record.seed.value_or(0)), key);
    for (const input_file& file : record.inputs) key = hash_of(hash_text(file.hash), key);
    output_run run{std::move(record), hash_text(key)};
    run.record.settings["key"] = run.key;
    return run;
}

/// Removes what a run kept for the case that it is stopped, once what it makes is there: also what one left that was
/// stopped between the two.
inline void remove_kept(std::initializer_list<std::filesystem::path> kept) {
    std::error_code ignored;
    for (const std::filesystem::path& path : kept) std::filesystem::remove_all(path, ignored);
}

/// Whether the run of that key has made the file.
/// \throws input_error where there is a file that is another's, and where none can be written.
inline bool made_before(const std::filesystem::path& out, std::string_view key) {
    check_can_be_written(out);
    std::error_code ignored;
    if (!std::filesystem::is_regular_file(out, ignored)) return false;
    bool same = false;
    try {
        same = read_json_file(beside(out, ".manifest.json")).at("settings").at("key") == key;
    } catch (const std::exception&) { // none that was written here
    }
    require<input_error>(same, out.string(),
                         ": is there already, made in another way; nothing is written over: remove it or give another "
                         "name");
    return true;
}

} // namespace preflearn
