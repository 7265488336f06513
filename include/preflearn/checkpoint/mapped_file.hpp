/// \file
/// A file seen as read-only memory (POSIX mmap). Weights are used straight from the page cache: nothing is
/// copied that is not read, and two programs that load one file share its pages.
// SPDX-License-Identifier: MIT
#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <span>
#include <string_view>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <preflearn/core/system/error.hpp>

namespace preflearn {

/// Owns one mapping; movable. The file must not be cut short by others while it is mapped (the system would
/// end the program); replacing it by rename, as `write_atomically` does, is safe.
class mapped_file {
  public:
    /// \throws input_error when the path is missing, unreadable, not a regular file, or empty.
    explicit mapped_file(std::filesystem::path path) : path_(std::move(path)) {
        const int file = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
        if (file < 0) fail("cannot be opened", errno);
        struct stat status {};
        if (::fstat(file, &status) != 0) fail("cannot be examined", errno, file);
        if (S_ISDIR(status.st_mode)) fail("is a folder, a file was expected", 0, file);
        if (!S_ISREG(status.st_mode)) fail("is not a regular file", 0, file);
        if (status.st_size <= 0) fail("is empty", 0, file);
        const auto size = static_cast<std::uint64_t>(status.st_size);
        if (size > std::numeric_limits<std::size_t>::max()) fail("is too large for this machine's addresses", 0, file);
        size_ = static_cast<std::size_t>(size);
        void* const start = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file, 0);
        if (start == MAP_FAILED) fail("cannot be mapped", errno, file);
        ::close(file);
        start_ = static_cast<const std::byte*>(start);
    }

    mapped_file(mapped_file&& other) noexcept
        : path_(std::move(other.path_)), start_(std::exchange(other.start_, nullptr)),
          size_(std::exchange(other.size_, 0)) {}
    mapped_file& operator=(mapped_file&& other) noexcept {
        std::swap(path_, other.path_);
        std::swap(start_, other.start_);
        std::swap(size_, other.size_);
        return *this;
    }
    ~mapped_file() {
        if (start_) ::munmap(const_cast<std::byte*>(start_), size_);
    }

    [[nodiscard]] std::span<const std::byte> bytes() const { return {start_, size_}; }
    [[nodiscard]] std::string_view text() const { return {reinterpret_cast<const char*>(start_), size_}; }
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  private:
    [[noreturn]] void fail(const char* what, int code, int file = -1) const {
        if (file >= 0) ::close(file);
        throw input_error(message(path_.string(), ": ", what, code ? ": " : "",
                                  code ? std::generic_category().message(code) : std::string{}));
    }

    std::filesystem::path path_;
    const std::byte* start_ = nullptr;
    std::size_t size_ = 0;
};

} // namespace preflearn
