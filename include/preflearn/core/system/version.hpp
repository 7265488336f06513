/// \file
/// The library's version, for manifests and messages. A test keeps it equal to the CMake project's.
// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

#include <preflearn/core/system/compiler.hpp>

namespace preflearn {

inline constexpr std::string_view library_version = "0.1.0";

} // namespace preflearn
