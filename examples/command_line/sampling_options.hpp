// How responses are drawn: options of the programs that draw some.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/core/sampling.hpp>

#include "command_line.hpp"

inline void add_sampling_options(command_line& line, preflearn::sampling_options& to) {
    line.add("--temperature", to.temperature, "logits are divided by it; 0: greedy").no_minus().shows_default();
    line.add("--top-k", to.top_k, "keep the k likeliest tokens; 0: all").non_negative().shows_default();
    line.add("--top-p", to.top_p, "then the likeliest that together reach this probability").shows_default();
    line.add("--min-p", to.min_p, "then those that are at least so many times as likely as the likeliest")
        .shows_default();
}
