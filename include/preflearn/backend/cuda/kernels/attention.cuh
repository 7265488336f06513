/// \file
/// Attention on plain cores, in float: softmax(scale · Q Kᵀ) V of a tile of 32 rows, 32 keys at a time, with a running
/// maximum and sum per row (online softmax: Milakov & Gimelshein 2018, arXiv:1805.02867). For float models, as the
/// reference of the warp product's form, and for heads wider than that takes. N rows, H query and K key heads of h
/// elements of e bytes:
///
///     least bytes       2NHhe + 2NKhe
///     asked             2NHhe + Σ over tiles and key heads of 2 · visible keys · he: keys once for all heads that
///     share
///                       them and once a tile, from L2
///     FLOPs             4hH a visible pair
///     bound by          FLOPs for long rows; keys' and values' bytes in decoding
///
/// Launch: a block of 4 warps a tile, key head, part of the keys and 256 columns of the mixed values, for which wider
/// heads need their scores again; warp w has rows w, w + 4, … For scores a lane has a key and reads four columns at
/// once, rows being Width + 4 numbers apart so that eight lanes meet 32 banks; for mixing it has every 32nd column.
/// Queries and exponentials are read by all lanes at once.
/// Fusion: scores, cap, mask, softmax and mixing, each of which would move NH · keys numbers.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>

#include <preflearn/backend/cuda/kernels/attention_share.cuh>
#include <preflearn/backend/cuda/kernels/device.cuh>

namespace preflearn::cuda {

/// A block's work, `Width` columns of a head at a time.
template <Element E, int Width> struct attention_plain {
    static constexpr int rows = 32, warps = 4, threads = 32 * warps, keys = 32;
    static constexpr int own = rows / warps;        ///< rows of a warp
    static constexpr int stride = Width + 4;        ///< numbers from a row of queries, keys or values to the next
    static constexpr int weight_stride = keys + 4;  ///< from a row of exponentials to the next
    static constexpr int lane_columns = Width / 32; ///< that a lane mixes
    static constexpr int query_numbers = rows * stride, pair_numbers = keys * stride;
    static constexpr int weight_numbers = rows * weight_stride;
    static constexpr std::size_t bytes = sizeof(float) * (query_numbers + pair_numbers + weight_numbers);
    static_assert(Width % 32 == 0);

    const attention_arguments<E>& all;
    const attention_share& share;
    const int slice; ///< first column that is mixed
    /// Shared memory; `pair` holds keys, then their values.
    float* const query = dynamic_shared<float>(0, query_numbers);
    float* const pair = dynamic_shared<float>(sizeof(float) * query_numbers, pair_numbers);
    float* const weight = dynamic_shared<float>(sizeof(float) * (query_numbers + pair_numbers), weight_numbers);
    const int dim = static_cast<int>(all.shape.dim);
    const int lane = static_cast<int>(lane_index()), warp = static_cast<int>(warp_index());
    const int mine = (static_cast<int>(share.rows()) - warp + warps - 1) / warps; ///< rows of this warp that are there
    key_range seen[own];
    float score[own]; ///< with this lane's key
    float out[own][lane_columns] = {};
    float high[own], sum[own] = {}; ///< running maximum in powers of 2; sum, this lane's part of it

    __device__ __forceinline__ attention_plain(const attention_arguments<E>& a, const attention_share& s,
                                               int first_mixed)
        : all(a), share(s), slice(first_mixed) {
#pragma unroll
        for (int i = 0; i < own; ++i) {
            seen[i] = share.seen_by_row(static_cast<std::uint32_t>(row_of(i)));
            high[i] = -HUGE_VALF;
        }
    }

    __device__ __forceinline__ void run() {
        if (dim <= Width) load_queries(0);
        for (std::uint32_t base = share.keys.first; base < share.keys.end; base += keys) {
            find_scores(base);
            fold(base);
            __syncthreads();
            load_pairs(base, all.shape.key_value_heads + share.key_head, slice);
            __syncthreads();
            mix();
            __syncthreads();
        }
#pragma unroll
        for (int i = 0; i < own; ++i)
            if (i < mine) write(i);
    }

  private:
    /// Of this warp's i-th row: few rows are spread over the warps.
    __device__ __forceinline__ int row_of(int i) const { return warp + warps * i; }

    /// Columns first … first + 3 of a head, zeros past its end.
    __device__ __forceinline__ pack<float> four_of(const E* head, int first) const {
        pack<float> found{};
        if constexpr (std::same_as<E, float>) {
            if (all.packs) {
                if (first < dim) found = load_pack(head + first);
                return found;
            }
        }
        // not unrolled, lest the registers of what rarely runs limit what runs often
#pragma unroll 1
        for (int d = first; d < first + 4; ++d)
            found = pack<float>{{found[1], found[2], found[3], d < dim ? widen(head[d]) : 0.0F}};
        return found;
    }
    /// Fills rows of shared memory from column `first` on: eight rows side by side, so that 16-byte stores meet 32
    /// banks, and four fours of columns of each, so that loads meet whole sectors. head_of(r): row r of the source, or
    /// null.
    template <class Head>
    __device__ __forceinline__ void fill(float* memory, int count, int first, const Head& head_of) const {
        constexpr int fours = Width / 4;
        for (int u = static_cast<int>(threadIdx.x); u < count * fours; u += threads) {
            const int row = u / (8 * fours) * 8 + u % 8, column = u / 8 % fours * 4;
            const E* const head = head_of(static_cast<std::uint32_t>(row));
            pack<float> found{};
            if (head != nullptr) found = four_of(head, first + column);
            store_pack(memory + row * stride + column, found);
        }
    }
    __device__ __forceinline__ void load_queries(int first) const {
        fill(query, rows, first, [&](std::uint32_t s) -> const E* {
            if (s >= share.rows()) return nullptr;
            return all.queries.data + share.query_row(s) * all.queries.stride +
                   std::size_t{share.head(s)} * all.shape.dim;
        });
    }
    /// Of key or value head `head` (values' come after the keys').
    __device__ __forceinline__ void load_pairs(std::uint32_t base, std::uint32_t head, int first) const {
        fill(pair, keys, first, [&](std::uint32_t k) -> const E* {
            if (base + k >= share.keys.end) return nullptr;
            return all.keys_values.data + share.key_row(base + k) * all.keys_values.stride +
                   std::size_t{head} * all.shape.dim;
        });
    }

    __device__ __forceinline__ void find_scores(std::uint32_t base) {
#pragma unroll
        for (float& s : score) s = 0;
        for (int first = 0; first < dim; first += Width) {
            if (first != 0) __syncthreads();
            if (dim > Width) load_queries(first);
            load_pairs(base, share.key_head, first);
            __syncthreads();
            const int end = min(Width, dim - first);
            for (int c = 0; c < end; c += 4) {
                const pack<float> k = load_pack(pair + lane * stride + c);
#pragma unroll
                for (int i = 0; i < own; ++i) {
                    if (i >= mine) continue;
                    const pack<float> q = load_pack(query + row_of(i) * stride + c);
                    score[i] += q[0] * k[0] + q[1] * k[1] + q[2] * k[2] + q[3] * k[3];
                }
            }
        }
    }

    /// Scores become 2^(score − maximum); sums and mixed values so far follow the maximum.
    __device__ __forceinline__ void fold(std::uint32_t base) {
        const float cap = all.shape.cap, scale = all.shape.scale;
        const std::uint32_t key = base + static_cast<std::uint32_t>(lane);
#pragma unroll
        for (int i = 0; i < own; ++i) {
            if (i >= mine) continue;
            float s = cap != 0 ? cap * log2_of_e * tanhf(score[i] * (scale / cap)) : score[i] * (scale * log2_of_e);
            if (key < seen[i].first || key >= seen[i].end) s = -HUGE_VALF;
            const float highest = fmaxf(high[i], warp_max(s));
            const float origin = exponent_base(highest);
            const float shrink = exp2f(high[i] - origin), e = exp2f(s - origin);
            high[i] = highest;
            sum[i] = sum[i] * shrink + e;
#pragma unroll
            for (float& o : out[i]) o *= shrink;
            weight[row_of(i) * weight_stride + lane] = e;
        }
    }

    __device__ __forceinline__ void mix() {
        for (int k = 0; k < keys; k += 4) {
            float value[4][lane_columns];
#pragma unroll
            for (int j = 0; j < 4; ++j)
#pragma unroll
                for (int c = 0; c < lane_columns; ++c) value[j][c] = pair[(k + j) * stride + lane + 32 * c];
#pragma unroll
            for (int i = 0; i < own; ++i) {
                if (i >= mine) continue;
                const pack<float> w = load_pack(weight + row_of(i) * weight_stride + k);
#pragma unroll
                for (int c = 0; c < lane_columns; ++c)
                    out[i][c] += w[0] * value[0][c] + w[1] * value[1][c] + w[2] * value[2][c] + w[3] * value[3][c];
            }
        }
    }

    __device__ __forceinline__ void write(int i) const {
        const bool whole = all.parts.count <= 1;
        const float total = warp_sum(sum[i]), inverse = total == 0 && !whole ? 0 : 1 / total; // a part may be hidden
        const float log = high[i] + log2f(total);
        const auto s = static_cast<std::uint32_t>(row_of(i));
        const std::size_t row = share.query_row(s), head = share.head(s);
        const attention_partials parts(all.parts, all.queries.rows, all.shape);
        const std::size_t at = parts.at(share.part, row, head);
        E* const mixed = all.mixed.data + row * all.mixed.stride + head * all.shape.dim;
#pragma unroll
        for (int c = 0; c < lane_columns; ++c) {
            const int d = slice + lane + 32 * c;
            if (d >= dim) continue;
            if (whole)
                mixed[d] = narrow<E>(out[i][c] * inverse);
            else
                parts.mixed[at * all.shape.dim + static_cast<std::size_t>(d)] = out[i][c] * inverse;
        }
        if (lane != 0 || slice != 0) return;
        if (!whole)
            parts.logs[at] = log;
        else if (all.normaliser != nullptr)
            all.normaliser[row * all.shape.heads + head] = ln_of_2 * log;
    }
};

/// Block (tile, key head and share of its heads, part of the keys and slice of the columns).
template <Element E, int Width>
__global__ void __launch_bounds__(128) attention_plain_kernel(const attention_arguments<E> all) {
    const int slices = (static_cast<int>(all.shape.dim) + Width - 1) / Width, z = static_cast<int>(blockIdx.z);
    const attention_share share(all, static_cast<std::uint32_t>(z / slices));
    if (share.empty()) return;
    attention_plain<E, Width>(all, share, z % slices * Width).run();
}

} // namespace preflearn::cuda
