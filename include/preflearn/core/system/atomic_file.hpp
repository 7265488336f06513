/// \file
/// Writes a file so that its name always shows either the old content or the whole new one: the text goes to a
/// temporary file in the same folder, is flushed to the disk, and is then renamed over the target. A link to a file is
/// followed, and what is no regular file (a pipe, /dev/stdout, /dev/null) is written to and never replaced.
// SPDX-License-Identifier: MIT
#pragma once

#include <cerrno>
#include <concepts>
#include <filesystem>
#include <fstream>
#include <ostream>
#include <string_view>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include <preflearn/core/system/error.hpp>
#include <preflearn/core/system/file_lock.hpp>

namespace preflearn {

namespace detail {

/// Flushes a file's or folder's content to the disk; returns 0 or the error's number.
inline int flush_to_disk(const std::filesystem::path& path, int flags) {
    const int file = ::open(path.c_str(), flags | O_CLOEXEC);
    if (file < 0) return errno;
    const int failure = ::fsync(file) == 0 ? 0 : errno;
    ::close(file);
    return failure;
}

/// Calls `write(stream)` on what is at `path`. \param name the path in messages
template <class Write>
void write_through(const std::filesystem::path& path, const std::filesystem::path& name, Write&& write) {
    std::ofstream stream(path, std::ios::binary | std::ios::trunc);
    require<input_error>(stream.is_open(), path.string(), ": cannot be written");
    std::forward<Write>(write)(static_cast<std::ostream&>(stream));
    stream.close();
    require<input_error>(!stream.fail(), name.string(), ": writing failed (is the disk full?)");
}

/// What is made beside a path before it takes its place, and the lock that says that somebody is at it.
struct made_aside {
    std::filesystem::path path{};
    file_lock lock{};
};

/// Removes what a killed process left: what nobody holds. \returns whether it is gone
inline bool removed_if_left(const std::filesystem::path& path) {
    const file_lock lock(path);
    if (!lock.is_at(path)) return false;
    std::error_code failure;
    std::filesystem::remove_all(path, failure);
    return !failure;
}

/// A path beside `path` that nobody else has, `.<name>.<n>.tmp`, at which `make` has made something; `make` returns 0
/// or the error's number. What a killed process left under that name is removed.
/// \param what is made, and \param fault that it cannot be, in messages \throws input_error then
template <class Make>
made_aside made_beside(const std::filesystem::path& path, std::string_view what, std::string_view fault,
                       const Make& make) {
    for (int number = 0, attempt = 0; number < 1000 && attempt < 100000; ++attempt) {
        std::filesystem::path made = path;
        made.replace_filename(message(".", path.filename().string(), ".", number, ".tmp"));
        const int code = make(made);
        if (code == 0) {
            file_lock lock(made);
            // in the moment before the lock another may have taken it for something left
            if (lock.is_at(made) || (!lock.held() && !lock.taken())) return {std::move(made), std::move(lock)};
        } else if (code != EEXIST) {
            throw input_error(message(path.string(), ": ", fault, ": ", std::generic_category().message(code)));
        } else if (!removed_if_left(made)) {
            ++number;
        }
    }
    throw input_error(message(path.string(), ": no free name for a temporary ", what, " beside it"));
}

/// A new file beside `path` that nobody else has; removed again unless it was renamed.
class temporary_file {
  public:
    explicit temporary_file(const std::filesystem::path& path)
        : made_(
              made_beside(path, "file", "a file cannot be made in this folder", [](const std::filesystem::path& made) {
                  const int file = ::open(made.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0666);
                  if (file < 0) return errno;
                  ::close(file);
                  return 0;
              })) {}
    temporary_file(const temporary_file&) = delete;
    temporary_file& operator=(const temporary_file&) = delete;
    ~temporary_file() {
        std::error_code ignored;
        if (!made_.path.empty()) std::filesystem::remove(made_.path, ignored);
    }
    [[nodiscard]] const std::filesystem::path& path() const { return made_.path; }

    /// \throws input_error when the system refuses (a full disk, a folder of that name).
    void rename_to(const std::filesystem::path& target) {
        std::error_code code;
        std::filesystem::rename(made_.path, target, code);
        if (code) throw input_error(message(target.string(), ": cannot be replaced: ", code.message()));
        made_.path.clear();
    }

  private:
    made_aside made_;
};

} // namespace detail

namespace detail {

/// What is replaced: a link to a file is followed. \throws input_error unless there is a file name.
inline std::filesystem::path replaced_file(const std::filesystem::path& path) {
    require<input_error>(path.has_filename(), path.string(), ": a file name was expected");
    std::error_code ignored;
    const bool link = std::filesystem::is_symlink(std::filesystem::symlink_status(path, ignored));
    return link ? std::filesystem::weakly_canonical(path, ignored) : path;
}

} // namespace detail

/// Tries, before hours of work, whether `write_atomically` will find a folder in which it can make files.
/// \throws input_error when it will not, or when there is a folder of that name.
inline void check_can_be_written(const std::filesystem::path& path) {
    const std::filesystem::path target = detail::replaced_file(path);
    std::error_code ignored;
    const std::filesystem::file_status there = std::filesystem::status(target, ignored);
    require<input_error>(!std::filesystem::is_directory(there), path.string(), ": is a folder, a file was expected");
    if (!std::filesystem::is_other(there)) detail::temporary_file{target};
}

/// Makes a folder, and those it lies in, where they are missing. \throws input_error when it cannot be made.
inline void make_folder(const std::filesystem::path& folder) {
    std::error_code failure;
    std::filesystem::create_directories(folder, failure);
    require<input_error>(!failure, folder.string(), ": cannot be made: ", failure.message());
}

namespace detail {

/// \param replaces is asked whether the finished temporary file is to stand at its target: replaces(temporary, target)
template <class Write, class Replaces>
void write_aside(const std::filesystem::path& path, Write&& write, const Replaces& replaces) {
    const std::filesystem::path target = replaced_file(path);
    std::error_code ignored;
    const std::filesystem::file_status there = std::filesystem::status(path, ignored);
    if (std::filesystem::is_other(there)) return write_through(path, path, std::forward<Write>(write));
    temporary_file temporary(target);
    write_through(temporary.path(), path, std::forward<Write>(write));
    if (!replaces(temporary.path(), target)) return;
    const int failure = flush_to_disk(temporary.path(), O_RDONLY);
    if (failure) {
        throw input_error(message(path.string(), ": cannot be flushed: ", std::generic_category().message(failure)));
    }
    temporary.rename_to(target);
    const auto folder = target.has_parent_path() ? target.parent_path() : std::filesystem::path(".");
    flush_to_disk(folder, O_RDONLY | O_DIRECTORY); // not every file system can; the rename holds anyway
}

} // namespace detail

/// Calls `write(stream)` on a binary stream and puts what it wrote at `path`. When `write` throws or the disk
/// fails, the old file stays as it was and no temporary file is left. A killed process may leave a file named
/// `.<name>.<n>.tmp` behind, which the next one that writes there removes; never a half-written target.
/// \throws input_error when the folder is missing or anything cannot be written; and what `write` throws.
template <std::invocable<std::ostream&> Write> void write_atomically(const std::filesystem::path& path, Write&& write) {
    detail::write_aside(path, std::forward<Write>(write), [](const auto&, const auto&) { return true; });
}

} // namespace preflearn
