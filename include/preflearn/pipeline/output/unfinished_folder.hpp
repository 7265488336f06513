/// \file
/// The folder in which a run keeps what it goes on from when it is stopped: it is known by a file in it, and belongs to
/// one process at a time.
// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <ostream>
#include <string>
#include <string_view>
#include <system_error>

#include <preflearn/core/system/atomic_file.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/core/system/file_lock.hpp>
#include <preflearn/core/system/whole_folder.hpp>

namespace preflearn {

/// Where a result that is not finished keeps what a run goes on from: `student` has its folder `student.unfinished`.
inline std::filesystem::path unfinished_path(const std::filesystem::path& out) {
    std::filesystem::path place = detail::named_folder(out);
    return place += ".unfinished";
}

namespace detail {

inline std::filesystem::path mark_of(const std::filesystem::path& folder) { return folder / "unfinished.txt"; }
inline constexpr std::string_view unfinished_mark =
    "preflearn keeps here what a run that was stopped goes on from; the run removes this folder when it is done.\n";

inline bool is_marked(const std::filesystem::path& folder) {
    std::ifstream mark(mark_of(folder), std::ios::binary);
    using bytes = std::istreambuf_iterator<char>;
    return mark.is_open() && std::string(bytes(mark), bytes()) == unfinished_mark;
}

} // namespace detail

/// The folder `OUT.unfinished` while a run is at it. An error leaves it for the next call, unless nothing is in it yet.
class unfinished_folder {
  public:
    /// Makes the folder, or opens that of a run that was stopped. \param out what the run makes
    /// \throws input_error for a folder that no run has made, one at which another process is, and one that cannot be
    /// made
    explicit unfinished_folder(const std::filesystem::path& out) : path_(unfinished_path(out)) {
        std::error_code ignored;
        if (!std::filesystem::exists(std::filesystem::symlink_status(path_, ignored)))
            write_folder_whole(path_, [](const std::filesystem::path& folder) {
                std::ofstream(detail::mark_of(folder), std::ios::binary) << detail::unfinished_mark;
            });
        require<input_error>(detail::is_marked(path_), path_.string(),
                             ": is there already and not what an unfinished run has left; nothing is written into it: "
                             "remove it or give another output name");
        lock_ = file_lock(detail::mark_of(path_));
        require<input_error>(!lock_.taken(), path_.string(), ": another process is making ", out.string());
    }
    unfinished_folder(const unfinished_folder&) = delete;
    unfinished_folder& operator=(const unfinished_folder&) = delete;
    ~unfinished_folder() {
        std::error_code failure;
        const std::filesystem::directory_iterator all(path_, failure);
        if (!path_.empty() && !failure && std::distance(begin(all), end(all)) <= 1) remove();
    }

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }
    /// Once what the run makes is there.
    void remove() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
        path_.clear();
    }

  private:
    std::filesystem::path path_;
    file_lock lock_;
};

/// Removes what a run has left that was stopped between making `out` and removing the folder; nothing that no run made.
inline void remove_unfinished(const std::filesystem::path& out) {
    if (detail::is_marked(unfinished_path(out))) unfinished_folder(out).remove();
}

} // namespace preflearn
