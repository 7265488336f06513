/// \file
/// What a JSONL file holds.
// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/data/files/line_reader.hpp>

namespace test {

/// The objects of a file's lines, gzipped or not.
inline std::vector<nlohmann::json> json_lines(const std::filesystem::path& path) {
    std::vector<nlohmann::json> objects;
    preflearn::line_reader lines(path);
    while (const auto line = lines.next()) objects.push_back(nlohmann::json::parse(*line));
    return objects;
}

} // namespace test
