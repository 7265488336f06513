/// \file
/// Attention of a batch's tiles: which kernel a type and a width of heads get, and its launch. 16-bit heads of at most
/// 256 elements go over the warp product, the others over plain cores. A width is rounded up to one that a kernel was
/// compiled for: what is beyond the head is zero in shared memory and is not read from the device's.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include <preflearn/backend/cuda/kernels/attention.cuh>
#include <preflearn/backend/cuda/kernels/attention_merge.cuh>
#include <preflearn/backend/cuda/kernels/attention_mma.cuh>
#include <preflearn/backend/cuda/kernels/attention_share.cuh>
#include <preflearn/backend/cuda/kernels/launch.cuh>
#include <preflearn/backend/cuda/operations.hpp>
#include <preflearn/core/system/error.hpp>

namespace preflearn::cuda {

/// Whether a head's attention goes over the warp product.
template <Element E> constexpr bool on_warp_product(const attention_launch& shape) {
    return HalfReal<E> && shape.dim <= 256;
}
/// Rows of a tile: queries times heads that share a key.
template <Element E> constexpr std::uint32_t tile_rows(const attention_launch& shape) {
    return on_warp_product<E>(shape) ? 64 : 32;
}

template <Element E> std::size_t attention_tile_queries(const attention_launch& shape) {
    const std::uint32_t rows = tile_rows<E>(shape);
    return rows / heads_of_share(shape, head_shares_of(shape, rows));
}

namespace detail {

/// f(std::integral_constant of the first of the rising widths that `dim` fits into, or of the last).
template <int First, int... Others, class F> void with_width(std::uint32_t dim, const F& f) {
    if constexpr (sizeof...(Others) == 0)
        f(std::integral_constant<int, First>{});
    else if (dim <= First)
        f(std::integral_constant<int, First>{});
    else
        with_width<Others...>(dim, f);
}

/// The launch of what the operation was told.
template <Element E>
attention_arguments<E> arguments_of(const attention_tile* tiles, const attention_launch& shape,
                                    device_rows<const E> queries, device_rows<const E> keys_values,
                                    device_rows<E> mixed, float* normaliser, const attention_parts& parts) {
    require(shape.key_value_heads != 0 && shape.heads % shape.key_value_heads == 0, "attention: ", shape.heads,
            " heads cannot share ", shape.key_value_heads, " key and value heads evenly");
    require(shape.dim != 0 && shape.scale > 0 && shape.cap >= 0, "attention: heads of ", shape.dim,
            " elements, scores times ", shape.scale, " and a cap of ", shape.cap,
            "; expected heads of some, a scale above 0 and no cap below 0");
    const std::size_t width = std::size_t{shape.heads} * shape.dim;
    const std::size_t both = std::size_t{2} * shape.key_value_heads * shape.dim;
    require(queries.columns == width && mixed.columns == width && keys_values.columns == both &&
                queries.rows == mixed.rows,
            "attention: queries and mixed values of width ", width, " and keys with values of width ", both,
            " were expected, found ", queries.rows, " × ", queries.columns, ", ", mixed.rows, " × ", mixed.columns,
            " and width ", keys_values.columns);
    require(parts.count <= 1 || (parts.keys != 0 && parts.partial != nullptr),
            "attention: where keys are shared out, their parts need keys and memory for results");
    const auto takes_packs = [&](const auto& rows) { return packable(rows.data, rows.stride, shape.dim); };
    return {.tiles = tiles,
            .shape = shape,
            .parts = parts,
            .queries = queries,
            .keys_values = keys_values,
            .mixed = mixed,
            .normaliser = normaliser,
            .head_shares = head_shares_of(shape, tile_rows<E>(shape)),
            .packs = takes_packs(queries) && takes_packs(keys_values) && takes_packs(mixed)};
}

template <int Width, Element E> void start_plain(const attention_arguments<E>& all, dim3 blocks, cudaStream_t stream) {
    using work = attention_plain<E, Width>;
    blocks.z *= (all.shape.dim + Width - 1) / Width;
    launch(attention_plain_kernel<E, Width>, blocks, dim3(work::threads), work::bytes, stream, all);
}
template <int Width, HalfReal E> void start_mma(const attention_arguments<E>& all, dim3 blocks, cudaStream_t stream) {
    using memory = attention_mma_memory<E, Width>;
    launch(attention_mma_kernel<E, Width>, blocks, dim3(memory::threads), memory::bytes, stream, all);
}

} // namespace detail

template <Element E>
void attend(const attention_tile* tiles, std::size_t count, const attention_launch& shape, device_rows<const E> queries,
            device_rows<const E> keys_values, device_rows<E> mixed, float* normaliser, cudaStream_t stream,
            const attention_parts& parts) {
    if (count == 0) return;
    const attention_arguments<E> all =
        detail::arguments_of(tiles, shape, queries, keys_values, mixed, normaliser, parts);
    const dim3 blocks(static_cast<unsigned>(count), shape.key_value_heads * all.head_shares, std::max(parts.count, 1U));
    if constexpr (std::same_as<E, float>)
        detail::with_width<32, 64, 96, 128, 256>(
            shape.dim, [&](auto width) { detail::start_plain<width.value>(all, blocks, stream); });
    else if (on_warp_product<E>(shape))
        detail::with_width<32, 64, 80, 96, 128, 256>(
            shape.dim, [&](auto width) { detail::start_mma<width.value>(all, blocks, stream); });
    else
        detail::start_plain<256>(all, blocks, stream);
    if (parts.count > 1) {
        const unsigned threads = std::min((shape.dim + 31) / 32 * 32, 256U);
        launch(attention_merge_kernel<E>, dim3(blocks.x, shape.heads), dim3(threads), 0, stream, all);
    }
}

template std::size_t attention_tile_queries<float>(const attention_launch&);
template std::size_t attention_tile_queries<bfloat16>(const attention_launch&);
template std::size_t attention_tile_queries<float16>(const attention_launch&);
template void attend<float>(const attention_tile*, std::size_t, const attention_launch&, device_rows<const float>,
                            device_rows<const float>, device_rows<float>, float*, cudaStream_t, const attention_parts&);
template void attend<bfloat16>(const attention_tile*, std::size_t, const attention_launch&, device_rows<const bfloat16>,
                               device_rows<const bfloat16>, device_rows<bfloat16>, float*, cudaStream_t,
                               const attention_parts&);
template void attend<float16>(const attention_tile*, std::size_t, const attention_launch&, device_rows<const float16>,
                              device_rows<const float16>, device_rows<float16>, float*, cudaStream_t,
                              const attention_parts&);

} // namespace preflearn::cuda
