/// \file
/// A folder that appears whole or not at all: written beside its place under a name of its own, flushed, and renamed.
// SPDX-License-Identifier: MIT
#pragma once

#include <cerrno>
#include <concepts>
#include <filesystem>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <preflearn/core/system/atomic_file.hpp>
#include <preflearn/core/system/error.hpp>

namespace preflearn {

namespace detail {

/// A new folder beside `path`; removed again, with what is in it, unless it was renamed.
class temporary_folder {
  public:
    explicit temporary_folder(const std::filesystem::path& path)
        : made_(made_beside(path, "folder", "cannot be made", [](const std::filesystem::path& made) {
              return ::mkdir(made.c_str(), 0777) == 0 ? 0 : errno;
          })) {}
    temporary_folder(const temporary_folder&) = delete;
    temporary_folder& operator=(const temporary_folder&) = delete;
    ~temporary_folder() {
        std::error_code ignored;
        if (!made_.path.empty()) std::filesystem::remove_all(made_.path, ignored);
    }
    [[nodiscard]] const std::filesystem::path& path() const { return made_.path; }
    void renamed() { made_.path.clear(); }

  private:
    made_aside made_;
};

/// The path without a slash at its end.
inline std::filesystem::path named_folder(const std::filesystem::path& path) {
    return path.has_filename() ? path : path.parent_path();
}

} // namespace detail

/// Calls `fill(folder)` on an empty folder beside `path` and puts it at `path`, where nothing may be. When `fill`
/// throws or the disk fails, nothing is left. A killed process may leave a folder `.<name>.<n>.tmp` behind, which the
/// next one that writes there removes.
/// \throws input_error when something is at `path`, or the folder cannot be made; and what `fill` throws.
template <std::invocable<const std::filesystem::path&> Fill>
void write_folder_whole(const std::filesystem::path& path, Fill&& fill) {
    const std::filesystem::path target = detail::named_folder(path);
    require<input_error>(target.has_filename(), path.string(), ": the name of a folder was expected");
    std::error_code failure;
    const auto nothing_there = [&] {
        const bool there = std::filesystem::exists(std::filesystem::symlink_status(target, failure));
        require<input_error>(!there, target.string(), ": is there already, and nothing is written over");
    };
    nothing_there();
    detail::temporary_folder made(target);
    std::forward<Fill>(fill)(made.path());
    for (const auto& entry : std::filesystem::recursive_directory_iterator(made.path(), failure)) {
        const int code = entry.is_directory() ? detail::flush_to_disk(entry.path(), O_RDONLY | O_DIRECTORY)
                                              : detail::flush_to_disk(entry.path(), O_RDONLY);
        require<input_error>(code == 0 || entry.is_directory(), entry.path().string(),
                             ": cannot be flushed: ", std::generic_category().message(code));
    }
    nothing_there(); // rename replaces an empty folder
    std::filesystem::rename(made.path(), target, failure);
    require<input_error>(!failure, target.string(), ": cannot be made: ", failure.message());
    made.renamed();
    detail::flush_to_disk(target.has_parent_path() ? target.parent_path() : std::filesystem::path("."),
                          O_RDONLY | O_DIRECTORY);
}

} // namespace preflearn
