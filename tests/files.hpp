/// \file
/// A folder of a test's own, removed with everything in it; what errors say; damage to files.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

#include <stdlib.h>

#include <preflearn/core/numbers/random.hpp>
#include <preflearn/core/system/error.hpp>

namespace test {

class folder {
  public:
    folder() {
        std::string name = (std::filesystem::temp_directory_path() / "preflearn-XXXXXX").string();
        preflearn::require<preflearn::input_error>(::mkdtemp(name.data()) != nullptr, "no temporary folder");
        path_ = name;
    }
    folder(const folder&) = delete;
    ~folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    std::filesystem::path operator/(std::string_view name) const { return path_ / name; }
    const std::filesystem::path& path() const { return path_; }
    std::filesystem::path write(std::string_view name, std::string_view content) const {
        std::ofstream(path_ / name, std::ios::binary) << content;
        return path_ / name;
    }

  private:
    std::filesystem::path path_;
};

inline std::string read(const std::filesystem::path& path) {
    std::ostringstream content;
    content << std::ifstream(path, std::ios::binary).rdbuf();
    return content.str();
}

/// The message of the preflearn::error that `call` throws; empty when it throws none. Other exceptions pass through.
template <class Call> std::string error_of(Call&& call) {
    try {
        call();
        return "";
    } catch (const preflearn::error& failure) {
        return failure.what();
    }
}

inline bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

/// One to three bits turned.
inline std::string with_flips(std::string content, preflearn::generator& random) {
    for (std::uint64_t flips = 1 + random.below(3); flips > 0; --flips) {
        const std::size_t at = random.below(content.size());
        content[at] = static_cast<char>(static_cast<unsigned char>(content[at]) ^ (1U << random.below(8)));
    }
    return content;
}

} // namespace test
