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

/// Whether the manifest beside a file, which may be missing, is of the run of that key.
inline bool is_manifest_of(const std::filesystem::path& out, std::string_view key) {
    try {
        return read_json_file(beside(out, ".manifest.json")).at("settings").at("key") == key;
    } catch (const std::exception&) { // none that was written here
        return false;
    }
}

/// Whether the run of that key has made the file.
/// \throws input_error where there is a file that is another's, and where none can be written.
inline bool made_before(const std::filesystem::path& out, std::string_view key) {
    check_can_be_written(out);
    std::error_code ignored;
    if (!std::filesystem::is_regular_file(out, ignored)) return false;
    require<input_error>(is_manifest_of(out, key), out.string(),
                         ": is there already, made in another way; nothing is written over: remove it or give another "
                         "name");
    return true;
}

/// A count that the manifest beside a file tells; 0: none.
inline std::size_t count_told(const std::filesystem::path& out, std::string_view name) {
    const nlohmann::json told = read_json_file(beside(out, ".manifest.json"));
    const nlohmann::json& count = member_or_null(member_or_null(told, "sizes"), name);
    return count.is_number_unsigned() ? count.get<std::size_t>() : 0;
}

/// Before a run makes `out`, where no file is: whether the files that it writes beside it are nobody else's. Those of a
/// manifest of the same program are what an earlier `out` has left, or a run that was stopped.
/// \param endings of the files, next to that of the manifest \throws input_error naming the first that is another's
inline void require_own_beside(const std::filesystem::path& out, std::string_view program,
                               std::initializer_list<std::string_view> endings) {
    const std::filesystem::path record = beside(out, ".manifest.json");
    std::error_code ignored;
    const auto refuse = [](const std::filesystem::path& place) {
        throw input_error(place.string() + ": is there already, and not made by this program; nothing is written over: "
                                           "remove it or give another name");
    };
    if (std::filesystem::exists(std::filesystem::symlink_status(record, ignored))) {
        bool own = false;
        try {
            own = read_json_file(record).at("program") == program;
        } catch (const std::exception&) { // none that was written here
        }
        if (!own) refuse(record);
        return;
    }
    for (const std::string_view ending : endings) {
        const std::filesystem::path place = beside(out, std::string(ending));
        if (std::filesystem::exists(std::filesystem::symlink_status(place, ignored))) refuse(place);
    }
}

} // namespace preflearn
