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
