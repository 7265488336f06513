/// \file
/// The exceptions of the library. A message names the place (file, line, field or index), what was
/// found there and what was expected, so that a user can mend the input without reading our code.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <ostream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>

namespace preflearn {

/// Base of every exception that preflearn throws on purpose.
struct error : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// A file or a record is malformed: truncated, of an unknown format, inconsistent with itself.
struct input_error : error {
    using error::error;
};

/// A caller's argument is out of its documented range, or shapes do not fit together.
struct argument_error : error {
    using error::error;
};

/// A computation met an infinity or a NaN that has no documented meaning.
struct numeric_error : error {
    using error::error;
};

/// A place in a text file, "file:line" in a message; it becomes text only there, so that good input pays nothing for
/// it. Views the file's name.
struct file_line {
    std::string_view file;
    std::size_t line;

    friend std::ostream& operator<<(std::ostream& out, const file_line& at) { return out << at.file << ':' << at.line; }
};

/// What an input holds, as a message shows it: in quotes, control characters escaped, and no more than the beginning of
/// what is long. Views the text.
struct excerpt {
    std::string_view text;

    friend std::ostream& operator<<(std::ostream& out, const excerpt& shown) {
        constexpr std::size_t most = 100;
        constexpr std::string_view digits = "0123456789ABCDEF";
        std::size_t end = shown.text.size();
        if (end > most)
            for (end = most; end > 0 && (shown.text[end] & 0xC0) == 0x80;) --end; // no UTF-8 character is cut
        out << '\'';
        for (const char c : shown.text.substr(0, end)) {
            const auto byte = static_cast<unsigned char>(c);
            if (byte >= 0x20 && byte != 0x7F)
                out << c;
            else if (c == '\n' || c == '\r' || c == '\t')
                out << (c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t");
            else
                out << "\\x" << digits[byte / 16] << digits[byte % 16];
        }
        out << (end < shown.text.size() ? "…'" : "'");
        if (end < shown.text.size()) out << " (" << shown.text.size() << " bytes)";
        return out;
    }
};

/// Joins the arguments into one message: `message("pair ", 3, ": expected ", n, " tokens")`.
template <class... Parts> std::string message(const Parts&... parts) {
    std::ostringstream text;
    text.precision(17);
    (text << ... << parts);
    return std::move(text).str();
}

/// Throws `Error` with the joined message unless `condition` holds. The parts are only streamed on failure.
template <class Error = argument_error, class... Parts> void require(bool condition, const Parts&... parts) {
    if (!condition) throw Error(message(parts...));
}

} // namespace preflearn
