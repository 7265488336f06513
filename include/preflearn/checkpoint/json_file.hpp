/// \file
/// JSON from a file, with every failure told as an input_error that names the file and the byte.
// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/checkpoint/mapped_file.hpp>
#include <preflearn/core/on_demand.hpp>
#include <preflearn/core/system/error.hpp>

namespace preflearn {

/// Parses a JSON text; of a repeated key the last value counts. \throws input_error naming `origin`.
template <int = on_demand> nlohmann::json parse_json(std::string_view text, const std::string& origin) {
    try {
        return nlohmann::json::parse(text);
    } catch (const nlohmann::json::exception& failure) {
        throw input_error(message(origin, ": is not valid JSON: ", failure.what()));
    }
}

/// The same, and a key that an object repeats is an error.
template <int = on_demand> nlohmann::json parse_json_of_unique_keys(std::string_view text, const std::string& origin) {
    std::vector<std::unordered_set<std::string>> open;
    const auto check = [&](int, nlohmann::json::parse_event_t event, nlohmann::json& parsed) {
        if (event == nlohmann::json::parse_event_t::object_start) open.emplace_back();
        if (event == nlohmann::json::parse_event_t::object_end) open.pop_back();
        if (event == nlohmann::json::parse_event_t::key) {
            require<input_error>(open.back().insert(parsed.get<std::string>()).second, origin, ": the key '",
                                 parsed.get_ref<const std::string&>(), "' appears twice in one object");
        }
        return true;
    };
    try {
        return nlohmann::json::parse(text, check);
    } catch (const nlohmann::json::exception& failure) {
        throw input_error(message(origin, ": is not valid JSON: ", failure.what()));
    }
}

/// Reads and parses a whole JSON file.
template <int = on_demand> nlohmann::json read_json_file(const std::filesystem::path& path) {
    return parse_json(mapped_file(path).text(), path.string());
}

/// The member `key` of an object, or null when it is absent.
inline const nlohmann::json& member_or_null(const nlohmann::json& object, std::string_view key) {
    static const nlohmann::json null;
    if (!object.is_object()) return null;
    const auto found = object.find(key);
    return found == object.end() ? null : *found;
}

} // namespace preflearn
