/// \file
/// The inputs of field reports, which live in the shared folder beside the project. Each test here reads one and checks
/// the value that its README gives.
// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <iostream>
#include <string_view>

namespace test {

/// The file or folder of that name. Empty when it is not there, and the skip is reported.
inline std::filesystem::path field_file(std::string_view name) {
    const std::filesystem::path path = std::filesystem::path(PREFLEARN_SHARED) / "field" / name;
    if (std::filesystem::exists(path)) return path;
    std::cout << "[skipped] no " << path.string() << '\n';
    return {};
}

} // namespace test
