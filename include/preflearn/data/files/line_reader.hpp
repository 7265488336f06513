/// \file
/// The lines of a text file or stream, plain or gzipped, one at a time and with a bound on what a line may cost.
/// UTF-16, which some shells write, is recognised and read as UTF-8.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <filesystem>
#include <istream>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <preflearn/core/system/error.hpp>
#include <preflearn/data/files/byte_reader.hpp>
#include <preflearn/data/files/text_encoding.hpp>

namespace preflearn {

/// The longest line accepted unless the caller says otherwise, in bytes: a thousand times a usual pair.
inline constexpr std::size_t default_maximum_line = std::size_t{1} << 24;

namespace detail {

/// \throws input_error with the line that converts it for a file of columns, by its first bytes.
inline void refuse_columns(std::string_view beginning, std::string_view file) {
    const bool parquet = beginning.starts_with("PAR1");
    if (!parquet && !beginning.starts_with("ARROW1")) return;
    throw input_error(message(file, ": is ", parquet ? "Parquet" : "Arrow",
                              ", lines of JSON were expected; convert it: ",
                              "python3 -c 'import pandas, sys; pandas.read_", parquet ? "parquet" : "feather",
                              "(sys.argv[1]).to_json(sys.argv[2], orient=\"records\", lines=True, force_ascii=False)' ",
                              file, " ", file, ".jsonl"));
}

} // namespace detail

/// Whether nothing but blanks is on a line.
inline bool is_blank(std::string_view line) { return line.find_first_not_of(" \t\r") == std::string_view::npos; }

class line_reader {
  public:
    /// \throws input_error naming the path when it is not a file that can be opened.
    explicit line_reader(const std::filesystem::path& path, std::size_t maximum_line = default_maximum_line)
        : bytes_(path), maximum_(maximum_line) {}
    /// The stream must outlive the reader; `name` is what messages call it.
    line_reader(std::istream& stream, std::string name, std::size_t maximum_line = default_maximum_line)
        : bytes_(stream, std::move(name)), maximum_(maximum_line) {}

    /// The next line without its "\n" or "\r\n", valid until the next call; nothing at the end. The last line needs no
    /// end. A UTF-8 byte-order mark before the first line is left out.
    /// \throws input_error naming file and line when a line is longer than the maximum (it is read over without being
    /// kept, and the next call goes on behind it), and as byte_reader does, after which nothing more can be read.
    std::optional<std::string_view> next() {
        text_.clear();
        bool too_long = false, found = false;
        for (bool ended = false; !ended;) {
            if (block_.empty()) refill();
            if (block_.empty()) break;
            const std::string_view rest(block_.data(), block_.size());
            const std::size_t end = rest.find('\n');
            ended = end != std::string_view::npos;
            const std::string_view part = rest.substr(0, end);
            block_ = block_.subspan(part.size() + (ended ? 1 : 0));
            found = true;
            too_long = too_long || text_.size() + part.size() > maximum_;
            if (!too_long) text_ += part;
        }
        if (!found) return std::nullopt;
        ++line_;
        require<input_error>(!too_long, place(), ": the line is longer than the ", maximum_, " bytes allowed");
        std::string_view line = text_;
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (line_ == 1 && line.starts_with("\xEF\xBB\xBF")) line.remove_prefix(3);
        return line;
    }

    /// The number of the last line read, from 1; 0 before the first.
    [[nodiscard]] std::size_t line() const { return line_; }
    /// "file:line" of the last line read.
    [[nodiscard]] file_line place() const { return {bytes_.name(), line_}; }

  private:
    /// The next bytes as UTF-8; none at the end.
    void refill() {
        std::span<const char> bytes = bytes_.next();
        if (!std::exchange(started_, true)) {
            detail::refuse_columns(std::string_view(bytes.data(), bytes.size()), bytes_.name());
            const text_encoding encoding = encoding_of(bytes);
            require<input_error>(encoding != text_encoding::utf32, bytes_.name(), ": is UTF-32; save it as UTF-8");
            if (encoding != text_encoding::utf8) decoder_ = utf16_decoder(encoding);
        }
        if (!decoder_) {
            block_ = bytes;
            return;
        }
        do {
            if (bytes.empty()) return decoder_->finish(bytes_.name());
            block_ = decoder_->decode(bytes, bytes_.name());
            if (block_.empty()) bytes = bytes_.next(); // half a character
        } while (block_.empty());
    }

    byte_reader bytes_;
    std::optional<utf16_decoder> decoder_; // none: UTF-8
    bool started_ = false;
    std::size_t maximum_;
    std::size_t line_ = 0;
    std::span<const char> block_;
    std::string text_;
};

} // namespace preflearn
