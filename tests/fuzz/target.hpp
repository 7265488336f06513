/// \file
/// What the fuzz targets share: the input as a file of its own, and the corpus that a run begins with. A file that the
/// library maps is a block of the heap here (the linker puts these functions in mmap's and munmap's place), so that
/// AddressSanitizer sees the first byte that is read beyond its end.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include <sys/mman.h>
#include <unistd.h>

#include <preflearn/core/system/error.hpp>

#include "../files.hpp"

extern "C" void* __wrap_mmap(void*, std::size_t size, int, int, int file, off_t) {
    void* const block = std::malloc(size);
    return block != nullptr && ::pread(file, block, size, 0) == static_cast<ssize_t>(size) ? block : MAP_FAILED;
}
extern "C" int __wrap_munmap(void* block, std::size_t) {
    std::free(block);
    return 0;
}

namespace fuzz {

/// A folder in memory, which the process keeps.
inline const test::folder& folder() {
    static const test::folder* const here = [] {
        ::setenv("TMPDIR", "/dev/shm", 0);
        return new test::folder;
    }();
    return *here;
}

/// Runs what reads a hostile file; the only ways out are success and preflearn::error.
template <class Read> int survives(Read&& read) {
    try {
        read();
    } catch (const preflearn::error&) {
    }
    return 0;
}

/// The input's `count` parts, of which all but the last end at a byte 0xFF, which is in no UTF-8.
inline std::string_view next_part(std::string_view& rest) {
    const std::size_t end = rest.find('\xFF');
    const std::string_view part = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    return part;
}

/// What a run begins with: written to the folder that $CORPUS names.
inline void seed(std::string_view name, std::string_view content) {
    if (const char* const corpus = std::getenv("CORPUS"))
        std::ofstream(std::filesystem::path(corpus) / name, std::ios::binary) << content;
}
inline std::filesystem::path golden(std::string_view path) { return std::filesystem::path(PREFLEARN_TESTS) / path; }

} // namespace fuzz
