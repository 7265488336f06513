/// \file
/// Puts what a report can show of itself (`to_text`, `to_markdown`, `to_csv`, `to_json`, `to_svg`) at a path, whole or
/// not at all.
// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <ostream>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include <preflearn/core/system/atomic_file.hpp>
#include <preflearn/report/tables/json_number.hpp>

namespace preflearn {

/// \throws input_error when the file cannot be written; the same holds for every function below.
inline void write_file(std::string_view text, const std::filesystem::path& path) {
    write_atomically(path, [&](std::ostream& out) { out << text; });
}

/// A JSON value as text of two spaces' indent, ending in a newline. NaN is null, infinities are "Infinity" and
/// "-Infinity", invalid UTF-8 is U+FFFD.
template <class Json> std::string json_text(Json value) {
    name_infinities(value);
    return value.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

template <class Report>
    requires requires(const Report& report) { to_text(report); }
void write_text(const Report& report, const std::filesystem::path& path) { write_file(to_text(report), path); }

template <class Report>
    requires requires(const Report& report) { to_markdown(report); }
void write_markdown(const Report& report, const std::filesystem::path& path) { write_file(to_markdown(report), path); }

template <class Report>
    requires requires(const Report& report) { to_csv(report); }
void write_csv(const Report& report, const std::filesystem::path& path) { write_file(to_csv(report), path); }

template <class Report>
    requires requires(const Report& report) { to_svg(report); }
void write_svg(const Report& report, const std::filesystem::path& path) { write_file(to_svg(report), path); }

template <class Report>
    requires requires(const Report& report) { to_json(report); }
void write_json(const Report& report, const std::filesystem::path& path) {
    write_file(json_text(to_json(report)), path);
}

/// A JSON value of the caller's own.
inline void write_json(const nlohmann::ordered_json& value, const std::filesystem::path& path) {
    write_file(json_text(value), path);
}

} // namespace preflearn
