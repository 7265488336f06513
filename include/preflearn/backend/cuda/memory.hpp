/// \file
/// Memory of the device, from the pool behind cudaMallocAsync, which keeps what is given back for the next one who asks
/// (its release threshold is raised), and pinned memory of the host, from which copies run beside computing.
// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <type_traits>
#include <utility>

#include <cuda_runtime_api.h>

#include <preflearn/backend/cuda/device.hpp>
#include <preflearn/backend/cuda/error.hpp>
#include <preflearn/backend/cuda/stream.hpp>
#include <preflearn/core/system/error.hpp>

namespace preflearn::cuda {

/// The device's memory is too small; says how much was asked for and how much was free. Who asked may try less.
struct device_memory_error : device_error {
    std::size_t asked_bytes, free_bytes;

    device_memory_error(std::size_t asked, const memory_state& state, code_line at)
        : device_error(message("out of memory on ", detail::current_device_text(), ": ", asked,
                               " bytes were asked for, ", state.free_bytes, " of ", state.total_bytes, " are free; ",
                               at)),
          asked_bytes(asked), free_bytes(state.free_bytes) {}
};

namespace detail {

/// The pool of this thread's device, made to keep what it has.
inline cudaMemPool_t kept_pool() {
    static std::atomic<std::uint64_t> kept{0}; // a bit a device
    const int device = bind_device();
    cudaMemPool_t pool = nullptr;
    check(cudaDeviceGetDefaultMemPool(&pool, device), "cudaDeviceGetDefaultMemPool");
    const std::uint64_t bit = std::uint64_t{1} << (device % 64);
    if ((kept.load(std::memory_order_relaxed) & bit) == 0) {
        std::uint64_t everything = std::numeric_limits<std::uint64_t>::max();
        check(cudaMemPoolSetAttribute(pool, cudaMemPoolAttrReleaseThreshold, &everything), "cudaMemPoolSetAttribute");
        kept.fetch_or(bit);
    }
    return pool;
}

/// \throws device_memory_error also where the number of bytes is none
template <class T> std::size_t bytes_of_elements(std::size_t count, code_line at) {
    constexpr std::size_t most = std::numeric_limits<std::size_t>::max() / sizeof(T);
    if (count > most) throw device_memory_error(std::numeric_limits<std::size_t>::max(), device_memory(), at);
    return count * sizeof(T);
}

/// Where the pool is at its end it gives back to the device what it keeps, and is asked once more.
inline void* allocate(std::size_t bytes, cudaStream_t stream, code_line at) {
    if (bytes == 0) return nullptr;
    const cudaMemPool_t pool = kept_pool();
    void* made = nullptr;
    cudaError_t result = cudaMallocAsync(&made, bytes, stream);
    if (result == cudaErrorMemoryAllocation) {
        (void)cudaGetLastError();
        synchronise(stream, at); // what was freed behind kernels that still run
        check(cudaMemPoolTrimTo(pool, 0), "cudaMemPoolTrimTo", at);
        result = cudaMallocAsync(&made, bytes, stream);
        if (result == cudaErrorMemoryAllocation) {
            (void)cudaGetLastError();
            throw device_memory_error(bytes, device_memory(), at);
        }
    }
    check(result, "cudaMallocAsync", at);
    return made;
}

/// At the process's end the runtime may be gone, and nobody is told.
inline void give_back(void* memory, cudaStream_t stream) noexcept {
    if (memory == nullptr) return;
    try {
        bind_device();
        (void)cudaFreeAsync(memory, stream);
    } catch (const device_error&) { // no device any more
    }
}

} // namespace detail

/// Gives back to the device all that the pool keeps and nobody holds.
inline void give_back_kept_memory() {
    const cudaMemPool_t pool = detail::kept_pool();
    synchronise(compute_stream());
    check(cudaMemPoolTrimTo(pool, 0), "cudaMemPoolTrimTo");
}

/// `size` elements on the device, of no particular values, from where the stream is when they are made until where it
/// is when they are given back: its kernels that still run may go on using them.
template <class T> class device_buffer {
    static_assert(std::is_trivially_copyable_v<T>, "elements of a device's memory are copied as bytes");

  public:
    device_buffer() = default;
    /// \throws device_memory_error where they do not fit; no_device_error; device_error
    explicit device_buffer(std::size_t count, cudaStream_t stream = compute_stream(), code_line at = code_line::here())
        : size_(count), stream_(stream),
          data_(static_cast<T*>(detail::allocate(detail::bytes_of_elements<T>(count, at), stream, at))) {}
    device_buffer(device_buffer&& other) noexcept { *this = std::move(other); }
    device_buffer& operator=(device_buffer&& other) noexcept {
        std::swap(size_, other.size_);
        std::swap(stream_, other.stream_);
        std::swap(data_, other.data_);
        return *this;
    }
    ~device_buffer() { detail::give_back(const_cast<std::remove_const_t<T>*>(data_), stream_); }

    [[nodiscard]] T* data() const { return data_; }
    [[nodiscard]] std::size_t size() const { return size_; }

  private:
    std::size_t size_ = 0;
    cudaStream_t stream_ = nullptr;
    T* data_ = nullptr;
};

/// `size` elements of the host, pinned, of no particular values.
template <class T> class pinned_buffer {
    static_assert(std::is_trivially_copyable_v<T>, "elements of pinned memory are copied as bytes");

  public:
    pinned_buffer() = default;
    /// \throws device_error where the host has no such memory; no_device_error
    explicit pinned_buffer(std::size_t count, code_line at = code_line::here()) : size_(count) {
        if (count == 0) return;
        bind_device();
        void* made = nullptr;
        check(cudaMallocHost(&made, detail::bytes_of_elements<T>(count, at)), "cudaMallocHost", at);
        held_ = owned_handle<void*, cudaFreeHost>(made);
    }
    [[nodiscard]] T* data() const { return static_cast<T*>(held_.get()); }
    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] std::span<T> span() const { return {data(), size_}; }

  private:
    std::size_t size_ = 0;
    owned_handle<void*, cudaFreeHost> held_;
};

} // namespace preflearn::cuda
