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
#include <unordered_map>
#include <utility>

#include <preflearn/core/on_demand.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/data/files/line_reader.hpp>
#include <preflearn/data/files/parsed_lines.hpp>
#include <preflearn/data/preferences/pair_names.hpp>
#include <preflearn/data/preferences/parse_record.hpp>
#include <preflearn/data/preferences/preference_data.hpp>
#include <preflearn/data/preferences/record.hpp>

namespace preflearn {

/// Its memory does not grow with the file, but for the ids.
class preference_reader {
  public:
    /// \throws input_error naming the path when it is not a file that can be opened.
    explicit preference_reader(const std::filesystem::path& path, preference_options options = {})
        : lines_(path, options.maximum_line), options_(std::move(options)), names_(std::string(lines_.place().file)) {}
    /// The stream must outlive the reader; `name` is what messages call it.
    preference_reader(std::istream& stream, std::string name, preference_options options = {})
        : lines_(stream, std::move(name), options.maximum_line), options_(std::move(options)),
          names_(std::string(lines_.place().file)) {}

    /// The next record; nothing at the end of the file.
    /// \throws input_error "file:line: field …" for a malformed line, unless such are skipped; the next call goes on
    /// with the line after it. Damaged or shortened gzip data and failing reads are errors in any case.
    std::optional<preference_record> next() {
        return next_parsed(
            lines_, options_.skip_malformed,
            [&](std::string_view line) {
                preference_record record = parse_record(line, options_, lines_.line() - 1);
                record.line = lines_.line();
                record.id = names_.add(record.given, lines_.line() - 1, lines_.line());
                return record;
            },
            [&](std::string_view failure) { skip(failure); });
    }

    [[nodiscard]] const skipped_lines& skipped() const { return skipped_; }
    /// Of the records so far.
    [[nodiscard]] const pair_names& names() const { return names_; }
    [[nodiscard]] const preference_options& options() const { return options_; }
    /// The number of the line read last, from 1.
    [[nodiscard]] std::size_t line() const { return lines_.line(); }

  private:
    void skip(std::string_view failure) {
        ++skipped_.count;
        if (skipped_.messages.size() < options_.kept_messages) skipped_.messages.emplace_back(failure);
        std::string reason(without_place(failure, lines_.place()));
        const auto [at, is_new] = reasons_.try_emplace(std::move(reason), skipped_.reasons.size());
        if (is_new) skipped_.reasons.push_back(at->first);
        skipped_.lines.push_back({lines_.line(), at->second});
    }

    line_reader lines_;
    preference_options options_;
    skipped_lines skipped_;
    std::unordered_map<std::string, std::size_t> reasons_;
    pair_names names_;
};

/// All the records that the reader has left. \throws input_error as the reader does; and where an id_field other than
/// the default is named and no record has it.
template <int = on_demand> preference_data read_preferences(preference_reader& reader) {
    preference_data data(reader.names().file());
    while (auto record = reader.next()) data.add(std::move(*record));
    data.skipped = reader.skipped();
    const std::string& field = reader.options().id_field;
    require<input_error>(field.empty() || field == "id" || data.empty() || data.names().some_are_given(),
                         data.names().file(), ": no pair has the field '", field, "', which is to hold its id");
    return data;
}

/// A whole file of pairs, in any of the formats of parse_record.hpp. \throws input_error as preference_reader does.
template <int = on_demand>
preference_data read_preferences(const std::filesystem::path& path, preference_options options = {}) {
    preference_reader reader(path, std::move(options));
    return read_preferences(reader);
}

} // namespace preflearn
