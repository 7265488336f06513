/// \file
/// Rows that are filled, converted, added, gathered and scattered on a device. All of it is bound by memory, N rows of
/// d elements of e bytes:
///
///     fill                Nde              write
///     convert             Nd (e + e')      read, write
///     add                 3Nde             two reads, write; 2Nd FLOPs
///     add_bias            2Nde + de        or Nde + de where rows are replaced; the bias is asked for once a thread
///     gather, scatter     2Nde + 4N        read, write; each thread asks for its row's number
///
/// Launch: a thread takes one piece of a row, 16 bytes where all addresses and strides allow it, else one element, so a
/// warp touches neighbouring bytes; a block is 256 such threads, across a row or, where rows are short, of several
/// rows. Arrays without gaps are taken for one long row. No fusion: these are what is left between products (a cache,
/// wanted rows, biases), and what could be fused is elsewhere: residual sums in the product (β = 1), a norm's sum in
/// norm.cuh.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>

#include <preflearn/backend/cuda/kernels/device.cuh>
#include <preflearn/backend/cuda/kernels/launch.cuh>
#include <preflearn/backend/cuda/operations.hpp>
#include <preflearn/backend/cuda/row_grid.hpp>

namespace preflearn::cuda {

/// Whether packs of `Width` elements may start at every multiple of Width columns of these rows.
template <unsigned Width, class E> bool takes_packs(device_rows<E> x) {
    return reinterpret_cast<std::uintptr_t>(x.data) % (Width * sizeof(E)) == 0 && x.columns % Width == 0 &&
           (x.rows <= 1 || x.stride % Width == 0);
}

/// Rows without gaps are one long row.
template <class E> bool without_gaps(device_rows<E> x) { return x.rows <= 1 || x.stride == x.columns; }
template <class E> device_rows<E> one_row(device_rows<E> x) {
    return {x.data, 1, x.rows * x.columns, x.rows * x.columns};
}

namespace detail {

/// 8 bytes as one load or store; 16 are device.cuh's.
#ifdef __CUDACC__
using bits64 = uint2;
__device__ __forceinline__ bits64 whole(bits64 value) { return value; }
#else
__extension__ typedef std::uint64_t bits64 __attribute__((may_alias));
#endif

} // namespace detail

/// `Width` neighbouring elements of a row, read and written at once: 16 or 8 bytes at an address that is a multiple of
/// them, or one element.
template <unsigned Width, class E> struct alignas(Width * sizeof(E)) piece {
    static_assert(Width == 1 || Width * sizeof(E) == 16 || Width * sizeof(E) == 8);
    E values[Width];

    __device__ __forceinline__ E& operator[](unsigned i) { return values[i]; }
    __device__ __forceinline__ const E& operator[](unsigned i) const { return values[i]; }
};
template <unsigned Width, class E> __device__ __forceinline__ piece<Width, E> load_piece(const E* from) {
    if constexpr (Width == 1)
        return {{*from}};
    else if constexpr (Width * sizeof(E) == 8)
        return std::bit_cast<piece<Width, E>>(detail::whole(*reinterpret_cast<const detail::bits64*>(from)));
    else
        return std::bit_cast<piece<Width, E>>(load_pack(from));
}
template <unsigned Width, class E> __device__ __forceinline__ void store_piece(E* to, const piece<Width, E>& values) {
    if constexpr (Width == 1)
        *to = values[0];
    else if constexpr (Width * sizeof(E) == 8)
        *reinterpret_cast<detail::bits64*>(to) = detail::whole(std::bit_cast<detail::bits64>(values));
    else
        store_pack(to, std::bit_cast<pack<E>>(values));
}

/// use.run<Width>(row, column) for every piece of Width columns of every row.
template <unsigned Width, class Use> __global__ void each_piece(std::size_t rows, std::size_t pieces, Use use) {
    const std::size_t piece = std::size_t{blockIdx.x} * blockDim.x + threadIdx.x;
    if (piece >= pieces) return;
    for (std::size_t row = std::size_t{blockIdx.y} * blockDim.y + threadIdx.y; row < rows;
         row += std::size_t{gridDim.y} * blockDim.y)
        use.template run<Width>(row, piece * Width);
}

/// Starts each_piece, with packs of `Width` elements where they are allowed, else element by element.
template <unsigned Width, class Use>
void start_pieces(bool packs, std::size_t rows, std::size_t columns, const Use& use, cudaStream_t stream) {
    if (rows == 0 || columns == 0) return;
    const std::size_t pieces = packs ? columns / Width : columns;
    const piece_grid grid(rows, pieces);
    if (packs)
        launch(each_piece<Width, Use>, grid.blocks, grid.threads, 0, stream, rows, pieces, use);
    else
        launch(each_piece<1, Use>, grid.blocks, grid.threads, 0, stream, rows, pieces, use);
}

template <Element E> struct fill_piece {
    device_rows<E> x;
    E value;

    template <unsigned Width> __device__ void run(std::size_t row, std::size_t column) const {
        piece<Width, E> filled;
        for (unsigned i = 0; i < Width; ++i) filled[i] = value;
        store_piece(x.data + row * x.stride + column, filled);
    }
};

template <Element From, Element To> struct convert_piece {
    device_rows<const From> x;
    device_rows<To> y;

    template <unsigned Width> __device__ void run(std::size_t row, std::size_t column) const {
        const auto in = load_piece<Width>(x.data + row * x.stride + column);
        To* const to = y.data + row * y.stride + column;
        if constexpr (std::same_as<From, To>) {
            store_piece(to, in); // bits stay
        } else {
            piece<Width, To> out;
            for (unsigned i = 0; i < Width; ++i) out[i] = narrow<To>(widen(in[i]));
            store_piece(to, out);
        }
    }
};

template <Element E> struct add_piece {
    device_rows<const E> x;
    device_rows<E> y;
    float factor;

    template <unsigned Width> __device__ void run(std::size_t row, std::size_t column) const {
        const auto added = load_piece<Width>(x.data + row * x.stride + column);
        E* const to = y.data + row * y.stride + column;
        auto sum = load_piece<Width>(to);
        for (unsigned i = 0; i < Width; ++i) sum[i] = narrow<E>(widen(sum[i]) + factor * widen(added[i]));
        store_piece(to, sum);
    }
};

/// Reads (gathers) or writes (scatters) rows at given numbers.
template <Element E> struct move_piece {
    device_rows<const E> x;
    device_rows<E> y;
    const std::uint32_t *from, *to; ///< null: the row itself

    template <unsigned Width> __device__ void run(std::size_t row, std::size_t column) const {
        const std::size_t source = from ? from[row] : row, target = to ? to[row] : row;
        store_piece(y.data + target * y.stride + column, load_piece<Width>(x.data + source * x.stride + column));
    }
};

/// A thread keeps its piece of the bias and goes down the rows.
template <unsigned Width, Element E>
__global__ void add_bias_pieces(std::size_t pieces, const E* bias, device_rows<E> y, bool add) {
    const std::size_t piece = std::size_t{blockIdx.x} * blockDim.x + threadIdx.x;
    if (piece >= pieces) return;
    const auto added = load_piece<Width>(bias + piece * Width);
    for (std::size_t row = std::size_t{blockIdx.y} * blockDim.y + threadIdx.y; row < y.rows;
         row += std::size_t{gridDim.y} * blockDim.y) {
        E* const to = y.data + row * y.stride + piece * Width;
        auto sum = added;
        if (add) {
            sum = load_piece<Width>(to);
            for (unsigned i = 0; i < Width; ++i) sum[i] = narrow<E>(widen(sum[i]) + widen(added[i]));
        }
        store_piece(to, sum);
    }
}

// ---- the operations

template <Element E> void fill(device_rows<E> x, float value, cudaStream_t stream) {
    if (without_gaps(x)) x = one_row(x);
    start_pieces<16 / sizeof(E)>(takes_packs<16 / sizeof(E)>(x), x.rows, x.columns,
                                 fill_piece<E>{x, static_cast<E>(value)}, stream);
}

template <Element From, Element To> void convert(device_rows<const From> x, device_rows<To> y, cudaStream_t stream) {
    constexpr unsigned width = 16 / std::max(sizeof(From), sizeof(To));
    if (without_gaps(x) && without_gaps(y)) x = one_row(x), y = one_row(y);
    start_pieces<width>(takes_packs<width>(x) && takes_packs<width>(y), y.rows, y.columns,
                        convert_piece<From, To>{x, y}, stream);
}

template <Element E> void add(device_rows<const E> x, device_rows<E> y, float factor, cudaStream_t stream) {
    constexpr unsigned width = 16 / sizeof(E);
    if (without_gaps(x) && without_gaps(y)) x = one_row(x), y = one_row(y);
    start_pieces<width>(takes_packs<width>(x) && takes_packs<width>(y), y.rows, y.columns, add_piece<E>{x, y, factor},
                        stream);
}

template <Element E> void add_bias(const E* bias, device_rows<E> y, store mode, cudaStream_t stream) {
    constexpr unsigned width = 16 / sizeof(E);
    if (y.rows == 0 || y.columns == 0) return;
    const bool packs = takes_packs<width>(y) && takes_packs<width>(device_rows<const E>{bias, 1, y.columns, 0});
    const std::size_t pieces = packs ? y.columns / width : y.columns;
    const piece_grid grid(y.rows, pieces, rows_of_a_bias);
    launch(packs ? add_bias_pieces<width, E> : add_bias_pieces<1, E>, grid.blocks, grid.threads, 0, stream, pieces,
           bias, y, mode == store::add);
}

template <Element E>
void gather_rows(device_rows<const E> x, const std::uint32_t* rows, device_rows<E> y, cudaStream_t stream) {
    constexpr unsigned width = 16 / sizeof(E);
    start_pieces<width>(takes_packs<width>(x) && takes_packs<width>(y), y.rows, y.columns,
                        move_piece<E>{x, y, rows, nullptr}, stream);
}

template <Element E>
void scatter_rows(device_rows<const E> x, const std::uint32_t* rows, device_rows<E> y, cudaStream_t stream) {
    constexpr unsigned width = 16 / sizeof(E);
    start_pieces<width>(takes_packs<width>(x) && takes_packs<width>(y), x.rows, x.columns,
                        move_piece<E>{x, y, nullptr, rows}, stream);
}

template void fill<float>(device_rows<float>, float, cudaStream_t);
template void fill<bfloat16>(device_rows<bfloat16>, float, cudaStream_t);
template void fill<float16>(device_rows<float16>, float, cudaStream_t);
template void convert<float, float>(device_rows<const float>, device_rows<float>, cudaStream_t);
template void convert<float, bfloat16>(device_rows<const float>, device_rows<bfloat16>, cudaStream_t);
template void convert<float, float16>(device_rows<const float>, device_rows<float16>, cudaStream_t);
template void convert<bfloat16, float>(device_rows<const bfloat16>, device_rows<float>, cudaStream_t);
template void convert<bfloat16, bfloat16>(device_rows<const bfloat16>, device_rows<bfloat16>, cudaStream_t);
template void convert<bfloat16, float16>(device_rows<const bfloat16>, device_rows<float16>, cudaStream_t);
template void convert<float16, float>(device_rows<const float16>, device_rows<float>, cudaStream_t);
template void convert<float16, bfloat16>(device_rows<const float16>, device_rows<bfloat16>, cudaStream_t);
template void convert<float16, float16>(device_rows<const float16>, device_rows<float16>, cudaStream_t);
template void add<float>(device_rows<const float>, device_rows<float>, float, cudaStream_t);
template void add<bfloat16>(device_rows<const bfloat16>, device_rows<bfloat16>, float, cudaStream_t);
template void add<float16>(device_rows<const float16>, device_rows<float16>, float, cudaStream_t);
template void add_bias<float>(const float*, device_rows<float>, store, cudaStream_t);
template void add_bias<bfloat16>(const bfloat16*, device_rows<bfloat16>, store, cudaStream_t);
template void add_bias<float16>(const float16*, device_rows<float16>, store, cudaStream_t);
template void gather_rows<float>(device_rows<const float>, const std::uint32_t*, device_rows<float>, cudaStream_t);
template void gather_rows<bfloat16>(device_rows<const bfloat16>, const std::uint32_t*, device_rows<bfloat16>,
                                    cudaStream_t);
template void gather_rows<float16>(device_rows<const float16>, const std::uint32_t*, device_rows<float16>,
                                   cudaStream_t);
template void scatter_rows<float>(device_rows<const float>, const std::uint32_t*, device_rows<float>, cudaStream_t);
template void scatter_rows<bfloat16>(device_rows<const bfloat16>, const std::uint32_t*, device_rows<bfloat16>,
                                     cudaStream_t);
template void scatter_rows<float16>(device_rows<const float16>, const std::uint32_t*, device_rows<float16>,
                                    cudaStream_t);

} // namespace preflearn::cuda
