/// \file
/// Names a file by its content: FNV-1a, 64 bits, over its bytes. It tells whether two runs read the same file; it is no
/// protection against somebody who wants to deceive.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <preflearn/core/numbers/random.hpp>
#include <preflearn/core/system/error.hpp>

namespace preflearn {

/// A file that a run has read.
struct input_file {
    std::string path;
    std::uint64_t bytes = 0;
    /// FNV-1a of the content.
    std::uint64_t hash = 0;
};

/// "fnv1a64:" and sixteen hexadecimal digits, as manifests write it.
inline std::string hash_text(std::uint64_t hash) {
    std::string digits(16, '0');
    for (std::size_t i = 0; i < 16; ++i) digits[i] = "0123456789abcdef"[(hash >> (60 - 4 * i)) & 15];
    return "fnv1a64:" + digits;
}

/// Reads a file in blocks and hashes it. \throws input_error when it cannot be read.
inline input_file hash_file(const std::filesystem::path& path) {
    std::error_code code;
    std::ifstream stream(path, std::ios::binary);
    require<input_error>(stream.is_open() && !std::filesystem::is_directory(path, code), path.string(),
                         ": cannot be read as a file");
    input_file file{.path = path.string(), .bytes = 0, .hash = hash_of("")};
    std::vector<char> block(std::size_t{1} << 16);
    while (stream) {
        stream.read(block.data(), static_cast<std::streamsize>(block.size()));
        const auto count = static_cast<std::size_t>(stream.gcount());
        file.hash = hash_of(std::string_view(block.data(), count), file.hash);
        file.bytes += count;
    }
    require<input_error>(!stream.bad(), path.string(), ": reading failed after ", file.bytes, " bytes");
    return file;
}

/// The file at `path`, or the files directly in the folder there, in the order of their names.
/// \throws input_error when something cannot be read.
inline std::vector<input_file> hash_files(const std::filesystem::path& path) {
    std::error_code code;
    if (!std::filesystem::is_directory(path, code)) return {hash_file(path)};
    std::vector<std::filesystem::path> paths;
    for (std::filesystem::directory_iterator entry(path, code), end; !code && entry != end; entry.increment(code)) {
        if (entry->is_regular_file(code)) paths.push_back(entry->path());
    }
    require<input_error>(!code, path.string(), ": cannot be listed: ", code.message());
    std::ranges::sort(paths);
    std::vector<input_file> files;
    for (const auto& file : paths) files.push_back(hash_file(file));
    return files;
}

} // namespace preflearn
