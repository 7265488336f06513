/// \file
/// Rotary position embeddings (Su et al. 2021, arXiv:2104.09864) in the layout of Hugging Face: entry i of the first
/// half of a head turns with entry i of the second half by the angle position · θ^{-2i/d}. Angles are taken in
/// double, since a float loses them at long positions. The gradient is turned back by the same angles.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <span>
#include <vector>

#include <preflearn/core/matrix_view.hpp>
#include <preflearn/core/system/parallel.hpp>
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

/// Cosines and sines of the positions first … first + count - 1.
template <class T> class rotary_table {
  public:
    rotary_table(const transformer_config& config, std::size_t first, std::size_t count)
        : half_(config.head_dim / 2), first_(first), values_(2 * half_ * count) {
        const std::vector<double> frequencies = rotary_frequencies(config);
        for (std::size_t p = 0; p < count; ++p) {
            T* row = values_.data() + 2 * half_ * p;
            for (std::size_t i = 0; i < half_; ++i) {
                const double angle = static_cast<double>(first + p) * frequencies[i];
                row[i] = static_cast<T>(std::cos(angle));
                row[half_ + i] = static_cast<T>(std::sin(angle));
            }
        }
    }

    /// Turns `heads` neighbouring heads in place, to `position` (or back from it).
    void turn(T* values, std::size_t heads, std::size_t position, bool back) const {
        const T* cosine = values_.data() + 2 * half_ * (position - first_);
        const T* sine = cosine + half_;
        const T sign = back ? T(-1) : T(1);
        for (std::size_t h = 0; h < heads; ++h) {
            T* low = values + 2 * half_ * h;
            T* high = low + half_;
            for (std::size_t i = 0; i < half_; ++i) {
                const T x = low[i], y = high[i], s = sign * sine[i];
                low[i] = x * cosine[i] - y * s;
                high[i] = y * cosine[i] + x * s;
            }
        }
    }

    /// Turns the first `heads` heads of every row to (or back from) the row's position.
    void turn_rows(matrix_view<T> rows, std::size_t heads, std::span<const std::uint32_t> positions, bool back) const {
        const std::size_t grain = 1 + 32768 / (1 + 2 * half_ * heads);
        parallel_blocks(rows.rows, grain, [&](std::size_t begin, std::size_t end) {
            for (std::size_t r = begin; r < end; ++r) turn(rows.row(r), heads, positions[r], back);
        });
    }

  private:
    std::size_t half_;
    std::size_t first_;
    std::vector<T> values_;
};

} // namespace preflearn
