/// \file
/// What files of labels are compared, with what truth, and what is written of it.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/core/system/error.hpp>
#include <preflearn/data/files/name_of_file.hpp>
#include <preflearn/data/records/reading/parse_responses.hpp>

namespace preflearn {

/// How a pair of one file is known in another.
enum class pair_matching : std::uint8_t {
    automatic, ///< by id, and where a record has none by its texts; ids and texts that contradict each other are
               ///< refused
    by_id,     ///< every record has an id, and equal texts under two ids are two pairs
    by_texts,  ///< prompt and unordered responses alone; ids are not read
};

/// \throws argument_error naming the words.
inline pair_matching pair_matching_named(std::string_view name) {
    constexpr std::array<std::string_view, 3> names{"auto", "id", "texts"};
    const auto at = std::ranges::find(names, name);
    require(at != names.end(), "pairs are matched by auto, id or texts, not by ", excerpt{name});
    return static_cast<pair_matching>(at - names.begin());
}

/// A file of labels under a name. Several of one name are seeds or repeats of one teacher.
struct named_file {
    std::string name{};
    std::filesystem::path path{};
};

struct compare_options {
    std::vector<named_file> sources{};
    /// The truth: "human" (the column of that name, in any of the files), "none", a file, or empty: human where a file
    /// has that column, else none.
    std::string gold{};
    /// The `human` column is a source of its own where it is not the truth.
    bool human_is_source = true;
    /// A file with more columns of the same pairs, whose verdicts are not used; else the truth's and the sources'.
    std::filesystem::path columns{};
    /// A column (a.b: member b of a) by which numbers are also given apart; empty: none.
    std::string category{};
    /// Pairs that the teachers learned from; their prompts are counted among those compared.
    std::filesystem::path learned{};
    pair_matching matching = pair_matching::automatic;
    record_options records{};
    /// What lengths are counted in: characters, words or bytes.
    std::string length = "characters";
    double confidence = 0.95;
    /// Of margins and lengths.
    std::size_t bins = 10;
    /// Files and folders to be written; empty: not.
    std::filesystem::path json{}, rows{}, report{}, subsets{};
    std::vector<std::string> command_line{};
};

/// "NAME=FILE" or "FILE". Where a file of the whole text's name is there, it is that.
/// \throws argument_error for an empty name or file
inline named_file named_file_of(const std::string& text) {
    std::error_code ignored;
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || std::filesystem::exists(text, ignored)) return {name_of_file(text), text};
    require(equals > 0 && equals + 1 < text.size(), excerpt{text}, ": NAME=FILE was expected");
    return {text.substr(0, equals), text.substr(equals + 1)};
}

/// \throws argument_error for options that do not go together
inline void check_options(const compare_options& options) {
    require(!options.sources.empty(), "no files of labels are given");
    require(options.confidence > 0 && options.confidence < 1, "a confidence between 0 and 1 was expected, found ",
            options.confidence);
    require(options.bins > 0, "at least one bin is needed");
    require(options.length == "characters" || options.length == "words" || options.length == "bytes",
            "lengths are counted in characters, words or bytes, not in ", excerpt{options.length});
    for (const named_file& source : options.sources) {
        const bool plain = source.name.find_first_of("/\\\n\r") == std::string::npos && source.name != "." &&
                           source.name != ".." && source.name != "human" && source.name != "gold";
        require(plain, "a source cannot be called ", excerpt{source.name},
                ": it names folders, and human and gold are names of their own (NAME=FILE gives another)");
    }
}

/// What of the options makes another comparison of the same files.
inline nlohmann::ordered_json settings_of(const compare_options& options) {
    auto names = nlohmann::ordered_json::array();
    for (const named_file& source : options.sources) names.push_back(source.name);
    const bool named = options.gold.empty() || options.gold == "human" || options.gold == "none";
    return {{"sources", std::move(names)},
            {"gold", named ? options.gold : "file"},
            {"human_is_source", options.human_is_source},
            {"category", options.category},
            {"matching", static_cast<int>(options.matching)},
            {"id_field", options.records.columns.id},
            {"skip_malformed", options.records.reading.skip_malformed},
            {"length", options.length},
            {"confidence", options.confidence},
            {"bins", options.bins},
            {"subsets", !options.subsets.empty()},
            {"report", !options.report.empty()},
            {"rows", !options.rows.empty()}};
}

} // namespace preflearn
