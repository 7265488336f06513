/// \file
/// Which pairs a teacher learned from, by their content: a file of hashes in its folder, `learned-pairs.txt`, one a
/// line. Pairs that it learned from say how well it remembers, not how often it is wrong. A folder that was made before
/// there was such a file knows its training file as a whole alone.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <ostream>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <unordered_set>

#include <nlohmann/json.hpp>

#include <preflearn/checkpoint/json_file.hpp>
#include <preflearn/core/comparison.hpp>
#include <preflearn/core/numbers/random.hpp>
#include <preflearn/core/system/atomic_file.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/data/files/line_reader.hpp>
#include <preflearn/data/preferences/preference_data.hpp>
#include <preflearn/pipeline/teacher_folder/folder_parts.hpp>
#include <preflearn/report/run/file_hash.hpp>

namespace preflearn {

/// A pair as it is read, whichever response stands first.
inline std::uint64_t content_of_pair(std::string_view prompt, std::string_view a, std::string_view b) {
    const std::uint64_t x = hash_of(a), y = hash_of(b);
    return hash_of(hash_text(std::min(x, y)) + hash_text(std::max(x, y)), hash_of(prompt));
}
inline std::uint64_t content_of_pair(const text_comparison& pair) {
    return content_of_pair(pair.prompt, pair.first, pair.second);
}

/// What a teacher, and an ensemble's members, learned from.
struct learned_pairs {
    std::unordered_set<std::string> pairs{}; ///< their contents, as text
    /// The contents of training files of folders that list no pairs.
    std::set<std::string> files{};

    [[nodiscard]] bool empty() const { return pairs.empty() && files.empty(); }
    [[nodiscard]] bool has(std::uint64_t content) const { return pairs.contains(hash_text(content)); }
    void add(std::span<const text_comparison> learned) {
        for (const text_comparison& pair : learned) pairs.insert(hash_text(content_of_pair(pair)));
    }
};

inline constexpr std::string_view learned_pairs_file = "learned-pairs.txt";

/// Nothing where nothing was learned. \throws input_error for a file that cannot be written
inline void write_learned_pairs(const std::filesystem::path& folder, std::span<const text_comparison> learned) {
    if (learned.empty()) return;
    std::set<std::string> all;
    for (const text_comparison& pair : learned) all.insert(hash_text(content_of_pair(pair)));
    write_atomically(folder / learned_pairs_file, [&](std::ostream& out) {
        for (const std::string& one : all) out << one << '\n';
    });
}

/// Adds what the teacher of a folder learned from, and its members. \throws input_error for what cannot be read
inline void add_learned_pairs(learned_pairs& to, const std::filesystem::path& folder) {
    const nlohmann::json told = read_json_file(folder / "teacher.json");
    std::error_code ignored;
    if (std::filesystem::is_regular_file(folder / learned_pairs_file, ignored)) {
        line_reader lines(folder / learned_pairs_file);
        while (const auto line = lines.next()) to.pairs.emplace(*line);
    } else {
        const nlohmann::json& training = member_or_null(told, "training");
        const nlohmann::json &count = member_or_null(training, "pairs"), &data = member_or_null(training, "data");
        const bool learned = !member_or_null(training, "pairs_hash").is_null() &&
                             !(count.is_number_unsigned() && count.get<std::size_t>() == 0);
        if (learned && data.is_string()) to.files.insert(data.get<std::string>());
    }
    const nlohmann::json& members = member_or_null(told, "members");
    for (const nlohmann::json& member : members.is_array() ? members : nlohmann::json::array())
        if (const nlohmann::json& path = member_or_null(member, "path"); path.is_string())
            add_learned_pairs(to, part_of_folder(folder, path.get<std::string>()));
}

/// Of one teacher. \throws input_error as `add_learned_pairs`
inline learned_pairs learned_pairs_of(const std::filesystem::path& folder) {
    learned_pairs found;
    add_learned_pairs(found, folder);
    return found;
}

} // namespace preflearn
