/// \file
/// What is asked of files of records, and what became of them.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include <preflearn/data/records/preparing/record_items.hpp>
#include <preflearn/data/records/preparing/record_keys.hpp>
#include <preflearn/data/records/preparing/record_lengths.hpp>
#include <preflearn/data/records/preparing/split_parts.hpp>
#include <preflearn/data/records/reading/parse_responses.hpp>
#include <preflearn/data/records/reading/response_record.hpp>
#include <preflearn/data/selection/left_out.hpp>

namespace preflearn {

struct prepare_options {
    std::vector<std::filesystem::path> inputs{};
    record_options records{};
    item_options items{};
    record_rules rules{};
    repeat_rules repeats{};
    /// Gzipped where it ends in ".gz". With parts their names stand before the ending: pairs.labelled.jsonl.
    std::filesystem::path out{};
    std::vector<split_part> parts{};
    /// Ids with the name of their file in front, for files whose ids are the same.
    bool ids_by_file = false;
};

/// What became of a file's records.
struct prepared_file {
    std::string file{};
    std::size_t records = 0, written = 0, repeated_prompts = 0;
    std::array<std::size_t, record_forms> forms{}; ///< as which the records were read
    left_out_pairs left_out{};
};

/// A file that was written.
struct prepared_part {
    std::string name{}; ///< empty where there is no split
    std::filesystem::path path{};
    std::size_t lines = 0;
};

struct prepared_records {
    std::vector<prepared_file> files{};
    std::vector<prepared_part> parts{};
    std::size_t written = 0; ///< 0: no file was made
};

/// Is shown each record once, with the number of its file.
using record_look = std::function<void(std::size_t, const response_record&)>;
/// Is told how many records are done, and of how many: 0 while that is not known.
using record_progress = std::function<void(std::size_t, std::size_t)>;

} // namespace preflearn
