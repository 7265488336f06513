/// \file
/// Comma-separated values as RFC 4180 has them: fields in quotes may hold commas, line ends and doubled quotes. Spaces
/// and tabs around a field do not belong to it (`left, right` are the columns `left` and `right`) unless they stand in
/// quotes. Semicolons or tabs may stand for the commas, and UTF-16 for UTF-8: both are recognised, and can be told.
/// Plain or gzipped, with a bound on what a record may cost. What is malformed is refused by file and line, never
/// guessed at.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <filesystem>
#include <istream>
#include <optional>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include <preflearn/core/system/error.hpp>
#include <preflearn/data/files/byte_reader.hpp>
#include <preflearn/data/files/csv_separator.hpp>
#include <preflearn/data/files/line_reader.hpp>
#include <preflearn/data/files/text_encoding.hpp>

namespace preflearn {

class csv_reader {
  public:
    /// \throws input_error naming the path when it is not a file that can be opened.
    explicit csv_reader(const std::filesystem::path& path, std::size_t maximum_record = default_maximum_line,
                        char separator = recognised_separator)
        : bytes_(path), maximum_(maximum_record), separator_(separator) {}
    /// The stream must outlive the reader; `name` is what messages call it.
    csv_reader(std::istream& stream, std::string name, std::size_t maximum_record = default_maximum_line,
               char separator = recognised_separator)
        : bytes_(stream, std::move(name)), maximum_(maximum_record), separator_(separator) {}

    /// The fields of the next record, valid until the next call; nothing at the end. Empty lines are left out, as is a
    /// UTF-8 byte-order mark before the first.
    /// \throws input_error naming file and line of a stray quote, a quote that is never closed, a NUL byte, or a record
    /// that is too long; naming the file when it is UTF-32 or damaged UTF-16, or may be separated in two ways.
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
    /// What stands between fields; `recognised_separator` until something has been read.
    [[nodiscard]] char separator() const { return separator_; }
    /// What the file is written in, known once something has been read.
    [[nodiscard]] text_encoding encoding() const { return encoding_; }
    /// Whether the file's first 64 KiB hold bytes that are neither UTF-8 nor UTF-16: names are compared byte by byte
    /// all the same.
    [[nodiscard]] bool is_not_utf() const { return not_utf_; }

  private:
    static constexpr int end_of_file = -1;

    /// Reads the beginning, as much as shows encoding and separator.
    void begin() {
        started_ = true;
        constexpr std::size_t enough = std::size_t{1} << 16;
        bool whole = false;
        while (!whole && beginning_.size() < enough) {
            const std::span<const char> more = bytes_.next();
            whole = more.empty();
            beginning_.insert(beginning_.end(), more.begin(), more.end());
        }
        encoding_ = encoding_of(beginning_);
        require<input_error>(encoding_ != text_encoding::utf32, name(), ": is UTF-32; save it as UTF-8");
        not_utf_ = encoding_ == text_encoding::utf8 && !may_be_utf8(beginning_);
        if (encoding_ != text_encoding::utf8) {
            decoder_ = utf16_decoder(encoding_);
            const auto text = decoder_->decode(beginning_, name());
            beginning_.assign(text.begin(), text.end());
        }
        block_ = beginning_;
        constexpr std::string_view mark = "\xEF\xBB\xBF";
        if (std::string_view(block_.data(), std::min(block_.size(), mark.size())) == mark) block_ = block_.subspan(3);
        take_separator_line();
        if (separator_ == recognised_separator) separator_ = separator_of(block_, whole, name());
        special_ = {separator_, '\n', '\r', '"', '\0'};
    }
    /// "sep=;", by which spreadsheets tell each other.
    void take_separator_line() {
        const std::string_view text(block_.data(), block_.size());
        const std::size_t end = text.starts_with("sep=") ? text.find('\n') : std::string_view::npos;
        if (end != 5 && !(end == 6 && text[5] == '\r')) return;
        if (separator_ == recognised_separator) separator_ = text[4];
        block_ = block_.subspan(end + 1);
        ++line_;
    }
    void refill() {
        if (!started_) return begin();
        do {
            block_ = bytes_.next();
            if (!decoder_) return;
            if (block_.empty()) return decoder_->finish(name());
            block_ = decoder_->decode(block_, name());
        } while (block_.empty()); // half a character
    }
    int peek() {
        if (block_.empty()) refill();
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
        const auto [separator, line_feed, carriage_return, quote, nul] = special_;
        std::size_t size = 0;
        for (; size < block_.size(); ++size) {
            const char c = block_[size];
            if (c == separator || c == line_feed || c == carriage_return || c == quote || c == nul) break;
        }
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
        while (read_field()) {
        }
        return true;
    }

    [[noreturn]] void fail(std::string_view what) const {
        throw input_error(message(place(), ": field ", fields_.size(), " ", what));
    }

    void skip_blanks() {
        while (peek() == ' ' || (peek() == '\t' && separator_ != '\t')) take();
    }

    /// True when a separator follows and with it another field.
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
            const bool more = c == static_cast<unsigned char>(separator_);
            const bool line_end = c == '\r' && (peek() == '\n' || peek() == end_of_file);
            if (more || line_end || c == '\n' || c == end_of_file) {
                if (line_end) take();
                if (!quoted) field.erase(field.find_last_not_of(" \t") + 1);
                return more;
            }
            if (c == '\0') fail("holds a NUL byte: the file is not text in UTF-8 or UTF-16");
            if (quoted) fail("goes on behind its closing quote");
            if (c == '"') fail("holds a quote but does not begin with one");
            if (c == '\r') fail("holds a carriage return that ends no line");
            field += static_cast<char>(c);
        }
    }

    byte_reader bytes_;
    std::size_t maximum_;
    char separator_;
    text_encoding encoding_ = text_encoding::utf8;
    std::optional<utf16_decoder> decoder_;
    std::vector<char> beginning_;
    std::span<const char> block_; // of the beginning, the reader's or the decoder's
    std::array<char, 5> special_{};
    std::vector<std::string> fields_;
    std::size_t line_ = 1, record_line_ = 0, size_ = 0;
    bool started_ = false, quoted_ = false, not_utf_ = false;
};

/// The fields of one line of comma-separated values, as an option of a program gives them; none where it is empty.
/// \throws input_error as `csv_reader` does, `name` standing for the file.
inline std::vector<std::string> csv_fields(const std::string& line, const std::string& name) {
    std::istringstream stream(line);
    csv_reader reader(stream, name, default_maximum_line, ',');
    const auto fields = reader.next();
    return fields ? std::vector<std::string>(fields->begin(), fields->end()) : std::vector<std::string>();
}

/// A whole row with more or fewer fields than there are columns; the next one can be read.
struct field_count_error : input_error {
    using input_error::input_error;
};

/// A file whose first record names its columns, read row by row. A column without a name, as that of an index often is,
/// is "unnamed 1" by its place.
class csv_file {
  public:
    /// \throws input_error as `csv_reader` does, and for an empty file or a column named twice.
    explicit csv_file(csv_reader reader) : reader_(std::move(reader)) {
        const auto header = reader_.next();
        require<input_error>(header.has_value(), name(), ": the file is empty, a line of column names was expected");
        columns_.assign(header->begin(), header->end());
        for (std::size_t c = 0; c < columns_.size(); ++c)
            if (columns_[c].empty()) columns_[c] = message("unnamed ", c + 1);
        std::unordered_set<std::string_view> names;
        for (const std::string& column : columns_)
            require<input_error>(names.insert(column).second, place(), ": two columns are named ", excerpt{column});
    }
    explicit csv_file(const std::filesystem::path& path, char separator = recognised_separator)
        : csv_file(csv_reader(path, default_maximum_line, separator)) {}

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
    /// \throws input_error as `csv_reader` does, field_count_error for a row with more or fewer fields than there are
    /// columns.
    std::optional<std::span<const std::string>> next() {
        const auto row = reader_.next();
        require<field_count_error>(!row || row->size() == columns_.size(), place(), ": ", row ? row->size() : 0,
                                   " fields found, expected one for each of ", columns_.size(), " columns");
        return row;
    }
    /// What was recognised beyond commas and UTF-8, as a program's user should be told: "read as UTF-16
    /// (little-endian), separated by tabs"; empty where there is nothing to say.
    [[nodiscard]] std::string recognised() const {
        std::string words;
        if (reader_.encoding() != text_encoding::utf8) words = message("read as ", name_of(reader_.encoding()));
        if (reader_.is_not_utf())
            words = "not UTF-8 (Latin-1, perhaps), so that letters beyond ASCII are kept but cannot be shown";
        if (reader_.separator() != ',')
            words += message(words.empty() ? "" : ", ", "separated by ", words_for_separator(reader_.separator()));
        return words;
    }
    /// The line on which the last row began.
    [[nodiscard]] std::size_t line() const { return reader_.line(); }
    [[nodiscard]] file_line place() const { return reader_.place(); }

  private:
    csv_reader reader_;
    std::vector<std::string> columns_;
};

} // namespace preflearn
