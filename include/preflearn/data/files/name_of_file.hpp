/// \file
/// What a file of records is called in results, unless the command line names it.
// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace preflearn {

/// Its name without folder and without the endings of records, .jsonl or .json and behind them .gz: other dots belong
/// to the name, so that "S.v1.jsonl" and "S.v2.jsonl" are two names.
inline std::string name_of_file(const std::filesystem::path& path) {
    std::string name = path.filename().string();
    const auto cut = [&](std::string_view ending) {
        const bool there = name.ends_with(ending) && name.size() > ending.size();
        if (there) name.resize(name.size() - ending.size());
        return there;
    };
    cut(".gz");
    if (!cut(".jsonl")) cut(".json");
    return name;
}

} // namespace preflearn
