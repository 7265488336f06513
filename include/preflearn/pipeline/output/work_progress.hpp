/// \file
/// How far a program's work has come, and, once, after its first block, how long the whole will take.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <preflearn/core/system/error.hpp>
#include <preflearn/core/system/progress.hpp>

namespace preflearn {

/// Takes each sentence for the user.
using speaker = std::function<void(const std::string&)>;

/// Says each line of a text.
inline void say_lines(std::string_view lines, const speaker& say) {
    while (!lines.empty()) {
        const std::size_t end = std::min(lines.find('\n'), lines.size());
        say(std::string(lines.substr(0, end)));
        lines.remove_prefix(std::min(end + 1, lines.size()));
    }
}

/// Told at the start and after each block how much of how much is done, how many tokens were computed for the block and
/// how many operations one takes. \param title what is done
using work_progress =
    std::function<void(std::string_view title, std::size_t done, std::size_t total, double tokens, double operations)>;

/// `seen`, and a sentence after the first block of each title.
inline work_progress with_first_estimate(const work_progress& seen, const speaker& say) {
    struct since {
        std::string title;
        std::chrono::steady_clock::time_point start{};
        std::size_t done = 0;
        bool told = true;
    };
    return [seen, say, state = std::make_shared<since>()](std::string_view title, std::size_t done, std::size_t total,
                                                          double tokens, double operations) {
        const auto now = std::chrono::steady_clock::now();
        if (state->title != title) {
            *state = {std::string(title), now, done, false};
        } else if (!state->told && done > state->done && done < total) {
            const double seconds = std::chrono::duration<double>(now - state->start).count();
            const double each = seconds / static_cast<double>(done - state->done);
            say(message(title, ": ", done, " of ", total, "; the rest will take about ",
                        short_time(each * static_cast<double>(total - done))));
            state->told = true;
        }
        if (seen) seen(title, done, total, tokens, operations);
    };
}

} // namespace preflearn
