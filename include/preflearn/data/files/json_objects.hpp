/// \file
/// The objects of a JSON file, one after the other: those of an array, or one a line (JSONL). Plain or gzipped; an
/// array is never held as a whole.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <nlohmann/json.hpp>

#include <preflearn/core/system/error.hpp>
#include <preflearn/data/files/byte_reader.hpp>
#include <preflearn/data/files/json_line.hpp>
#include <preflearn/data/files/line_reader.hpp>
#include <preflearn/data/files/parsed_lines.hpp>

namespace preflearn {

/// An object that is damaged or no object, where the next one can be read all the same.
struct json_object_error : input_error {
    using input_error::input_error;
};

/// The first byte of a file that is no white space, behind a byte-order mark; 0 when there is none.
inline char first_byte(const std::filesystem::path& path) {
    byte_reader bytes(path);
    for (std::string_view mark = "\xEF\xBB\xBF";;) {
        const std::span<const char> block = bytes.next();
        if (block.empty()) return 0;
        for (const char c : block) {
            if (!mark.empty() && c == mark.front()) {
                mark.remove_prefix(1);
                continue;
            }
            if (c != ' ' && c != '\t' && c != '\r' && c != '\n') return c;
        }
    }
}

class json_objects {
  public:
    /// \param maximum_line of bytes of a line, or of an array's element
    /// \throws input_error naming the path when it is not a file that can be opened.
    explicit json_objects(const std::filesystem::path& path, std::size_t maximum_line = default_maximum_line)
        : name_(path.string()), longest_(maximum_line) {
        if (first_byte(path) == '[')
            array_ = std::make_unique<byte_reader>(path);
        else
            lines_ = std::make_unique<line_reader>(path, maximum_line);
    }

    /// The next object; nothing at the end.
    /// \throws json_object_error naming file and line of text that is no object; input_error where an array itself is
    /// damaged.
    std::optional<nlohmann::json> next() {
        std::string text;
        if (!(lines_ ? next_line(text) : next_element(text))) return std::nullopt;
        try {
            nlohmann::json object = detail::parse_json_line(text);
            require<input_error>(object.is_object(), "holds a JSON ", object.type_name(), ", an object was expected");
            return object;
        } catch (const input_error& failure) {
            throw json_object_error(message(place(), ": ", failure.what()));
        }
    }
    /// "file:line" where the last object begins.
    [[nodiscard]] file_line place() const { return {name_, line_}; }
    [[nodiscard]] const std::string& name() const { return name_; }
    /// The last object's from 0: its line's, or in an array its own.
    [[nodiscard]] std::size_t index() const { return (array_ ? elements_ : line_) - 1; }

  private:
    static constexpr int end_of_file = -1;

    bool next_line(std::string& text) {
        for (;;) {
            const std::size_t before = lines_->line();
            std::optional<std::string_view> line;
            try {
                line = lines_->next();
            } catch (const input_error& failure) { // a line that is too long; behind it the next can be read
                line_ = lines_->line();
                if (line_ == before) throw;
                throw json_object_error(failure.what());
            }
            if (!line) return false;
            line_ = lines_->line();
            if (is_blank(*line)) continue;
            text = *line;
            return true;
        }
    }

    int take() {
        if (block_.empty()) block_ = array_->next();
        if (block_.empty()) return end_of_file;
        const char c = block_.front();
        block_ = block_.subspan(1);
        at_line_ += c == '\n';
        return static_cast<unsigned char>(c);
    }
    int take_significant() {
        for (;;) {
            const int c = take();
            if (c != ' ' && c != '\t' && c != '\r' && c != '\n' && !(elements_ == 0 && c >= 0x80)) return c;
        }
    }
    /// What stands up to the comma or bracket that ends an element.
    bool next_element(std::string& text) {
        if (ended_) return false;
        int c = take_significant();
        if (elements_++ == 0) {
            c = take_significant(); // behind the bracket that opens the array
            if (c == ']') return end_array();
        }
        line_ = at_line_;
        int depth = 0;
        bool in_string = false, escaped = false;
        for (;; c = take()) {
            require<input_error>(c != end_of_file, place(), ": the array ends early; the file is cut short");
            if (!in_string && depth == 0 && (c == ',' || c == ']')) {
                if (c == ']') end_array();
                return true;
            }
            text += static_cast<char>(c);
            require<input_error>(text.size() <= longest_, place(), ": the element is longer than the ", longest_,
                                 " bytes allowed");
            if (escaped)
                escaped = false;
            else if (in_string)
                escaped = c == '\\', in_string = c != '"';
            else if (c == '"')
                in_string = true;
            else
                depth += (c == '{' || c == '[') - (c == '}' || c == ']');
        }
    }
    bool end_array() {
        ended_ = true;
        require<input_error>(take_significant() == end_of_file, file_line{name_, at_line_},
                             ": more stands behind the end of the array");
        return false;
    }

    std::string name_;
    std::unique_ptr<line_reader> lines_;
    std::unique_ptr<byte_reader> array_;
    std::span<const char> block_;
    std::size_t longest_, line_ = 0, at_line_ = 1, elements_ = 0;
    bool ended_ = false;
};

/// read(object) of the next object that can be read; nothing at the end. Where malformed ones are skipped,
/// skip(message without its place) is told of each.
/// \throws input_error "file:line: …" for what `read` throws, unless such are skipped; in any case for damaged or
/// shortened gzip data and arrays.
template <class Read, class Skip>
auto next_read(json_objects& objects, bool skip_malformed, const Read& read, const Skip& skip)
    -> std::optional<std::invoke_result_t<const Read&, nlohmann::json>> {
    for (;;) {
        try {
            std::optional<nlohmann::json> object = objects.next();
            if (!object) return std::nullopt;
            try {
                return read(std::move(*object));
            } catch (const error& failure) { // a conversation's renderer throws argument_error
                throw json_object_error(message(objects.place(), ": ", failure.what()));
            }
        } catch (const json_object_error& failure) {
            if (!skip_malformed) throw;
            skip(without_place(failure.what(), objects.place()));
        }
    }
}

} // namespace preflearn
