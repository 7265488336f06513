/// \file
/// Arrays of a device, in rows that begin at multiples of 16 bytes, so that products and kernels read whole packs, and
/// what goes between them and the host: numbers, which are rounded to the device's type on their way, and row numbers.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <cuda_runtime_api.h>

#include <preflearn/backend/cuda/error.hpp>
#include <preflearn/backend/cuda/memory.hpp>
#include <preflearn/backend/cuda/operations.hpp>
#include <preflearn/backend/cuda/stream.hpp>
#include <preflearn/backend/cuda/upload.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/core/system/parallel.hpp>

namespace preflearn::cuda {

/// What a T is on a device whose numbers are E.
template <class T, Element E> using element_of = std::conditional_t<std::is_const_v<T>, const E, E>;

/// Elements from one row to the next, of rows of so many: the least that is a multiple of 16 bytes.
template <Element E> constexpr std::size_t row_stride(std::size_t columns) {
    constexpr std::size_t pack = 16 / sizeof(E);
    return (columns + pack - 1) / pack * pack;
}

/// Some columns of rows, some of their rows.
template <class E> device_rows<E> some_columns(device_rows<E> x, std::size_t first, std::size_t count) {
    return {x.data + first, x.rows, count, x.stride};
}
template <class E> device_rows<E> some_rows(device_rows<E> x, std::size_t first, std::size_t count) {
    return {x.data + first * x.stride, count, x.columns, x.stride};
}

namespace detail {

/// Rows of bytes, in one piece where neither side has gaps: a pitch is bounded, a piece is not.
inline void copy_bytes(void* to, std::size_t to_pitch, const void* from, std::size_t from_pitch, std::size_t width,
                       std::size_t rows, cudaMemcpyKind kind) {
    if (width == 0 || rows == 0) return;
    if (rows == 1 || (to_pitch == width && from_pitch == width))
        return check(cudaMemcpyAsync(to, from, width * rows, kind, compute_stream()), "cudaMemcpyAsync");
    check(cudaMemcpy2DAsync(to, to_pitch, from, from_pitch, width, rows, kind, compute_stream()), "cudaMemcpy2DAsync");
}

} // namespace detail

/// y = x, of one type. \param x of the same shape
template <Element E> void copy_elements(device_rows<const E> x, device_rows<E> y) {
    detail::copy_bytes(y.data, y.stride * sizeof(E), x.data, x.stride * sizeof(E), x.columns * sizeof(E), x.rows,
                       cudaMemcpyDeviceToDevice);
}

/// Owns rows × columns elements, indeterminate until written; one row has no gap behind it.
template <Element E> class device_matrix {
  public:
    device_matrix() = default;
    /// \throws device_memory_error where they do not fit
    device_matrix(std::size_t rows, std::size_t columns)
        : rows_(rows), columns_(columns), stride_(rows > 1 ? row_stride<E>(columns) : columns),
          memory_(count_of(rows, stride_)) {}
    device_matrix(const device_matrix& other) : device_matrix(other.rows_, other.columns_) {
        copy_elements<E>(other.rows(), rows());
    }
    device_matrix(device_matrix&& other) noexcept
        : rows_(std::exchange(other.rows_, 0)), columns_(std::exchange(other.columns_, 0)),
          stride_(std::exchange(other.stride_, 0)), memory_(std::move(other.memory_)) {}
    device_matrix& operator=(device_matrix other) noexcept {
        rows_ = other.rows_;
        columns_ = other.columns_;
        stride_ = other.stride_;
        memory_ = std::move(other.memory_);
        return *this;
    }
    ~device_matrix() = default;

    [[nodiscard]] device_rows<E> rows() { return {memory_.data(), rows_, columns_, stride_}; }
    [[nodiscard]] device_rows<const E> rows() const { return {memory_.data(), rows_, columns_, stride_}; }

  private:
    /// More than there can be where the product of the two is no number.
    static std::size_t count_of(std::size_t rows, std::size_t stride) {
        constexpr std::size_t most = std::numeric_limits<std::size_t>::max();
        return stride != 0 && rows > most / stride ? most : rows * stride;
    }

    std::size_t rows_ = 0, columns_ = 0, stride_ = 0;
    device_buffer<E> memory_;
};

/// Rounds to the device's type. \throws numeric_error for a number beyond what a float16 holds.
template <Element E> void round_numbers(const float* from, std::size_t count, E* to) {
    if constexpr (std::same_as<E, float>) {
        std::copy_n(from, count, to);
    } else {
        constexpr float largest = std::same_as<E, float16> ? 65519.99F : std::numeric_limits<float>::max();
        bool fits = true;
        for (std::size_t i = 0; i < count; ++i) {
            const float size = from[i] < 0 ? -from[i] : from[i];
            fits = fits && !(size > largest && size <= std::numeric_limits<float>::max());
            to[i] = E(from[i]);
        }
        if (fits) return;
        const float* const found =
            std::find_if(from, from + count, [](float x) { return x > largest || x < -largest; });
        throw numeric_error(message("a weight of ", *found, " is more than a float16 holds (65504): choose bfloat16"));
    }
}

/// The host's numbers, row after row without gaps, onto the device. The shapes agree.
template <Element E> void upload_numbers(std::span<const float> from, device_rows<E> to) {
    if (from.empty()) return;
    constexpr std::size_t piece = std::size_t{1} << 20; // of what has no gaps, whose rows may be long
    const bool whole = to.rows == 1 || to.stride == to.columns;
    const std::size_t width = whole ? std::min(piece, from.size()) : to.columns, rows = from.size() / width;
    const auto fill = [&](std::size_t first, std::size_t count, E* out) {
        parallel_blocks(count * width, std::size_t{1} << 16, [&](std::size_t begin, std::size_t end) {
            round_numbers(from.data() + first * width + begin, end - begin, out + begin);
        });
    };
    upload_rows(device_rows<E>{to.data, rows, width, whole ? width : to.stride}, fill);
    if (rows * width < from.size())
        upload_numbers(from.subspan(rows * width), device_rows<E>{to.data + rows * width, 1, from.size() - rows * width,
                                                                  from.size() - rows * width});
}

/// The device's numbers to the host, row after row without gaps, when all that was enqueued before is done.
template <Element E> void download_numbers(device_rows<const E> from, std::span<float> to) {
    const auto copy = [&](E* host) {
        detail::copy_bytes(host, from.columns * sizeof(E), from.data, from.stride * sizeof(E), from.columns * sizeof(E),
                           from.rows, cudaMemcpyDeviceToHost);
        synchronise(compute_stream());
    };
    if constexpr (std::same_as<E, float>) {
        copy(to.data());
    } else {
        std::vector<E> room(to.size());
        copy(room.data());
        parallel_blocks(to.size(), std::size_t{1} << 16, [&](std::size_t begin, std::size_t end) {
            std::copy(room.data() + begin, room.data() + end, to.data() + begin);
        });
    }
}

/// A copy on the device of what the host has in memory, enqueued; the host's may go at once.
template <class T> device_buffer<T> copied_to_device(std::span<const T> values) {
    device_buffer<T> made(values.size());
    if (!values.empty())
        check(
            cudaMemcpyAsync(made.data(), values.data(), values.size_bytes(), cudaMemcpyHostToDevice, compute_stream()),
            "cudaMemcpyAsync");
    return made;
}
/// The same of a device's numbers for the host, waited for.
template <class T> std::vector<T> copied_to_host(const device_buffer<T>& values) {
    std::vector<T> made(values.size());
    detail::copy_bytes(made.data(), 0, values.data(), 0, values.size() * sizeof(T), 1, cudaMemcpyDeviceToHost);
    synchronise(compute_stream());
    return made;
}

/// Numbers of rows, on the device, each below `limit`. `what` is told in the error: an operation and what it names.
/// \throws argument_error naming the first that is not
template <std::integral Number>
device_buffer<std::uint32_t> checked_numbers(std::string_view what, std::span<const Number> numbers,
                                             std::size_t limit) {
    std::vector<std::uint32_t> checked(numbers.size());
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        require(std::cmp_greater_equal(numbers[i], 0) && std::cmp_less(numbers[i], limit), what, ' ', i, " is ",
                numbers[i], ", expected 0 to below ", limit);
        checked[i] = static_cast<std::uint32_t>(numbers[i]);
    }
    return copied_to_device(std::span<const std::uint32_t>(checked));
}

} // namespace preflearn::cuda
