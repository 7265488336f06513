/// \file
/// How a generative policy draws a response.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

#include <preflearn/core/system/compiler.hpp>

namespace preflearn {

/// Filters apply in this order, as in transformers: temperature, top-k, top-p, min-p. The defaults sample from the
/// policy itself.
struct sampling_options {
    /// Logits are divided by it; 0 takes the likeliest token (greedy). Finite and not negative.
    double temperature = 1;
    /// Keep the k likeliest tokens; 0 keeps all.
    std::size_t top_k = 0;
    /// Keep the smallest set of likeliest tokens whose probability reaches top_p; in (0, 1].
    double top_p = 1;
    /// Keep the tokens that are at least min_p times as likely as the likeliest; in [0, 1], 0 keeps all.
    double min_p = 0;
    /// A response has at most this many tokens, the end-of-sequence token included.
    std::size_t max_tokens = 128;
};

} // namespace preflearn
