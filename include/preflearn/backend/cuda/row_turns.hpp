/// \file
/// By how much each row of a batch turns: cosines and sines of its position's angles, taken in double by the host, once
/// for every position that occurs, and laid out a row each on the device.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <preflearn/backend/cuda/array.hpp>
#include <preflearn/backend/cuda/memory.hpp>
#include <preflearn/backend/cuda/operations.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/core/system/parallel.hpp>

namespace preflearn::cuda {

class row_turns {
  public:
    /// `frequencies` are radians a position, `factor` is that of cosines and sines.
    row_turns(std::span<const double> frequencies, std::span<const std::uint32_t> positions, double factor = 1)
        : pairs_(frequencies.size()), rows_(positions.size()) {
        if (rows_ == 0 || pairs_ == 0) return;
        std::vector<std::uint32_t> occurring(positions.begin(), positions.end());
        std::ranges::sort(occurring);
        occurring.erase(std::ranges::unique(occurring).begin(), occurring.end());
        std::vector<std::uint32_t> places(rows_);
        for (std::size_t r = 0; r < rows_; ++r)
            places[r] =
                static_cast<std::uint32_t>(std::ranges::lower_bound(occurring, positions[r]) - occurring.begin());
        const std::size_t width = 2 * pairs_;
        std::vector<float> table(occurring.size() * width);
        parallel_blocks(occurring.size(), 128, [&](std::size_t begin, std::size_t end) {
            for (std::size_t p = begin; p < end; ++p) {
                for (std::size_t i = 0; i < pairs_; ++i) {
                    const double angle = occurring[p] * frequencies[i];
                    table[p * width + i] = static_cast<float>(factor * std::cos(angle));
                    table[p * width + pairs_ + i] = static_cast<float>(factor * std::sin(angle));
                }
            }
        });
        const auto of_positions = copied_to_device(std::span<const float>(table));
        const auto of_rows = copied_to_device(std::span<const std::uint32_t>(places));
        turns_ = device_buffer<float>(rows_ * width);
        gather_rows<float>({of_positions.data(), occurring.size(), width, width}, of_rows.data(),
                           {turns_.data(), rows_, width, width}, compute_stream());
    }

    /// Turns each of `heads` heads side by side in place.
    /// \throws argument_error when the rows are not those of the batch or their heads too narrow
    template <Element E> void turn(device_rows<E> x, std::size_t heads) const {
        require(x.rows == rows_ && heads != 0 && x.columns % heads == 0 && x.columns / heads >= 2 * pairs_,
                "rotate: ", rows_, " rows of ", heads, " heads that turn in ", 2 * pairs_, " entries do not fit ",
                x.rows, " x ", x.columns);
        if (pairs_ != 0) cuda::rotate(turns_.data(), pairs_, heads, x, compute_stream());
    }

  private:
    std::size_t pairs_ = 0, rows_ = 0;
    device_buffer<float> turns_;
};

} // namespace preflearn::cuda
