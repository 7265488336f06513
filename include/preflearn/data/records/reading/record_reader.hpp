/// \file
/// Streams the records of a file: JSON lines or a JSON array of objects, plain or gzipped, in any form of
/// parse_responses.hpp.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include <nlohmann/json.hpp>

#include <preflearn/core/system/error.hpp>
#include <preflearn/data/files/json_objects.hpp>
#include <preflearn/data/records/reading/parse_responses.hpp>
#include <preflearn/data/records/reading/response_record.hpp>
#include <preflearn/data/selection/left_out.hpp>

namespace preflearn {

/// Which ids were seen, in one file or in several.
class seen_ids {
  public:
    /// \param place "file:line" \throws input_error naming where the id was seen.
    void add(const given_id& id, const std::string& place) {
        if (id.form == id_form::none) return;
        const bool text = id.form == id_form::text;
        const auto [at, is_new] = seen_.try_emplace(text ? "\"" + id.text : std::to_string(id.number), place);
        require<input_error>(is_new, "the id ", text ? message(excerpt{id.text}) : at->first, " was seen at ",
                             at->second);
    }

  private:
    std::unordered_map<std::string, std::string> seen_;
};

class record_reader {
  public:
    /// Options and ids must outlive the reader. \throws input_error naming the path when it is not a file that can be
    /// opened, or one of columns (Parquet, Arrow), with the line that converts it.
    record_reader(const std::filesystem::path& path, const record_options& options, seen_ids& ids)
        : objects_(path, options.reading.maximum_line), options_(options), ids_(ids) {}

    /// The next record; nothing at the end. \throws input_error "file:line: …" for a malformed one, unless such are
    /// skipped; in any case for damaged or shortened gzip data and arrays.
    std::optional<response_record> next() {
        return next_read(
            objects_, options_.reading.skip_malformed,
            [&](nlohmann::json object) {
                response_record record = parse_responses(std::move(object), options_);
                record.line = objects_.place().line;
                record.index = objects_.index();
                ids_.add(record.given, message(objects_.place()));
                return record;
            },
            [&](std::string_view failure) {
                skipped_.add({.name = {.line = objects_.place().line},
                              .message = std::string(failure),
                              .file = objects_.name()});
            });
    }
    [[nodiscard]] const std::string& name() const { return objects_.name(); }
    /// The lines that were left out.
    [[nodiscard]] const left_out_pairs& skipped() const { return skipped_; }

  private:
    json_objects objects_;
    const record_options& options_;
    seen_ids& ids_;
    left_out_pairs skipped_;
};

} // namespace preflearn
