/// \file
/// Where a launch over pairs or games adds up what is wanted of all of them: sums of each block, which the last block
/// to finish adds up in their order, so that one launch does both and its bits depend on the number of pairs alone.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

#include <cuda_runtime_api.h>

#include <preflearn/backend/cuda/error.hpp>
#include <preflearn/backend/cuda/memory.hpp>
#include <preflearn/backend/cuda/stream.hpp>

namespace preflearn::cuda {

/// Threads of a block, and blocks of a launch at most; where there are more pairs, threads take several.
inline constexpr unsigned sum_threads = 128, sum_blocks = 512;

constexpr unsigned blocks_of_sums(std::size_t count) {
    return static_cast<unsigned>(std::min<std::size_t>((count + sum_threads - 1) / sum_threads, sum_blocks));
}

/// Room for `Fields` sums; of one launch at a time, and then of the next.
template <std::size_t Fields> class sum_room {
  public:
    /// \throws device_memory_error; no_device_error; device_error
    sum_room() : sums_(Fields * (sum_blocks + 1)), done_(1) {
        check(cudaMemsetAsync(done_.data(), 0, sizeof(unsigned), compute_stream()), "cudaMemsetAsync");
    }
    /// The sums, then those of each block; on the device.
    [[nodiscard]] double* sums() const { return sums_.data(); }
    /// Blocks that have finished; 0 between launches.
    [[nodiscard]] unsigned* done() const { return done_.data(); }
    /// What the last launch has added up. Waits for it.
    [[nodiscard]] std::array<double, Fields> read(cudaStream_t stream) const {
        std::array<double, Fields> found{};
        check(cudaMemcpyAsync(found.data(), sums_.data(), sizeof(found), cudaMemcpyDeviceToHost, stream),
              "cudaMemcpyAsync");
        synchronise(stream);
        return found;
    }

  private:
    device_buffer<double> sums_;
    device_buffer<unsigned> done_;
};

} // namespace preflearn::cuda
