/// \file
/// Attention of 16-bit elements on the warp product m16n8k16: softmax(scale · Q Kᵀ) V of a tile of 64 rows, keys 64 (32
/// for heads wider than 128) at a time, with a running maximum and sum per row (online softmax: Milakov & Gimelshein
/// 2018, arXiv:1805.02867; FlashAttention-2: Dao 2023, arXiv:2307.08691), so that no score leaves the registers. N
/// rows, H query and K key heads of h elements of e bytes:
///
///     least bytes       2NHhe + 2NKhe
///     asked             2NHhe + Σ over tiles and key heads of 2 · visible keys · he: keys once for all heads that
///     share
///                       them and once a tile, from L2
///     FLOPs             4hH a visible pair
///     bound by          the products for long rows; keys' and values' bytes in decoding
///
/// Launch: a block of 4 warps a tile, key head and part of the keys; a warp has 16 rows. Two barriers a round: the next
/// keys and values are fetched into registers while products run.
/// Fusion: scores, cap, mask, softmax and mixing, each of which would move NH · keys numbers. Two neighbouring tiles of
/// scores are the left factor of the second product as they stand. What its probabilities lose to 16 bits, the sum that
/// divides them does not.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>

#include <preflearn/backend/cuda/kernels/attention_mma_memory.cuh>
#include <preflearn/backend/cuda/kernels/attention_share.cuh>
#include <preflearn/backend/cuda/kernels/device.cuh>
#include <preflearn/backend/cuda/kernels/mma.cuh>

namespace preflearn::cuda {

/// A block's work on heads of at most Width elements.
template <HalfReal E, int Width> struct attention_mma {
    using shared = attention_mma_memory<E, Width>;
    static constexpr int keys = shared::keys, chunks = shared::chunks, steps = Width / 16;
    static constexpr bool ahead = Width <= 128; ///< whether registers suffice for keys while values are mixed
    using score_tiles = mma_c[keys / 8];

    const attention_arguments<E>& all;
    const attention_share& share;
    const shared memory{all, share};
    const int lane = static_cast<int>(lane_index()), group = lane / 4, member = lane % 4;
    const int first = 16 * static_cast<int>(warp_index()); ///< row of this warp; a lane has two: first + group, and + 8
    /// What scores are multiplied by for powers of 2; a cap needs its scale before.
    const float unit = log2_of_e * (all.shape.cap != 0 ? 1.0F : all.shape.scale);
    key_range seen[2], seen_by_some, seen_by_all; ///< by the lane's rows; by rows of this warp
    mma_a<E> query[shared::registers ? steps : 1];
    mma_c out[chunks];
    float high[2] = {-HUGE_VALF, -HUGE_VALF}, sum[2] = {0, 0}; ///< of the two rows: running maximum; this lane's part

    __device__ __forceinline__ attention_mma(const attention_arguments<E>& a, const attention_share& s)
        : all(a), share(s) {
        const auto low = static_cast<std::uint32_t>(first), rows = share.rows();
        for (int h = 0; h < 2; ++h) seen[h] = share.seen_by_row(row(h));
        if (low >= rows) return;
        const key_range of_first = share.seen_by_row(low), of_last = share.seen_by_row(min(low + 15, rows - 1));
        seen_by_some = {of_first.first, of_last.end};
        if (low + 16 <= rows) seen_by_all = {of_last.first, of_first.end};
    }

    __device__ __forceinline__ void run() {
        typename shared::chunk key[shared::key_chunks], value[shared::value_chunks][2];
        memory.load_queries();
        memory.fetch_keys(share.keys.first, key);
        __syncthreads();
        if constexpr (shared::registers) {
#pragma unroll
            for (int k = 0; k < steps; ++k) query[k] = memory.query_factor(first, k, group, member);
            __syncthreads();
        }
        memory.store_keys(key);
        __syncthreads();
        for (std::uint32_t base = share.keys.first; base < share.keys.end; base += keys) {
            const bool active = base < seen_by_some.end && base + keys > seen_by_some.first;
            const bool more = base + keys < share.keys.end;
            score_tiles score{};
            memory.fetch_values(base, value);
            if (active) {
                multiply_keys(score);
                fold(score, base);
            }
            memory.store_values(value);
            __syncthreads();
            if (ahead && more) memory.fetch_keys(base + keys, key);
            if (active) mix(score);
            if (!ahead && more) memory.fetch_keys(base + keys, key);
            if (more) memory.store_keys(key);
            __syncthreads();
        }
        finish();
    }

  private:
    __device__ __forceinline__ std::uint32_t row(int h) const {
        return static_cast<std::uint32_t>(first + group + 8 * h);
    }

    /// score = queries · keysᵀ.
    __device__ __forceinline__ void multiply_keys(score_tiles& score) const {
#pragma unroll
        for (int k = 0; k < steps; ++k) {
            mma_a<E> left;
            if constexpr (shared::registers)
                left = query[k];
            else
                left = memory.query_factor(first, k, group, member);
#pragma unroll
            for (int n = 0; n < keys / 8; ++n) multiply_add(score[n], left, memory.key_factor(n, k, group, member));
        }
    }

    /// Scores of keys that a row does not see become −∞.
    __device__ __forceinline__ void mask(score_tiles& score, std::uint32_t base) const {
        if (base >= seen_by_all.first && base + keys <= seen_by_all.end) return;
#pragma unroll
        for (int n = 0; n < keys / 8; ++n)
#pragma unroll
            for (int i = 0; i < 4; ++i) {
                const std::uint32_t key = base + static_cast<std::uint32_t>(8 * n + 2 * member + i % 2);
                if (key < seen[i / 2].first || key >= seen[i / 2].end) score[n].values[i] = -HUGE_VALF;
            }
    }

    /// Scores become 2^(score − maximum); sums and mixed values so far follow the maximum.
    __device__ __forceinline__ void fold(score_tiles& score, std::uint32_t base) {
        if (all.shape.cap != 0) {
            const float cap = all.shape.cap, inner = all.shape.scale / cap;
#pragma unroll
            for (int n = 0; n < keys / 8; ++n)
#pragma unroll
                for (float& s : score[n].values) s = cap * tanhf(s * inner);
        }
        mask(score, base);
#pragma unroll
        for (int h = 0; h < 2; ++h) {
            float highest = high[h];
#pragma unroll
            for (int n = 0; n < keys / 8; ++n)
                highest = fmaxf(highest, fmaxf(score[n].values[2 * h], score[n].values[2 * h + 1]));
            highest = warp_max<4>(highest);
            const float origin = exponent_base(highest) * unit, shrink = exp2f(high[h] * unit - origin);
            float part = 0;
#pragma unroll
            for (int n = 0; n < keys / 8; ++n)
#pragma unroll
                for (int i = 2 * h; i < 2 * h + 2; ++i)
                    part += score[n].values[i] = exp2f(score[n].values[i] * unit - origin);
            high[h] = highest;
            sum[h] = sum[h] * shrink + part;
            scale_row(h, shrink);
        }
    }
    __device__ __forceinline__ void scale_row(int h, float factor) {
#pragma unroll
        for (int c = 0; c < chunks; ++c)
#pragma unroll
            for (int i = 2 * h; i < 2 * h + 2; ++i) out[c].values[i] *= factor;
    }

    /// out += score · values.
    __device__ __forceinline__ void mix(const score_tiles& score) {
#pragma unroll
        for (int k = 0; k < keys / 16; ++k) {
            const float(&a)[4] = score[2 * k].values, (&b)[4] = score[2 * k + 1].values;
            const mma_a<E> left{{narrow_two<E>(a[0], a[1]), narrow_two<E>(a[2], a[3]), narrow_two<E>(b[0], b[1]),
                                 narrow_two<E>(b[2], b[3])}};
#pragma unroll
            for (int c = 0; c < chunks; ++c) multiply_add(out[c], left, memory.value_factor(k, c, group, member));
        }
    }

    __device__ __forceinline__ void finish() {
        const bool part = all.parts.count > 1;
#pragma unroll
        for (int h = 0; h < 2; ++h) {
            sum[h] = warp_sum<4>(sum[h]);
            scale_row(h, part && sum[h] == 0 ? 0 : 1 / sum[h]); // a part of the keys may be hidden from a row
            const float log = high[h] * unit + log2f(sum[h]);
            if (part) {
                write_part(h, log);
                continue;
            }
#pragma unroll
            for (int c = 0; c < chunks; ++c)
                memory.result(first + group + 8 * h, member)[4 * c] =
                    narrow_two<E>(out[c].values[2 * h], out[c].values[2 * h + 1]);
            if (all.normaliser != nullptr && member == 0 && row(h) < share.rows())
                all.normaliser[share.query_row(row(h)) * all.shape.heads + share.head(row(h))] = ln_of_2 * log;
        }
        if (!part) memory.write_results(first, lane);
    }

    __device__ __forceinline__ void write_part(int h, float log) const {
        if (row(h) >= share.rows()) return;
        const attention_partials to(all.parts, all.queries.rows, all.shape);
        const std::size_t at = to.at(share.part, share.query_row(row(h)), share.head(row(h)));
        if (member == 0) to.logs[at] = log;
        const int dim = static_cast<int>(all.shape.dim);
        float* const mixed = to.mixed + at * all.shape.dim;
#pragma unroll
        for (int c = 0; c < chunks; ++c) {
            const int d = 8 * c + 2 * member;
            const float a = out[c].values[2 * h], b = out[c].values[2 * h + 1];
            if (dim % 2 == 0 && d < dim) {
                *reinterpret_cast<float2*>(mixed + d) = {a, b};
            } else {
                if (d < dim) mixed[d] = a;
                if (d + 1 < dim) mixed[d + 1] = b;
            }
        }
    }
};

/// Block (tile, key head and share of its heads, part of the keys).
template <HalfReal E, int Width>
__global__ void __launch_bounds__(attention_mma_memory<E, Width>::threads, attention_mma_memory<E, Width>::resident)
    attention_mma_kernel(const attention_arguments<E> all) {
    const attention_share share(all, blockIdx.z);
    if (!share.empty()) attention_mma<E, Width>(all, share).run();
}

} // namespace preflearn::cuda
