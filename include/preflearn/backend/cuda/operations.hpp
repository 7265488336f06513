/// \file
/// The operations of a decoder on a CUDA device, as plain functions of device pointers: each starts its kernels on a
/// stream and returns. Declared here for the host's compiler; operations.cuh defines them and is compiled once in a
/// program, by nvcc for a device, by any compiler for the emulator of the tests. So nothing that walks over a model is
/// ever seen by nvcc. What each moves and computes is said beside its kernel (kernels/).
///
/// Conventions: an element is float, bfloat16 or float16; sums are taken in float. Ids, positions and row numbers lie
/// on the device, too, and were checked by the host. Nothing is started for an empty shape.
// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include <cuda_runtime_api.h>

#include <preflearn/backend/operands.hpp>
#include <preflearn/core/concepts.hpp>
#include <preflearn/core/numbers/half.hpp>

namespace preflearn::cuda {

/// What lies in a device's arrays.
template <class E>
concept Element = std::same_as<E, float> || HalfReal<E>;

/// `rows` × `columns` elements on the device, row r `stride` elements after row r − 1; null: absent.
template <class E> struct device_rows {
    E* data = nullptr;
    std::size_t rows = 0, columns = 0, stride = 0;

    /// Rows that are not written to.
    template <class Const>
        requires(std::same_as<Const, const E> && !std::is_const_v<E>)
    constexpr operator device_rows<Const>() const { return {data, rows, columns, stride}; }
};

// ---- rows (kernels/rows.cuh)

template <Element E> void fill(device_rows<E> x, float value, cudaStream_t stream);
/// y = x, of any two element types.
template <Element From, Element To> void convert(device_rows<const From> x, device_rows<To> y, cudaStream_t stream);
/// y += factor · x.
template <Element E> void add(device_rows<const E> x, device_rows<E> y, float factor, cudaStream_t stream);
/// y's row r += b, or = b: what a product with a bias begins with.
template <Element E> void add_bias(const E* bias, device_rows<E> y, store mode, cudaStream_t stream);
/// y's row i = x's row rows[i].
template <Element E>
void gather_rows(device_rows<const E> x, const std::uint32_t* rows, device_rows<E> y, cudaStream_t stream);
/// y's row rows[i] = x's row i; the rows differ.
template <Element E>
void scatter_rows(device_rows<const E> x, const std::uint32_t* rows, device_rows<E> y, cudaStream_t stream);

// ---- embedding (kernels/embedding.cuh)

/// y's row r = scale · row ids[r] of the table.
template <Element E>
void embed(const std::uint32_t* ids, device_rows<const E> table, float scale, device_rows<E> y, cudaStream_t stream);
/// y's row r += row positions[r] of the table.
template <Element E>
void add_positions(const std::uint32_t* positions, device_rows<const E> table, device_rows<E> y, cudaStream_t stream);

// ---- norm (kernels/norm.cuh)

/// What a norm is told besides its rows; see norm_operands.
template <Element E> struct device_norm {
    norm_kind kind = norm_kind::rms;
    float epsilon = 1e-5F;
    std::size_t heads = 1;     ///< parts of a row, each normalised by itself
    const E* weight = nullptr; ///< columns / heads entries; null: ones
    const E* bias = nullptr;   ///< as many, or null
};
/// y = norm(x); y may be x. `statistics`, where they have data, receive 1/√(…) of each part of a row and then, of a
/// layer norm, the mean of each: what the processor keeps.
template <Element E>
void normalise(device_rows<const E> x, const device_norm<E>& norm, device_rows<E> y, device_rows<float> statistics,
               cudaStream_t stream);
/// y += scale · norm(x), in one pass: what a block adds where a norm follows it.
template <Element E>
void add_normalised(device_rows<const E> x, const device_norm<E>& norm, float scale, device_rows<E> y,
                    cudaStream_t stream);

// ---- rotary (kernels/rotary.cuh)

/// Turns the first 2 · pairs columns of each of `heads` heads of every row. `turns` holds, for row r, `pairs` cosines
/// and then `pairs` sines, already multiplied by the factor by which the heads grow.
template <Element E>
void rotate(const float* turns, std::size_t pairs, std::size_t heads, device_rows<E> x, cudaStream_t stream);

// ---- attention (kernels/attention.cuh, kernels/attention_mma.cuh)

/// Consecutive queries of one segment, and where the keys that they may see stand. A tile's rows are these queries
/// times the heads that share a key.
struct attention_tile {
    std::uint32_t row = 0, count = 0;               ///< queries: first row, how many
    std::uint32_t position = 0;                     ///< of the first query within prefix and segment together
    std::uint32_t prefix_row = 0, prefix_count = 0; ///< keys at positions 0 … prefix_count − 1
    std::uint32_t own_row = 0;                      ///< key at position prefix_count; the segment's others follow
};
/// What the tiles of one launch have in common; see attention_shape.
struct attention_launch {
    std::uint32_t heads = 1, key_value_heads = 1, dim = 1;
    float scale = 1;          ///< of the scores
    std::uint32_t window = 0; ///< keys that a query sees, its own included; 0: all before it
    float cap = 0;            ///< 0: none
};
/// Queries of a tile, so that the rows of a tile (queries times heads that share a key) suit the kernel of E.
template <Element E> std::size_t attention_tile_queries(const attention_launch& shape);
/// How the keys of every tile are shared out among blocks; see share_keys (attention_tiles.hpp).
struct attention_parts {
    std::uint32_t count = 1;  ///< the most parts of a tile; 1: not shared out
    std::uint32_t keys = 0;   ///< of a part: the first has the first that the tile's queries see
    float* partial = nullptr; ///< partial_floats floats on the device, the parts' results
};
/// mixed = softmax(scores) · values, of queries and of keys and values side by side; `tiles` lie on the device. Where
/// `normaliser` is given, it receives log Σ exp of the scores, rows × heads. Rows of no tile are not written.
template <Element E>
void attend(const attention_tile* tiles, std::size_t count, const attention_launch& shape, device_rows<const E> queries,
            device_rows<const E> keys_values, device_rows<E> mixed, float* normaliser, cudaStream_t stream,
            const attention_parts& parts = {});

// ---- activation (kernels/activation.cuh)

/// y = f(gate) · up of the two side by side in x, or y = f(x).
template <Element E>
void activate(device_rows<const E> x, mlp_kind mlp, activation_kind kind, device_rows<E> y, cudaStream_t stream);

// ---- head (kernels/log_prob.cuh)

/// The softmax of a row of logits so far: Σ e^{z − maximum} and, where they are wanted, Σ z e^{z − maximum} (of z −
/// maximum) and Σ e^{2(z − maximum)}.
struct alignas(16) softmax_state {
    float maximum, sum, weighted, squares;
};
/// See logit_transform; the bias lies on the device.
struct device_logits {
    const float* bias = nullptr;
    float cap = 0; ///< 0: none
    float temperature = 1;
};
/// Before the first tile.
void start_softmax(softmax_state* states, std::size_t rows, cudaStream_t stream);
/// Takes a tile of products (tokens first … first + columns − 1 of the vocabulary) into the state of each of its rows.
void fold_logits(device_rows<const float> products, std::size_t first, const device_logits& logits, bool moments,
                 softmax_state* states, cudaStream_t stream);
/// Where the results of rows go, in nats, on the device: an entry a row, or null; see vocabulary_scores. NaN where a
/// row has no distribution: a logit is NaN or +∞, or all are −∞.
struct device_softmax_scores {
    float* normalisers = nullptr;     ///< log Σ e^z
    float* entropies = nullptr;       ///< −Σ p log p, of tiles that were folded with moments, as the next
    float* log_sum_squares = nullptr; ///< log Σ p²
};
/// After the last tile.
void finish_softmax(const softmax_state* states, std::size_t rows, const device_softmax_scores& scores,
                    cudaStream_t stream);
/// products[i] = hidden's row rows[i] · table's row targets[i], a direct dot product in float.
template <Element E>
void target_products(device_rows<const E> hidden, const std::uint32_t* rows, device_rows<const E> table,
                     const std::uint32_t* targets, std::size_t count, float* products, cudaStream_t stream);
/// log_probs[i] = z of target i − the normaliser of its row; NaN where the row has no distribution.
void finish_log_probs(const softmax_state* states, const float* products, const std::uint32_t* rows,
                      const std::uint32_t* targets, std::size_t count, const device_logits& logits, float* log_probs,
                      cudaStream_t stream);
/// sums[i] = values[begins[i]] + … + values[begins[i + 1] − 1], in an order that the data fixes.
void sum_log_probs(const float* values, const std::uint32_t* begins, std::size_t count, double* sums,
                   cudaStream_t stream);
/// rewards[i] = hidden's row i · weight + bias.
template <Element E>
void reward_head(device_rows<const E> hidden, const E* weight, float bias, float* rewards, cudaStream_t stream);

} // namespace preflearn::cuda
