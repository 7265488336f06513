/// \file
/// Angles of rotary position embeddings (Su et al. 2021, arXiv:2104.09864): at position p, pair i of a head turns by
/// p · θ^{-2i/d}, with the rules by which frequencies are stretched for long contexts.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <vector>

#include <preflearn/policy/decoder/config.hpp>

namespace preflearn {

/// By how much of itself pair `i` of `columns` / 2 keeps its frequency under yarn, from 1 down to 0.
inline double yarn_kept(const rope_scaling& scaling, double base, std::size_t columns, std::size_t i) {
    // the pair, not a whole number, that makes so many turns within the original length
    const auto pair_of = [&](double turns) {
        const double wavelength = static_cast<double>(scaling.original_maximum_length) / (2 * std::numbers::pi * turns);
        return static_cast<double>(columns) * std::log(wavelength) / (2 * std::log(base));
    };
    double first = pair_of(scaling.beta_fast), last = pair_of(scaling.beta_slow);
    if (scaling.truncate) first = std::floor(first), last = std::ceil(last);
    first = std::max(first, 0.0);
    last = std::min(last, static_cast<double>(columns) - 1);
    if (first == last) last += 0.001; // as the reference implementation
    return 1 - std::clamp((static_cast<double>(i) - first) / (last - first), 0.0, 1.0);
}

/// What the angles of a text depend on: its length in tokens under dynamic scaling, where it is longer than those
/// trained on first; otherwise 0.
inline std::size_t rotary_length(const transformer_config& config, std::size_t length) {
    const rope_scaling& scaling = config.rope_scaling;
    return scaling.type == rope_scaling::rule::dynamic && length > scaling.original_maximum_length ? length : 0;
}

/// The rotary_dim / 2 angles by which one position turns, in radians, slow ones last; `local`: in layers that
/// config.local_rotary() names; `length`: a rotary_length.
inline std::vector<double> rotary_frequencies(const transformer_config& config, bool local = false,
                                              std::size_t length = 0) {
    const rope_scaling scaling = local ? rope_scaling{} : config.rope_scaling;
    double base = local ? config.local_rope_theta : config.rope_theta;
    const std::size_t columns = config.rotary_dim != 0 ? config.rotary_dim : config.head_dim;
    std::vector<double> frequencies(columns / 2);
    if (!local && length != 0) { // the slowest pair is then divided by `stretch`
        const double stretch =
            scaling.factor * static_cast<double>(length) / static_cast<double>(scaling.original_maximum_length) -
            (scaling.factor - 1);
        base *= std::pow(stretch, static_cast<double>(columns) / static_cast<double>(columns - 2));
    }
    for (std::size_t i = 0; i < frequencies.size(); ++i) {
        double f = std::pow(base, -2.0 * static_cast<double>(i) / static_cast<double>(columns));
        if (scaling.type == rope_scaling::rule::linear) f /= scaling.factor;
        if (scaling.type == rope_scaling::rule::yarn) {
            const double kept = yarn_kept(scaling, base, columns, i);
            f *= (1 - kept) / scaling.factor + kept;
        }
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

/// What cosines and sines of these angles are multiplied by.
inline double rotary_factor(const transformer_config& config, bool local = false) {
    return !local && config.rope_scaling.type == rope_scaling::rule::yarn ? config.rope_scaling.attention_factor : 1;
}

} // namespace preflearn
