/// \file
/// The exceptions of the library. A message names the place (file, line, field or index), what was
/// found there and what was expected, so that a user can mend the input without reading our code.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <initializer_list>
#include <ostream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include <preflearn/core/system/compiler.hpp>

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

/// A device (a GPU) or one of its libraries failed; the message names the call, its place in our code and the device.
struct device_error : error {
    using error::error;
};

/// The device that was asked for cannot be had here: none in the machine, no driver, a program without that backend.
struct no_device_error : device_error {
    using device_error::device_error;
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

namespace detail {

/// A part of a message, viewed until the message is joined: one type for whatever streams, so that a message costs its
/// callers next to no compile time.
class message_part {
  public:
    message_part(std::string_view text) : start_(text.data()), size_(text.size()) {}
    message_part(const std::string& text) : message_part(std::string_view(text)) {}
    message_part(const char* text) : message_part(std::string_view(text)) {}
    template <class Part>
    message_part(const Part& part)
        : start_(&part), stream_([](std::ostream& out, const void* at) { out << *static_cast<const Part*>(at); }) {}

    friend std::ostream& operator<<(std::ostream& out, const message_part& part) {
        if (part.stream_ == nullptr) return out << std::string_view(static_cast<const char*>(part.start_), part.size_);
        part.stream_(out, part.start_);
        return out;
    }

  private:
    const void* start_;
    std::size_t size_ = 0;
    void (*stream_)(std::ostream&, const void*) = nullptr;
};

inline std::string join(std::initializer_list<message_part> parts) {
    std::ostringstream text;
    text.precision(17);
    for (const message_part& part : parts) text << part;
    return std::move(text).str();
}

template <class Error> [[noreturn]] void fail(std::initializer_list<message_part> parts) { throw Error(join(parts)); }

} // namespace detail

/// Joins the arguments into one message: `message("pair ", 3, ": expected ", n, " tokens")`.
template <class... Parts> std::string message(const Parts&... parts) { return detail::join({parts...}); }

/// Throws `Error` with the joined message unless `condition` holds. The parts are only streamed on failure.
template <class Error = argument_error, class... Parts> void require(bool condition, const Parts&... parts) {
    if (!condition) detail::fail<Error>({parts...});
}

/// What `run` returns. An argument_error or a numeric_error that it throws goes on as one of the same kind with the
/// message that `reword(message)` makes of its own: callers know by another name what is at fault.
template <class Run, class Reword> decltype(auto) rewording_errors(Run&& run, Reword&& reword) {
    try {
        return run();
    } catch (const argument_error& failure) {
        throw argument_error(reword(std::string_view(failure.what())));
    } catch (const numeric_error& failure) {
        throw numeric_error(reword(std::string_view(failure.what())));
    }
}

} // namespace preflearn
