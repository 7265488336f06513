/// \file
/// Streams preference records from JSON-lines files, plain or gzipped. Blank lines are ignored; text is UTF-8, and a
/// line that is not is malformed, as is a pair whose id was seen before.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <filesystem>
#include <istream>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>

#include <preflearn/core/error.hpp>
#include <preflearn/data/line_reader.hpp>
#include <preflearn/data/parse_record.hpp>
#include <preflearn/data/preference_data.hpp>
#include <preflearn/data/record.hpp>

namespace preflearn {

/// Its memory does not grow with the file, but for 8 bytes or so per id.
class preference_reader {
  public:
    /// \throws input_error naming the path when it is not a file that can be opened.
    explicit preference_reader(const std::filesystem::path& path, preference_options options = {})
        : lines_(path, options.maximum_line), options_(std::move(options)) {}
    /// The stream must outlive the reader; `name` is what messages call it.
    preference_reader(std::istream& stream, std::string name, preference_options options = {})
        : lines_(stream, std::move(name), options.maximum_line), options_(std::move(options)) {}

    /// The next record; nothing at the end of the file.
    /// \throws input_error "file:line: field …" for a malformed line, unless such are skipped; the next call goes on
    /// with the line after it. Damaged or shortened gzip data and failing reads are errors in any case.
    std::optional<preference_record> next() {
        for (;;) {
            const std::size_t before = lines_.line();
            try {
                const auto line = lines_.next();
                if (!line) return std::nullopt;
                if (line->find_first_not_of(" \t\r") == std::string_view::npos) continue;
                return checked(*line);
            } catch (const input_error& failure) {
                const bool can_go_on = lines_.line() > before; // else the file itself cannot be read
                if (!options_.skip_malformed || !can_go_on) throw;
                ++skipped_.count;
                if (skipped_.messages.size() < options_.kept_messages) skipped_.messages.emplace_back(failure.what());
            }
        }
    }

    [[nodiscard]] const skipped_lines& skipped() const { return skipped_; }
    /// The number of the line read last, from 1.
    [[nodiscard]] std::size_t line() const { return lines_.line(); }

  private:
    preference_record checked(std::string_view line) {
        try {
            preference_record record = parse_record(line, options_, lines_.line() - 1);
            const bool is_new = ids_.insert(record.id).second;
            require<input_error>(is_new, "the id ", record.id, " was seen on an earlier line");
            return record;
        } catch (const error& failure) { // the options' conversation renderer throws argument_error
            throw input_error(message(lines_.place(), ": ", failure.what()));
        }
    }

    line_reader lines_;
    preference_options options_;
    skipped_lines skipped_;
    std::unordered_set<std::uint64_t> ids_;
};

/// All the records that the reader has left.
inline preference_data read_preferences(preference_reader& reader) {
    preference_data data;
    while (auto record = reader.next()) data.add(std::move(*record));
    data.skipped = reader.skipped();
    return data;
}

/// A whole file of pairs, in any of the formats of parse_record.hpp. \throws input_error as preference_reader does.
inline preference_data read_preferences(const std::filesystem::path& path, preference_options options = {}) {
    preference_reader reader(path, std::move(options));
    return read_preferences(reader);
}

} // namespace preflearn
