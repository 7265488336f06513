/// \file
/// Rows of numbers that the host makes (reads from a mapped file, dequantises, rounds) onto the device, tile by tile
/// through two pinned buffers: one is filled while the other is on its way, on a stream beside the one that computes.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <mutex>

#include <cuda_runtime_api.h>

#include <preflearn/backend/cuda/error.hpp>
#include <preflearn/backend/cuda/memory.hpp>
#include <preflearn/backend/cuda/operations.hpp>
#include <preflearn/backend/cuda/stream.hpp>

namespace preflearn::cuda {

/// Two pinned buffers and a stream. Calls are safe from several threads, which wait for each other.
class uploader {
  public:
    /// Of each buffer; a row that is longer gets a longer one.
    static constexpr std::size_t usual_tile_bytes = std::size_t{8} << 20;

    explicit uploader(std::size_t tile_bytes = usual_tile_bytes) : tile_bytes_(tile_bytes) {}
    uploader(const uploader&) = delete;
    uploader& operator=(const uploader&) = delete;
    ~uploader() { // copies from the buffers may be under way
        (void)cudaStreamSynchronize(stream_.get());
    }

    /// y = the rows that `fill(first, count, E* to)` writes, row after row without gaps, `count` of them from `first`
    /// on. Work enqueued on the compute stream before comes first, and what is enqueued afterwards waits for the rows;
    /// the host need not wait. \throws what fill throws (some rows of y may be written then); device_error
    template <Element E, std::invocable<std::size_t, std::size_t, E*> Fill>
    void upload_rows(device_rows<E> y, Fill&& fill) {
        if (y.rows == 0 || y.columns == 0) return;
        const std::scoped_lock alone(lock_);
        const cudaStream_t computing = compute_stream();
        const std::size_t row_bytes = y.columns * sizeof(E);
        const std::size_t rows_at_once = std::clamp<std::size_t>(tile_bytes_ / row_bytes, 1, y.rows);
        earlier_.record(computing);
        earlier_.hold_back(stream_.get());
        for (std::size_t first = 0; first < y.rows; first += rows_at_once) {
            const std::size_t count = std::min(rows_at_once, y.rows - first);
            tile& next = next_tile(count * row_bytes);
            fill(first, count, reinterpret_cast<E*>(next.bytes.data()));
            check(cudaMemcpy2DAsync(y.data + first * y.stride, y.stride * sizeof(E), next.bytes.data(), row_bytes,
                                    row_bytes, count, cudaMemcpyHostToDevice, stream_.get()),
                  "cudaMemcpy2DAsync");
            next.sent.record(stream_.get());
            next.sent.hold_back(computing);
        }
    }

  private:
    struct tile {
        pinned_buffer<std::byte> bytes;
        event sent;
    };

    /// The buffer whose copy is longer ago, when that is done.
    tile& next_tile(std::size_t bytes) {
        tile& next = tiles_[turn_ ^= 1];
        next.sent.wait();
        if (next.bytes.size() < bytes) next.bytes = pinned_buffer<std::byte>(std::max(bytes, tile_bytes_));
        return next;
    }

    std::size_t tile_bytes_;
    std::mutex lock_;
    side_stream stream_;
    std::array<tile, 2> tiles_;
    event earlier_;
    unsigned turn_ = 0;
};

namespace detail {

/// Destroyed by nobody: at the process's end the runtime may be gone.
inline uploader& process_uploader() {
    static uploader* const one = new uploader; // NOLINT
    return *one;
}

} // namespace detail

/// By the process's own uploader. See uploader::upload_rows.
template <Element E, std::invocable<std::size_t, std::size_t, E*> Fill>
void upload_rows(device_rows<E> y, Fill&& fill) {
    detail::process_uploader().upload_rows(y, fill);
}

} // namespace preflearn::cuda
