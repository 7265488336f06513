/// \file
/// The external program that a teacher asks. It runs only when it stands on the command line of the program that uses
/// the teacher: a folder that came from elsewhere can name none.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <preflearn/core/system/child_process.hpp>
#include <preflearn/core/system/error.hpp>

namespace preflearn {

struct external_command {
    /// The program, found by PATH, and its arguments.
    std::vector<std::string> words{};
    /// How long it may take for a block of so many records.
    double seconds = 600;
    std::size_t block = 256;
};

/// Split as `split_command` says. \throws argument_error for what is no command, or a limit that is none.
inline external_command external_command_of(std::string_view text, double seconds = 600, std::size_t block = 256) {
    require(seconds > 0 && std::isfinite(seconds), "an external program may take ", seconds,
            " seconds; a positive number was expected");
    require(block > 0, "an external program is asked about no records at once");
    return {split_command(text), seconds, block};
}

} // namespace preflearn
