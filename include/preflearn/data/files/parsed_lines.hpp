/// \file
/// What the readers of JSON lines have in common: blank lines are passed over, a malformed one is told with its place
/// or left out, and what the file itself cannot give is an error in any case.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <type_traits>

#include <preflearn/core/system/error.hpp>
#include <preflearn/data/files/line_reader.hpp>

namespace preflearn {

/// The message of a failure without "file:line: " in front. Views it.
inline std::string_view without_place(std::string_view failure, const file_line& place) {
    const std::string shown = message(place, ": ");
    if (failure.starts_with(shown)) failure.remove_prefix(shown.size());
    return failure;
}

/// parse(line) of the next line that is not blank; nothing at the end. Where malformed lines are skipped, skip(failure)
/// is told of each, and the next is read.
/// \throws input_error "file:line: …" for what `parse` throws, unless such lines are skipped; in any case for damaged
/// or shortened gzip data and failing reads.
template <class Parse, class Skip>
auto next_parsed(line_reader& lines, bool skip_malformed, const Parse& parse, const Skip& skip)
    -> std::optional<std::invoke_result_t<const Parse&, std::string_view>> {
    for (;;) {
        const std::size_t before = lines.line();
        try {
            const std::optional<std::string_view> line = lines.next();
            if (!line) return std::nullopt;
            if (is_blank(*line)) continue;
            try {
                return parse(*line);
            } catch (const error& failure) { // a conversation's renderer throws argument_error
                throw input_error(message(lines.place(), ": ", failure.what()));
            }
        } catch (const input_error& failure) {
            const bool can_go_on = lines.line() > before; // else the file itself cannot be read
            if (!skip_malformed || !can_go_on) throw;
            skip(std::string_view(failure.what()));
        }
    }
}

} // namespace preflearn
