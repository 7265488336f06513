/// \file
/// Tokens and positions become rows on a device: x = scale · table[id], x += table[position]. N rows of d elements of e
/// bytes:
///
///     embed            2Nde + 4N     a row of the table for every token (a token's row that comes again may come from
///                                    L2), write; the ids. Nd FLOPs
///     add_positions    3Nde + 4N     the same and the row that is added to
///
/// Launch: pieces of rows as in rows.cuh; every thread asks for its row's id, which a warp reads as one. Ids and
/// positions were checked by the host. Not fused with the first norm (that would save Nde of some 12 Nde a layer, once
/// a forward pass), since the residual rows are wanted as well.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>

#include <preflearn/backend/cuda/kernels/device.cuh>
#include <preflearn/backend/cuda/kernels/rows.cuh>
#include <preflearn/backend/cuda/operations.hpp>

namespace preflearn::cuda {

template <Element E> struct embed_piece {
    const std::uint32_t* ids;
    device_rows<const E> table;
    float scale;
    device_rows<E> y;

    template <unsigned Width> __device__ void run(std::size_t row, std::size_t column) const {
        auto values = load_piece<Width>(table.data + ids[row] * table.stride + column);
        for (unsigned i = 0; i < Width; ++i) values[i] = narrow<E>(scale * widen(values[i]));
        store_piece(y.data + row * y.stride + column, values);
    }
};

template <Element E> struct add_position_piece {
    const std::uint32_t* positions;
    device_rows<const E> table;
    device_rows<E> y;

    template <unsigned Width> __device__ void run(std::size_t row, std::size_t column) const {
        const auto added = load_piece<Width>(table.data + positions[row] * table.stride + column);
        E* const to = y.data + row * y.stride + column;
        auto sum = load_piece<Width>(to);
        for (unsigned i = 0; i < Width; ++i) sum[i] = narrow<E>(widen(sum[i]) + widen(added[i]));
        store_piece(to, sum);
    }
};

// ---- the operations

template <Element E>
void embed(const std::uint32_t* ids, device_rows<const E> table, float scale, device_rows<E> y, cudaStream_t stream) {
    constexpr unsigned width = 16 / sizeof(E);
    start_pieces<width>(takes_packs<width>(table) && takes_packs<width>(y), y.rows, y.columns,
                        embed_piece<E>{ids, table, scale, y}, stream);
}

template <Element E>
void add_positions(const std::uint32_t* positions, device_rows<const E> table, device_rows<E> y, cudaStream_t stream) {
    constexpr unsigned width = 16 / sizeof(E);
    start_pieces<width>(takes_packs<width>(table) && takes_packs<width>(y), y.rows, y.columns,
                        add_position_piece<E>{positions, table, y}, stream);
}

template void embed<float>(const std::uint32_t*, device_rows<const float>, float, device_rows<float>, cudaStream_t);
template void embed<bfloat16>(const std::uint32_t*, device_rows<const bfloat16>, float, device_rows<bfloat16>,
                              cudaStream_t);
template void embed<float16>(const std::uint32_t*, device_rows<const float16>, float, device_rows<float16>,
                             cudaStream_t);
template void add_positions<float>(const std::uint32_t*, device_rows<const float>, device_rows<float>, cudaStream_t);
template void add_positions<bfloat16>(const std::uint32_t*, device_rows<const bfloat16>, device_rows<bfloat16>,
                                      cudaStream_t);
template void add_positions<float16>(const std::uint32_t*, device_rows<const float16>, device_rows<float16>,
                                     cudaStream_t);

} // namespace preflearn::cuda
