/// \file
/// What attention on the warp product keeps in shared memory, and how it comes there and goes away. Rows of queries and
/// keys have Width + 8 elements, so that the eight rows of four words that a warp reads at once lie in 32 banks. Values
/// stand by pairs of keys, a word being one column of two keys, which is what the second product reads, in rows of
/// Width + 8 words for the same reason. Widths of heads that are smaller are filled up with zeros.
// SPDX-License-Identifier: MIT
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include <preflearn/backend/cuda/kernels/attention_share.cuh>
#include <preflearn/backend/cuda/kernels/device.cuh>
#include <preflearn/backend/cuda/kernels/mma.cuh>

namespace preflearn::cuda {

/// A block's queries, keys and values, of heads of at most Width elements.
template <HalfReal E, int Width> struct attention_mma_memory {
    static constexpr int rows = 64, threads = 128;
    static constexpr int resident = Width <= 32 ? 4 : Width <= 64 ? 3 : 2; ///< blocks that registers must suffice for
    static constexpr int keys = Width > 128 ? 32 : 64;                     ///< at a time
    static constexpr int chunks = Width / 8;                               ///< of eight elements, of a head
    static constexpr int stride = Width / 2 + 4;   ///< words from a row of queries or keys to the next
    static constexpr int value_stride = Width + 8; ///< words from a pair of keys to the next
    static constexpr bool registers = Width <= 96; ///< whether these hold the queries, which pass through the keys'
    static constexpr std::size_t key_words = keys * stride, value_words = keys / 2 * value_stride;
    static constexpr std::size_t query_words = registers ? 0 : rows * stride;
    static constexpr std::size_t bytes = 4 * (key_words + value_words + query_words);
    static constexpr int key_chunks = keys * chunks / threads; ///< that a thread fetches
    static constexpr int value_chunks = (keys / 2 * chunks + threads - 1) / threads;
    static_assert(Width % 16 == 0 && keys * chunks % threads == 0 && (!registers || keys == rows));

    /// Eight neighbouring elements, two a word.
    using chunk = pack<std::uint32_t>;

    const attention_arguments<E>& all;
    const attention_share& share;
    const int thread = static_cast<int>(threadIdx.x);
    std::uint32_t* const key = dynamic_shared<std::uint32_t>(0, key_words);
    std::uint32_t* const value = dynamic_shared<std::uint32_t>(4 * key_words, value_words);
    std::uint32_t* const query =
        registers ? key : dynamic_shared<std::uint32_t>(4 * (key_words + value_words), rows* stride);

    __device__ __forceinline__ void load_queries() const {
#pragma unroll
        for (int i = 0; i < rows * chunks / threads; ++i) {
            const int u = thread + threads * i;
            const auto s = static_cast<std::uint32_t>(row_of(u));
            chunk found{};
            if (s < share.rows()) found = load(query_head(s, all.queries), column_of(u));
            store_pack(query + row_of(u) * stride + 4 * column_of(u), found);
        }
    }

    /// From the device's memory into registers.
    __device__ __forceinline__ void fetch_keys(std::uint32_t base, chunk (&to)[key_chunks]) const {
#pragma unroll
        for (int i = 0; i < key_chunks; ++i) {
            const int u = thread + threads * i;
            to[i] = load_key(base, row_of(u), share.key_head, column_of(u));
        }
    }
    __device__ __forceinline__ void store_keys(const chunk (&from)[key_chunks]) const {
#pragma unroll
        for (int i = 0; i < key_chunks; ++i) {
            const int u = thread + threads * i;
            store_pack(key + row_of(u) * stride + 4 * column_of(u), from[i]);
        }
    }
    /// Chunks of two keys each.
    __device__ __forceinline__ void fetch_values(std::uint32_t base, chunk (&to)[value_chunks][2]) const {
#pragma unroll
        for (int i = 0; i < value_chunks; ++i) {
            const int u = thread + threads * i;
            if (u >= keys / 2 * chunks) continue;
            for (int j = 0; j < 2; ++j)
                to[i][j] =
                    load_key(base, 2 * pair_of(u) + j, all.shape.key_value_heads + share.key_head, pair_column_of(u));
        }
    }
    __device__ __forceinline__ void store_values(const chunk (&from)[value_chunks][2]) const {
#pragma unroll
        for (int i = 0; i < value_chunks; ++i) {
            const int u = thread + threads * i, c = pair_column_of(u);
            if (u >= keys / 2 * chunks) continue;
            chunk half[2]; // columns 0 … 3 of both keys, and 4 … 7
#pragma unroll
            for (int w = 0; w < 4; ++w) {
                const std::uint32_t a = from[i][0][w], b = from[i][1][w];
                half[w / 2][w % 2 * 2] = (a & 0xffffU) | b << 16;
                half[w / 2][w % 2 * 2 + 1] = a >> 16 | (b & 0xffff0000U);
            }
            std::uint32_t* const at = value + pair_of(u) * value_stride + 8 * c;
            const bool second = c % 2 != 0; // neighbours begin at different halves, so that they meet 32 banks
            store_pack(at + (second ? 4 : 0), second ? half[1] : half[0]);
            store_pack(at + (second ? 0 : 4), second ? half[0] : half[1]);
        }
    }

    /// Left factor of the product's k-th step, of the 16 rows from `first` on.
    __device__ __forceinline__ mma_a<E> query_factor(int first, int k, int group, int member) const {
        const std::uint32_t* const at = query + (first + group) * stride + 8 * k + member;
        return {{at[0], at[8 * stride], at[4], at[8 * stride + 4]}};
    }
    /// Right factor of that step for the n-th eight keys.
    __device__ __forceinline__ mma_b<E> key_factor(int n, int k, int group, int member) const {
        const std::uint32_t* const at = key + (8 * n + group) * stride + 8 * k + member;
        return {{at[0], at[4]}};
    }
    /// Right factor of the second product for the k-th 16 keys and the c-th eight columns.
    __device__ __forceinline__ mma_b<E> value_factor(int k, int c, int group, int member) const {
        const std::uint32_t* const at = value + (8 * k + member) * value_stride + 8 * c + group;
        return {{at[0], at[4 * value_stride]}};
    }

    /// Where a lane puts its results of row r before they are written: word 4c + member is columns 2 · member and that
    /// plus 1 of chunk c.
    __device__ __forceinline__ std::uint32_t* result(int r, int member) const { return query + r * stride + member; }
    /// Writes the results of a warp's 16 rows, from `first` on, which its lanes have put into shared memory, in whole
    /// sectors.
    __device__ __forceinline__ void write_results(int first, int lane) const {
        __syncwarp();
        for (int u = lane; u < 16 * chunks; u += 32) {
            const auto s = static_cast<std::uint32_t>(first + row_of(u));
            if (s < share.rows())
                store(load_pack(query + (first + row_of(u)) * stride + 4 * column_of(u)), query_head(s, all.mixed),
                      column_of(u));
        }
    }

  private:
    /// The row and the chunk of a thread's u-th unit: eight rows side by side, so that 16-byte stores meet 32 banks,
    /// and four chunks of each, so that loads meet whole sectors.
    static __device__ __forceinline__ int row_of(int u) { return u / (8 * chunks) * 8 + u % 8; }
    static __device__ __forceinline__ int column_of(int u) { return u / 8 % chunks; }
    /// The same of pairs of keys: four pairs, eight chunks.
    static __device__ __forceinline__ int pair_of(int u) { return u / (4 * chunks) * 4 + u % 4; }
    static __device__ __forceinline__ int pair_column_of(int u) { return u / 4 % chunks; }

    template <class X> __device__ __forceinline__ X* query_head(std::uint32_t s, const device_rows<X>& of) const {
        return of.data + share.query_row(s) * of.stride + std::size_t{share.head(s)} * all.shape.dim;
    }
    /// Of key or value head `head` (values' come after the keys').
    __device__ __forceinline__ chunk load_key(std::uint32_t base, int k, std::uint32_t head, int c) const {
        const std::uint32_t position = base + static_cast<std::uint32_t>(k);
        if (position >= share.keys.end) return chunk{};
        return load(all.keys_values.data + share.key_row(position) * all.keys_values.stride +
                        std::size_t{head} * all.shape.dim,
                    c);
    }
    /// Elements 8c … 8c + 7 of a head, zeros past its end.
    __device__ __forceinline__ chunk load(const E* head, int c) const {
        const int dim = static_cast<int>(all.shape.dim);
        chunk found{};
        if (all.packs) {
            if (8 * c < dim) found = std::bit_cast<chunk>(load_pack(head + 8 * c));
            return found;
        }
        // not unrolled, lest the registers of what rarely runs limit what runs often
#pragma unroll 1
        for (int d = 8 * c; d < 8 * c + 8; d += 2) {
            const std::uint32_t low = d < dim ? head[d].bits : 0U, high = d + 1 < dim ? head[d + 1].bits : 0U;
            found = chunk{{found[1], found[2], found[3], low | high << 16}};
        }
        return found;
    }
    __device__ __forceinline__ void store(const chunk& from, E* head, int c) const {
        const int dim = static_cast<int>(all.shape.dim);
        const auto elements = std::bit_cast<pack<E>>(from);
        if (all.packs) {
            if (8 * c < dim) store_pack(head + 8 * c, elements);
            return;
        }
#pragma unroll
        for (int i = 0; i < 8; ++i)
            if (8 * c + i < dim) head[8 * c + i] = elements[i];
    }
};

} // namespace preflearn::cuda
