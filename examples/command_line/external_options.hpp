// The external program that a teacher asks: the options of every program that uses teachers.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include <preflearn/pipeline/teacher_folder/external_command.hpp>

#include "command_line.hpp"

struct external_choice {
    std::string command;
    double seconds = 600;
    std::size_t block = 256;
};

/// \throws preflearn::argument_error for what is no command
inline std::optional<preflearn::external_command> chosen_external(const external_choice& given) {
    if (given.command.empty()) return std::nullopt;
    return preflearn::external_command_of(given.command, given.seconds, given.block);
}

inline void add_external_options(command_line& line, external_choice& given) {
    const option command =
        line.add("--external", given.command,
                 "of a teacher of the kind external: the program that it asks, with its arguments; words are split at "
                 "blanks, '…', \"…\" and \\ keep them, and no shell looks at it");
    line.add("--external-seconds", given.seconds, "how long it may take for a block of records")
        .positive()
        .shows_default()
        .needs(command);
    line.add("--external-block", given.block, "records that it is asked about at once")
        .positive()
        .shows_default()
        .needs(command);
}
