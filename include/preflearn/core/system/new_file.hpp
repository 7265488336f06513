/// \file
/// Writes a file where there is none. One that holds the same already is left; any other is refused, so that a command
/// may be given again, and nobody's file is written over.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <concepts>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <ostream>
#include <system_error>
#include <utility>

#include <preflearn/core/system/atomic_file.hpp>
#include <preflearn/core/system/error.hpp>

namespace preflearn {

namespace detail {

inline bool same_content(const std::filesystem::path& a, const std::filesystem::path& b) {
    std::error_code failure;
    if (std::filesystem::file_size(a, failure) != std::filesystem::file_size(b, failure) || failure) return false;
    std::ifstream first(a, std::ios::binary), second(b, std::ios::binary);
    using bytes = std::istreambuf_iterator<char>;
    return first.is_open() && second.is_open() && std::equal(bytes(first), bytes(), bytes(second), bytes());
}

} // namespace detail

/// Like `write_atomically`, but for a path at which there is no file, or one of the same bytes.
/// \throws input_error when another is there, which stays as it is; and as `write_atomically`
template <std::invocable<std::ostream&> Write> void write_new(const std::filesystem::path& path, Write&& write) {
    const auto replaces = [&](const std::filesystem::path& made, const std::filesystem::path& target) {
        std::error_code ignored;
        if (!std::filesystem::exists(target, ignored)) return true;
        require<input_error>(detail::same_content(made, target), path.string(),
                             ": is there already and holds something else; nothing is written over: remove it or give "
                             "another name");
        return false;
    };
    detail::write_aside(path, std::forward<Write>(write), replaces);
}

/// For a file that this time is not written. \throws input_error where there is one
inline void require_no_file(const std::filesystem::path& path) {
    std::error_code ignored;
    require<input_error>(!std::filesystem::exists(std::filesystem::symlink_status(path, ignored)), path.string(),
                         ": is there already, and nothing would stand in it; nothing is written over: remove it or "
                         "give another name");
}

} // namespace preflearn
