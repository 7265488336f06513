/// \file
/// A lock on a file or folder that lasts as long as its object, and no longer than its process: by it what a killed
/// process left is told from what is being made.
// SPDX-License-Identifier: MIT
#pragma once

#include <cerrno>
#include <filesystem>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace preflearn {

/// Locks what is at a path without waiting (flock). Where the file system knows no locks it is neither held nor taken.
class file_lock {
  public:
    file_lock() = default;
    explicit file_lock(const std::filesystem::path& path)
        : file_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)) {
        if (file_ < 0) return;
        int code = 0;
        do code = ::flock(file_, LOCK_EX | LOCK_NB) == 0 ? 0 : errno;
        while (code == EINTR);
        held_ = code == 0;
        taken_ = code == EWOULDBLOCK;
    }
    file_lock(file_lock&& other) noexcept
        : file_(std::exchange(other.file_, -1)), held_(std::exchange(other.held_, false)), taken_(other.taken_) {}
    file_lock& operator=(file_lock&& other) noexcept {
        std::swap(file_, other.file_);
        std::swap(held_, other.held_);
        std::swap(taken_, other.taken_);
        return *this;
    }
    ~file_lock() {
        if (file_ >= 0) ::close(file_);
    }

    [[nodiscard]] bool held() const { return held_; }
    /// Whether another object, of this process or another, holds it.
    [[nodiscard]] bool taken() const { return taken_; }
    /// Whether what it locks is still what is at that path.
    [[nodiscard]] bool is_at(const std::filesystem::path& path) const {
        struct stat mine {
        }, there{};
        return held_ && ::fstat(file_, &mine) == 0 && ::lstat(path.c_str(), &there) == 0 &&
               mine.st_dev == there.st_dev && mine.st_ino == there.st_ino;
    }

  private:
    int file_ = -1;
    bool held_ = false, taken_ = false;
};

} // namespace preflearn
