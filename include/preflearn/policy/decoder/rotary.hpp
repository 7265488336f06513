/// \file
/// Angles of rotary position embeddings (Su et al. 2021, arXiv:2104.09864): at position p, pair i of a head turns by
/// p · θ^{-2i/d}, with the rules by which frequencies are stretched for long contexts.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstddef>
#include <numbers>
#include <vector>

#include <preflearn/policy/decoder/config.hpp>

namespace preflearn {

/// The rotary_dim / 2 angles by which one position turns, in radians, slow ones last; `local`: in layers that
/// config.local_rotary() names.
inline std::vector<double> rotary_frequencies(const transformer_config& config, bool local = false) {
    const rope_scaling scaling = local ? rope_scaling{} : config.rope_scaling;
    const double base = local ? config.local_rope_theta : config.rope_theta;
    const std::size_t columns = config.rotary_dim != 0 ? config.rotary_dim : config.head_dim;
    std::vector<double> frequencies(columns / 2);
    for (std::size_t i = 0; i < frequencies.size(); ++i) {
        double f = std::pow(base, -2.0 * static_cast<double>(i) / static_cast<double>(columns));
        if (scaling.type == rope_scaling::rule::linear) f /= scaling.factor;
        if (scaling.type == rope_scaling::rule::llama3) {
            // how many turns a head makes within the original context, placed between the two bounds
            const double turns = static_cast<double>(scaling.original_maximum_length) * f / (2 * std::numbers::pi);
            const double low = scaling.low_frequency_factor, high = scaling.high_frequency_factor;
            if (turns < low) {
                f /= scaling.factor;
            } else if (turns <= high) {
                const double kept = (turns - low) / (high - low);
                f *= (1 - kept) / scaling.factor + kept;
            }
        }
        if (!scaling.frequency_divisors.empty()) f /= scaling.frequency_divisors[i];
        frequencies[i] = f;
    }
    return frequencies;
}

} // namespace preflearn
