/// \file
/// Comma-separated values as RFC 4180 has them: fields in quotes may hold commas, line ends and doubled quotes. Spaces
/// and tabs around a field do not belong to it (`left, right` are the columns `left` and `right`) unless they stand in
/// quotes. Plain or gzipped, with a bound on what a record may cost. What is malformed is refused by file and line,
/// never guessed at.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <istream>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include <preflearn/core/error.hpp>
#include <preflearn/data/byte_reader.hpp>
#include <preflearn/data/line_reader.hpp>

namespace preflearn {

class csv_reader {
  public:
    /// \throws input_error naming the path when it is not a file that can be opened.
    explicit csv_reader(const std::filesystem::path& path, std::size_t maximum_record = default_maximum_line)
        : bytes_(path), maximum_(maximum_record) {}
    /// The stream must outlive the reader; `name` is what messages call it.
    csv_reader(std::istream& stream, std::string name, std::size_t maximum_record = default_maximum_line)
        : bytes_(stream, std::move(name)), maximum_(maximum_record) {}

    /// The fields of the next record, valid until the next call; nothing at the end. Empty lines are left out, as is a
    /// UTF-8 byte-order mark before the first.
    /// \throws input_error naming file and line of a stray quote, a quote that is never closed, or a record that is too
    /// long.
    std::optional<std::span<const std::string>> next() {
        do {
            if (!read_record()) return std::nullopt;
        } while (fields_.size() == 1 && fields_[0].empty() && !quoted_);
        return std::span<const std::string>(fields_);
    }
    /// The line on which the last record began, from 1.
    [[nodiscard]] std::size_t line() const { return record_line_; }
    /// "file:line" of the last record.
    [[nodiscard]] file_line place() const { return {bytes_.name(), record_line_}; }
    [[nodiscard]] const std::string& name() const { return bytes_.name(); }

  private:
    static constexpr int end_of_file = -1;

    int peek() {
        if (block_.empty()) block_ = bytes_.next();
        return block_.empty() ? end_of_file : static_cast<unsigned char>(block_.front());
    }
    int take() {
        const int c = peek();
        if (c == end_of_file) return c;
        block_ = block_.subspan(1);
        line_ += c == '\n';
        grow(1);
        return c;
    }
    /// Appends what stands before the next byte that could end, quote or break a field, as far as the block goes.
    void take_plain(std::string& field) {
        const auto special = [](char c) { return c == ',' || c == '\n' || c == '\r' || c == '"'; };
        const auto size = static_cast<std::size_t>(std::ranges::find_if(block_, special) - block_.begin());
        grow(size);
        field.append(block_.data(), size);
        block_ = block_.subspan(size);
    }
    void grow(std::size_t bytes) {
        require<input_error>((size_ += bytes) <= maximum_, place(), ": the record is longer than the ", maximum_,
                             " bytes allowed");
    }

    /// False when nothing is left.
    bool read_record() {
        record_line_ = line_;
        size_ = 0;
        fields_.clear();
        quoted_ = false;
        if (peek() == end_of_file) return false;
        if (std::exchange(first_, false)) skip_byte_order_mark();
        while (read_field()) {
        }
        return true;
    }

    [[noreturn]] void fail(std::string_view what) const {
        throw input_error(message(place(), ": field ", fields_.size(), " ", what));
    }

    void skip_blanks() {
        while (peek() == ' ' || peek() == '\t') take();
    }

    /// True when a comma follows and with it another field.
    bool read_field() {
        std::string& field = fields_.emplace_back();
        skip_blanks();
        const bool quoted = peek() == '"';
        if (quoted) {
            quoted_ = true;
            take();
            for (;;) {
                const int c = take();
                if (c == end_of_file) fail("opens a quote that is never closed");
                if (c == '"' && peek() != '"') break;
                if (c == '"') take();
                field += static_cast<char>(c);
            }
            skip_blanks();
        }
        for (;;) {
            if (!quoted) take_plain(field);
            const int c = take();
            const bool comma = c == ',', line_end = c == '\r' && (peek() == '\n' || peek() == end_of_file);
            if (comma || line_end || c == '\n' || c == end_of_file) {
                if (line_end) take();
                if (!quoted) field.erase(field.find_last_not_of(" \t") + 1);
                return comma;
            }
            if (quoted) fail("goes on behind its closing quote");
            if (c == '"') fail("holds a quote but does not begin with one");
            if (c == '\r') fail("holds a carriage return that ends no line");
            field += static_cast<char>(c);
        }
    }

    void skip_byte_order_mark() {
        constexpr std::string_view mark = "\xEF\xBB\xBF";
        if (std::string_view(block_.data(), std::min(block_.size(), mark.size())) == mark) block_ = block_.subspan(3);
    }

    byte_reader bytes_;
    std::size_t maximum_;
    std::span<const char> block_;
    std::vector<std::string> fields_;
    std::size_t line_ = 1, record_line_ = 0, size_ = 0;
    bool first_ = true, quoted_ = false;
};

/// A file whose first record names its columns, read row by row.
class csv_file {
  public:
    /// \throws input_error as `csv_reader` does, and for an empty file or a column named twice.
    explicit csv_file(csv_reader reader) : reader_(std::move(reader)) {
        const auto header = reader_.next();
        require<input_error>(header.has_value(), name(), ": the file is empty, a line of column names was expected");
        columns_.assign(header->begin(), header->end());
        std::unordered_set<std::string_view> names;
        for (const std::string& column : columns_)
            require<input_error>(names.insert(column).second, place(), ": two columns are named ", excerpt{column});
    }
    explicit csv_file(const std::filesystem::path& path) : csv_file(csv_reader(path)) {}

    [[nodiscard]] const std::string& name() const { return reader_.name(); }
    [[nodiscard]] const std::vector<std::string>& columns() const { return columns_; }
    /// The position of a column, where there is one of that name.
    [[nodiscard]] std::optional<std::size_t> find(std::string_view wanted) const {
        const auto at = std::ranges::find(columns_, wanted);
        if (at == columns_.end()) return std::nullopt;
        return static_cast<std::size_t>(at - columns_.begin());
    }
    /// The same of one that must be there. \throws input_error naming the columns there are.
    [[nodiscard]] std::size_t column(std::string_view wanted) const {
        if (const auto at = find(wanted)) return *at;
        std::string all;
        for (const std::string& column : columns_) all += (all.empty() ? "" : ", ") + message(excerpt{column});
        throw input_error(message(name(), ": there is no column ", excerpt{wanted}, " among ", all));
    }

    /// The next row, a field for each column, valid until the next call; nothing at the end.
    /// \throws input_error as `csv_reader` does, and for a row with more or fewer fields than there are columns.
    std::optional<std::span<const std::string>> next() {
        const auto row = reader_.next();
        require<input_error>(!row || row->size() == columns_.size(), place(), ": ", row ? row->size() : 0,
                             " fields found, expected one for each of ", columns_.size(), " columns");
        return row;
    }
    /// The line on which the last row began.
    [[nodiscard]] std::size_t line() const { return reader_.line(); }
    [[nodiscard]] file_line place() const { return reader_.place(); }

  private:
    csv_reader reader_;
    std::vector<std::string> columns_;
};

} // namespace preflearn
