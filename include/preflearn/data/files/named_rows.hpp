/// \file
/// Rows of named texts, whatever file they come from: a CSV table (its separator and encoding recognised), a JSON array
/// of objects, or JSONL. Of an object's field `a.b` is the member `b` of `a`; numbers are as JSON writes them, whole
/// ones without a point.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/core/system/error.hpp>
#include <preflearn/data/files/csv.hpp>
#include <preflearn/data/files/csv_separator.hpp>
#include <preflearn/data/files/json_line.hpp>
#include <preflearn/data/files/json_objects.hpp>

namespace preflearn {

class named_rows {
  public:
    explicit named_rows(csv_file file) : source_(std::move(file)) {}
    explicit named_rows(json_objects file) : source_(std::move(file)) {
        first_ = std::get<json_objects>(source_).next();
        require<input_error>(first_.has_value(), name(), ": the file holds no objects");
    }
    /// A file that begins with a bracket or a brace is JSON, every other one CSV, and so is one whose separator is
    /// told. \throws input_error as these do.
    static named_rows open(const std::filesystem::path& path, char separator = recognised_separator) {
        const char first = separator == recognised_separator ? first_byte(path) : 0;
        if (first == '[' || first == '{') return named_rows(json_objects(path));
        return named_rows(csv_file(path, separator));
    }

    [[nodiscard]] const std::string& name() const {
        return std::visit([](const auto& file) -> const std::string& { return file.name(); }, source_);
    }
    /// "file:line" of the last row.
    [[nodiscard]] file_line place() const {
        return std::visit([](const auto& file) { return file.place(); }, source_);
    }
    /// Whether the table has that column, or the first object that field.
    [[nodiscard]] bool has(std::string_view column) const {
        if (const auto* table = std::get_if<csv_file>(&source_)) return table->find(column).has_value();
        return detail::field_at(*first_, column) != nullptr;
    }
    /// Reads a column from now on. \returns where its texts will be \throws input_error naming the columns there are.
    std::size_t select(const std::string& column) {
        if (const auto* table = std::get_if<csv_file>(&source_)) {
            positions_.push_back(table->column(column));
        } else if (!has(column)) {
            throw input_error(message(place(), ": there is no field ", excerpt{column}, " among ",
                                      detail::json_field{&*first_, ""}.names_of_members()));
        }
        columns_.push_back(column);
        texts_.emplace_back();
        return columns_.size() - 1;
    }
    [[nodiscard]] const std::string& column(std::size_t selected) const { return columns_[selected]; }

    /// Goes to the next row; false at the end.
    /// \throws field_count_error or json_object_error for a row that is damaged by itself, behind which the next can be
    /// read; input_error otherwise.
    bool next() {
        if (auto* table = std::get_if<csv_file>(&source_)) {
            row_ = table->next();
            return row_.has_value();
        }
        object_ = first_ ? std::exchange(first_, std::nullopt) : std::get<json_objects>(source_).next();
        if (!object_) return false;
        for (std::size_t k = 0; k < columns_.size(); ++k) texts_[k] = text_of(columns_[k]);
        return true;
    }
    /// The text of a column that was selected, empty where a field is absent or null.
    [[nodiscard]] const std::string& operator[](std::size_t selected) const {
        return row_ ? (*row_)[positions_[selected]] : texts_[selected];
    }
    /// Whether this row has that field although it was perhaps not selected: objects need not be alike.
    [[nodiscard]] bool row_has(std::string_view field) const {
        return object_ && detail::field_at(*object_, field) != nullptr;
    }
    /// What was recognised beyond commas and UTF-8, in words; empty where there is nothing to say.
    [[nodiscard]] std::string recognised() const {
        if (const auto* table = std::get_if<csv_file>(&source_)) return table->recognised();
        return "read as JSON";
    }

  private:
    [[nodiscard]] std::string text_of(const std::string& column) const {
        const nlohmann::json* value = detail::field_at(*object_, column);
        if (value == nullptr || value->is_null()) return "";
        if (value->is_string()) return value->get<std::string>();
        if (value->is_number_float()) {
            const double x = value->get<double>();
            if (x == std::floor(x) && std::abs(x) < 1e15) return std::to_string(static_cast<std::int64_t>(x));
        }
        if (value->is_structured())
            throw json_object_error(message(place(), ": field ", excerpt{column}, " holds a JSON ", value->type_name(),
                                            ", a text or a number was expected"));
        return value->dump();
    }

    std::variant<csv_file, json_objects> source_;
    std::vector<std::string> columns_, texts_;
    std::vector<std::size_t> positions_;
    std::optional<std::span<const std::string>> row_;
    std::optional<nlohmann::json> first_, object_;
};

} // namespace preflearn
