/// \file
/// Labelled pairs that a teacher judged, one by one: how sure it was and whether it was right. By them whoever keeps
/// only some of its labels (the surest ones) tells how often these are wrong. Programs leave them beside teacher.json,
/// as JSON lines {"margin", "right", "prompt", "longer"}; a margin of null is that of a certain verdict.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <limits>
#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/core/system/atomic_file.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/data/files/line_reader.hpp>

namespace preflearn {

struct judged_pair {
    /// The teacher's own, not calibrated; infinite for a certain verdict without one. Its sign says nothing.
    double margin = 0;
    double right = 0;         ///< whether it agrees with people; of a tie half
    std::uint64_t prompt = 0; ///< a hash
    /// By how many bytes the response that the teacher prefers is the longer one.
    double longer = 0;
};

inline constexpr std::string_view judged_pairs_file = "held-out-pairs.jsonl";

/// \throws input_error for a file that cannot be written
inline void write_judged_pairs(const std::filesystem::path& path, std::span<const judged_pair> pairs) {
    write_atomically(path, [&](std::ostream& out) {
        for (const judged_pair& pair : pairs)
            out << nlohmann::ordered_json{{"margin", std::isfinite(pair.margin) ? nlohmann::ordered_json(pair.margin)
                                                                                : nlohmann::ordered_json()},
                                          {"right", pair.right},
                                          {"prompt", pair.prompt},
                                          {"longer", pair.longer}}
                       .dump()
                << '\n';
    });
}

/// What `write_judged_pairs` wrote. \throws input_error naming file and line
inline std::vector<judged_pair> read_judged_pairs(const std::filesystem::path& path) {
    std::vector<judged_pair> pairs;
    line_reader lines(path);
    while (const auto line = lines.next()) {
        try {
            const nlohmann::json json = nlohmann::json::parse(*line);
            const judged_pair pair{.margin = json.at("margin").is_null() ? std::numeric_limits<double>::infinity()
                                                                         : json.at("margin").get<double>(),
                                   .right = json.at("right").get<double>(),
                                   .prompt = json.at("prompt").get<std::uint64_t>(),
                                   .longer = json.at("longer").get<double>()};
            require<input_error>(pair.right >= 0 && pair.right <= 1, "'right' is ", pair.right);
            pairs.push_back(pair);
        } catch (const std::exception& failure) {
            throw input_error(
                message(path.string(), ":", lines.line(), ": is no judged pair of a teacher's: ", failure.what()));
        }
    }
    return pairs;
}

} // namespace preflearn
