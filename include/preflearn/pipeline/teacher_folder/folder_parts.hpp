/// \file
/// Files and folders that a teacher's folder names: relative to it, and inside it, also where a link leads. And a name
/// for their content, by which what was exchanged is noticed (against mistakes, not deceit: it is FNV-1a).
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <preflearn/core/numbers/random.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/report/run/file_hash.hpp>

namespace preflearn {

/// Of some files: their names and their contents, in the order of the names.
/// \throws input_error for a file that cannot be read.
inline std::string content_hash(std::vector<std::filesystem::path> files) {
    std::ranges::sort(files, {}, [](const std::filesystem::path& file) { return file.filename(); });
    std::uint64_t hash = hash_of("");
    for (const std::filesystem::path& file : files)
        hash = hash_of(hash_text(hash_file(file).hash), hash_of(file.filename().string(), hash));
    return hash_text(hash);
}

namespace detail {

/// \throws input_error where `place`, whatever links it goes through, is not within `folder`, or does not exist.
inline void check_inside(const std::filesystem::path& folder, const std::filesystem::path& place) {
    std::error_code missing;
    const std::filesystem::path root = std::filesystem::canonical(folder, missing);
    require<input_error>(!missing, folder.string(), ": ", missing.message());
    const std::filesystem::path real = std::filesystem::canonical(place, missing);
    require<input_error>(!missing, place.string(), ": the teacher needs it: ", missing.message());
    require<input_error>(std::mismatch(root.begin(), root.end(), real.begin(), real.end()).first == root.end(),
                         place.string(), ": leads out of the teacher's folder, to ", real.string(),
                         "; files of a teacher lie in its folder");
}

} // namespace detail

/// The place of a file or folder that the folder's teacher.json names.
/// \throws input_error for an absolute path, one with "..", a link that leads out of the folder, and what is not there.
inline std::filesystem::path part_of_folder(const std::filesystem::path& folder, std::string_view name) {
    const std::filesystem::path given(name);
    const std::string place = (folder / "teacher.json").string();
    require<input_error>(!given.empty() && !given.is_absolute(), place, ": names ", excerpt{name},
                         "; a path relative to the folder was expected");
    for (const std::filesystem::path& step : given)
        require<input_error>(step != "..", place, ": names ", excerpt{name},
                             ", which climbs out of the folder by '..'");
    detail::check_inside(folder, folder / given);
    return folder / given;
}

/// The content of such a file, or of the files directly in such a folder, each of which lies in the teacher's folder.
/// \throws input_error as `part_of_folder`, and for what cannot be read.
inline std::string part_hash(const std::filesystem::path& folder, std::string_view name) {
    const std::filesystem::path part = part_of_folder(folder, name);
    std::vector<std::filesystem::path> files;
    std::error_code failure;
    if (std::filesystem::is_directory(part, failure)) {
        for (std::filesystem::directory_iterator entry(part, failure), end; !failure && entry != end;
             entry.increment(failure)) {
            detail::check_inside(folder, entry->path());
            if (entry->is_regular_file(failure)) files.push_back(entry->path());
        }
        require<input_error>(!failure, part.string(), ": cannot be listed: ", failure.message());
    } else {
        files.push_back(part);
    }
    return content_hash(std::move(files));
}

} // namespace preflearn
