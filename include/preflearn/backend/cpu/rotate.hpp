/// \file
/// Rotary position embeddings (Su et al. 2021, arXiv:2104.09864) in the layout of Hugging Face: entry i of the first
/// half of what turns of a head goes with entry i of the second half, by the angle position · frequency[i]; what is
/// behind the two stays. Yarn lengthens all that turns by a factor. Angles are taken in double, since a float loses
/// them at long positions. The gradient is turned back by the same angles, and lengthened as well.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <preflearn/core/matrix_view.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/core/system/parallel.hpp>

namespace preflearn {

/// The position of every row of a batch, and cosines and sines of all positions between the first and the last.
template <class T> class row_rotation {
  public:
    /// `frequencies` are radians a position, `factor` is that of cosines and sines.
    row_rotation(std::span<const double> frequencies, std::span<const std::uint32_t> positions, double factor = 1)
        : half_(frequencies.size()), positions_(positions.begin(), positions.end()) {
        if (positions.empty()) return;
        const auto [low, high] = std::ranges::minmax(positions);
        first_ = low;
        values_.resize(2 * half_ * (high - low + std::size_t{1}));
        parallel_blocks(high - low + std::size_t{1}, 256, [&](std::size_t begin, std::size_t end) {
            for (std::size_t p = begin; p < end; ++p) {
                T* const row = values_.data() + 2 * half_ * p;
                for (std::size_t i = 0; i < half_; ++i) {
                    const double angle = static_cast<double>(first_ + p) * frequencies[i];
                    row[i] = static_cast<T>(factor * std::cos(angle));
                    row[half_ + i] = static_cast<T>(factor * std::sin(angle));
                }
            }
        });
    }

    /// Turns each of `heads` heads side by side in place, to its row's position (or back from it).
    /// \throws argument_error when the rows are not those of the batch or their heads too narrow.
    void turn(matrix_view<T> rows, std::size_t heads, bool back) const {
        require(rows.rows == positions_.size() && rows.columns % heads == 0 && rows.columns / heads >= 2 * half_,
                "rotate: ", positions_.size(), " rows of ", heads, " heads that turn in ", 2 * half_,
                " entries do not fit ", rows.rows, " x ", rows.columns);
        const std::size_t grain = 1 + 32768 / (1 + rows.columns);
        parallel_blocks(rows.rows, grain, [&](std::size_t begin, std::size_t end) {
            for (std::size_t r = begin; r < end; ++r)
                turn_row(rows.row(r), heads, rows.columns / heads, positions_[r], back);
        });
    }

  private:
    void turn_row(T* values, std::size_t heads, std::size_t dim, std::size_t position, bool back) const {
        const T* const cosine = values_.data() + 2 * half_ * (position - first_);
        const T* const sine = cosine + half_;
        const T sign = back ? T(-1) : T(1);
        for (std::size_t h = 0; h < heads; ++h) {
            T* const low = values + dim * h;
            T* const high = low + half_;
            for (std::size_t i = 0; i < half_; ++i) {
                const T x = low[i], y = high[i], s = sign * sine[i];
                low[i] = x * cosine[i] - y * s;
                high[i] = y * cosine[i] + x * s;
            }
        }
    }

    std::size_t half_;
    std::size_t first_ = 0;
    std::vector<std::uint32_t> positions_;
    std::vector<T> values_;
};

} // namespace preflearn
