/// \file
/// Attention of a batch, on the device and, as a reference, in double precision from its definition. What kernels may
/// ask of memory by their own tiling is counted here, too.
// SPDX-License-Identifier: MIT
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include <cuda_runtime_api.h>

#include <preflearn/backend/cuda/attention_tiles.hpp>
#include <preflearn/backend/cuda/memory.hpp>
#include <preflearn/backend/cuda/operations.hpp>
#include <preflearn/backend/operands.hpp>
#include <preflearn/core/numbers/half.hpp>
#include <preflearn/core/numbers/random.hpp>

#include "traffic.hpp"

namespace attention_tests {

using namespace preflearn;

/// Segments as a packed batch has them, or over a cache.
struct sequences {
    std::vector<row_segment> segments{};
    own_keys place = own_keys::beside_queries;
    std::size_t query_rows = 0, key_rows = 0;

    /// A prompt and its responses, packed; lengths may be 0.
    sequences& add_group(std::size_t prompt, const std::vector<std::size_t>& responses = {}) {
        const std::size_t prefix = query_rows;
        segments.push_back({query_rows, prompt, 0, 0, 0});
        query_rows += prompt;
        for (const std::size_t length : responses) {
            segments.push_back({query_rows, length, prompt, prefix, prompt});
            query_rows += length;
        }
        key_rows = query_rows;
        return *this;
    }
    /// Queries that follow `before` tokens of a cache which has room for `spare` more.
    sequences& add_cached(std::size_t before, std::size_t queries, std::size_t spare) {
        place = own_keys::after_prefix;
        segments.push_back({query_rows, queries, before, key_rows, before});
        query_rows += queries;
        key_rows += before + queries + spare;
        return *this;
    }

    [[nodiscard]] attention_plan plan() const { return {.segments = segments, .keys = place}; }
    [[nodiscard]] std::size_t key_row(const row_segment& s, std::size_t position) const {
        if (position < s.prefix_length) return s.prefix_row + position;
        return (place == own_keys::beside_queries ? s.row : s.prefix_row + s.prefix_length) + position -
               s.prefix_length;
    }
};

/// First key and first key after those that query i of a segment sees.
inline std::pair<std::size_t, std::size_t> seen_by(const row_segment& s, std::size_t i, std::size_t window) {
    const std::size_t end = s.prefix_length + i + 1;
    return {window != 0 && end > window ? end - window : 0, end};
}

/// Rows × heads × dim and rows × heads. `size`, of a reference: the largest Σ p |value| of a row and head, by which the
/// rounding of its mixed values is measured.
struct attention_result {
    std::vector<double> mixed, normaliser, size{};
};

/// Queries, keys and values with numbers between rows that nobody may read.
template <class E> struct attention_problem {
    attention_shape shape;
    sequences rows;
    std::size_t query_stride, key_stride, mixed_stride, key_offset;
    std::vector<E> memory; ///< queries and keys of a packed batch stand in the same rows

    /// `pad` elements after each row.
    attention_problem(const attention_shape& s, sequences r, std::size_t pad = 0, std::uint64_t seed = 1)
        : shape(s), rows(std::move(r)) {
        const std::size_t of_queries = shape.heads * shape.dim, of_keys = 2 * shape.key_value_heads * shape.dim;
        const bool together = rows.place == own_keys::beside_queries;
        query_stride = of_queries + pad + (together ? of_keys : 0);
        key_stride = together ? query_stride : of_keys + pad;
        key_offset = together ? of_queries : rows.query_rows * query_stride;
        mixed_stride = of_queries + pad;
        memory.assign(rows.query_rows * query_stride + (together ? 0 : rows.key_rows * key_stride),
                      E(std::numeric_limits<float>::quiet_NaN()));
        generator random(seed, "attention", shape.dim);
        const auto fill = [&](std::size_t first, std::size_t columns, float size) {
            for (std::size_t c = 0; c < columns; ++c)
                memory[first + c] = E(size * static_cast<float>(2 * random.uniform() - 1));
        };
        for (std::size_t i = 0; i < rows.query_rows; ++i) fill(i * query_stride, of_queries, 3);
        for (const row_segment& segment : rows.segments)
            for (std::size_t p = 0; p < segment.prefix_length + segment.length; ++p)
                fill(key_offset + rows.key_row(segment, p) * key_stride, of_keys, 1);
    }

    [[nodiscard]] double query(std::size_t row, std::size_t head, std::size_t d) const {
        return static_cast<double>(memory[row * query_stride + head * shape.dim + d]);
    }
    /// Heads of values come after those of keys.
    [[nodiscard]] double key(std::size_t row, std::size_t head, std::size_t d) const {
        return static_cast<double>(memory[key_offset + row * key_stride + head * shape.dim + d]);
    }

    /// From the definition; NaN in rows that nothing writes.
    [[nodiscard]] attention_result reference() const {
        const std::size_t heads = shape.heads, dim = shape.dim, group = heads / shape.key_value_heads;
        const double scale = shape.scale != 0 ? shape.scale : 1 / std::sqrt(static_cast<double>(dim));
        attention_result found;
        found.mixed.assign(rows.query_rows * heads * dim, std::nan(""));
        found.normaliser.assign(rows.query_rows * heads, std::nan(""));
        found.size.assign(rows.query_rows * heads, 0);
        std::vector<double> score, sizes;
        for (const row_segment& s : rows.segments)
            for (std::size_t i = 0; i < s.length; ++i)
                for (std::size_t h = 0; h < heads; ++h) {
                    const auto [first, end] = seen_by(s, i, shape.window);
                    score.assign(end - first, 0);
                    for (std::size_t p = first; p < end; ++p) {
                        double& z = score[p - first];
                        for (std::size_t d = 0; d < dim; ++d)
                            z += query(s.row + i, h, d) * key(rows.key_row(s, p), h / group, d);
                        z *= scale;
                        if (shape.cap != 0) z = shape.cap * std::tanh(z / shape.cap);
                    }
                    const double high = *std::max_element(score.begin(), score.end());
                    double sum = 0;
                    for (double& z : score) sum += z = std::exp(z - high);
                    found.normaliser[(s.row + i) * heads + h] = high + std::log(sum);
                    double* const out = &found.mixed[((s.row + i) * heads + h) * dim];
                    std::fill_n(out, dim, 0.0);
                    sizes.assign(dim, 0);
                    for (std::size_t p = first; p < end; ++p)
                        for (std::size_t d = 0; d < dim; ++d) {
                            const double part =
                                score[p - first] / sum * key(rows.key_row(s, p), shape.key_value_heads + h / group, d);
                            out[d] += part;
                            sizes[d] += std::abs(part);
                        }
                    found.size[(s.row + i) * heads + h] = *std::max_element(sizes.begin(), sizes.end());
                }
        return found;
    }

    /// What the kernels find, `parts` shares of the keys where it is more than one. Where nothing is to be written,
    /// what was written is checked here.
    [[nodiscard]] attention_result on_device(const cuda::attention_parts& asked = {}) const {
        const cuda::attention_launch launch = cuda::launch_of(shape);
        const cuda::attention_tiles batch(rows.plan(), cuda::attention_tile_queries<E>(launch));
        const std::size_t heads = shape.heads, dim = shape.dim;
        const cuda::device_buffer<E> given(memory.size()), mixed(rows.query_rows * mixed_stride);
        const cuda::device_buffer<float> logs(rows.query_rows * heads);
        const cuda::device_buffer<cuda::attention_tile> tiles(batch.tiles.size());
        const E untouched(77.0F);
        std::vector<E> out(rows.query_rows * mixed_stride, untouched);
        std::vector<float> log_sums(rows.query_rows * heads, 77.0F);
        copy(given.data(), memory);
        copy(mixed.data(), out);
        copy(logs.data(), log_sums);
        copy(tiles.data(), batch.tiles);
        cuda::attention_parts parts = asked;
        const cuda::device_buffer<float> partial(cuda::partial_floats(parts, launch, rows.query_rows));
        parts.partial = partial.data();
        cuda::attend<E>(
            tiles.data(), batch.tiles.size(), launch, {given.data(), rows.query_rows, heads * dim, query_stride},
            {given.data() + key_offset, rows.key_rows, 2 * shape.key_value_heads * dim, key_stride},
            {mixed.data(), rows.query_rows, heads * dim, mixed_stride}, logs.data(), cuda::compute_stream(), parts);
        cuda::synchronise(cuda::compute_stream());
        fetch(out, mixed.data());
        fetch(log_sums, logs.data());
        std::vector<bool> written(rows.query_rows);
        for (const row_segment& s : rows.segments)
            for (std::size_t i = 0; i < s.length; ++i) written[s.row + i] = true;
        attention_result found;
        std::size_t wrongly_written = 0;
        for (std::size_t r = 0; r < rows.query_rows; ++r)
            for (std::size_t c = 0; c < mixed_stride; ++c) {
                const E value = out[r * mixed_stride + c];
                if (written[r] && c < heads * dim)
                    found.mixed.push_back(static_cast<double>(value));
                else
                    wrongly_written += static_cast<float>(value) != 77.0F;
            }
        CHECK(wrongly_written == 0);
        found.normaliser.assign(log_sums.begin(), log_sums.end());
        return found;
    }

  private:
    template <class X> static void copy(X* to, const std::vector<X>& from) {
        cuda::check(cudaMemcpy(to, from.data(), from.size() * sizeof(X), cudaMemcpyHostToDevice), "cudaMemcpy");
    }
    template <class X> static void fetch(std::vector<X>& to, const X* from) {
        cuda::check(cudaMemcpy(to.data(), from, to.size() * sizeof(X), cudaMemcpyDeviceToHost), "cudaMemcpy");
    }
};

/// Largest difference of mixed values by the size of their row and head; of normalisers.
struct attention_difference {
    double mixed = 0, normaliser = 0;

    attention_difference(const attention_result& found, const attention_result& right, std::size_t dim) {
        REQUIRE(found.mixed.size() == right.mixed.size());
        REQUIRE(found.normaliser.size() == right.normaliser.size());
        const auto take = [](double& most, double d) {
            if (!std::isnan(most) && !(d <= most)) most = d; // NaN is taken, and stays
        };
        for (std::size_t row = 0; row < right.normaliser.size(); ++row) {
            for (std::size_t at = row * dim; at < (row + 1) * dim; ++at)
                take(mixed, std::abs(found.mixed[at] - right.mixed[at]) / right.size[row]);
            take(normaliser, std::abs(found.normaliser[row] - right.normaliser[row]) /
                                 std::max(1.0, std::abs(right.normaliser[row])));
        }
    }
};

/// Of a row's size: sums in float; probabilities and results of 16 bits.
template <class E>
inline constexpr double tolerance = std::is_same_v<E, float>      ? 2e-5
                                    : std::is_same_v<E, bfloat16> ? 1.2e-2
                                                                  : 2e-3;

template <class E>
void check_attention(const attention_problem<E>& problem, const attention_result& right,
                     const cuda::attention_parts& parts = {}) {
    CAPTURE(problem.shape.heads);
    CAPTURE(problem.shape.key_value_heads);
    CAPTURE(problem.shape.dim);
    CAPTURE(problem.shape.window);
    CAPTURE(problem.shape.cap);
    CAPTURE(parts.count);
    const attention_difference d(problem.on_device(parts), right, problem.shape.dim);
    CHECK(d.mixed < tolerance<E>);
    CHECK(d.normaliser < 2e-5);
}
template <class E> void check_attention(const attention_problem<E>& problem, const cuda::attention_parts& parts = {}) {
    check_attention(problem, problem.reference(), parts);
}

/// What one launch moves: least is every query, key and value, mixed value and log-sum once, and the tiles. Keys and
/// values are asked for by every tile that sees them, for each key head, a tile by every thread of its blocks.
template <class E> test::moved_bytes attention_traffic(const attention_problem<E>& problem) {
    const attention_shape& shape = problem.shape;
    const cuda::attention_launch launch = cuda::launch_of(shape);
    const cuda::attention_tiles batch(problem.rows.plan(), cuda::attention_tile_queries<E>(launch));
    const std::size_t head = shape.dim * sizeof(E), pair = 2 * shape.key_value_heads * head, threads = 128;
    const std::size_t tiles = batch.tiles.size() * sizeof(cuda::attention_tile);
    std::size_t queries = 0, seen_by_tiles = 0;
    std::vector<bool> seen(problem.rows.key_rows);
    for (const row_segment& s : problem.rows.segments) {
        queries += s.length;
        for (std::size_t i = 0; i < s.length; ++i) {
            const auto [first, end] = seen_by(s, i, shape.window);
            for (std::size_t p = first; p < end; ++p) seen[problem.rows.key_row(s, p)] = true;
        }
    }
    for (const cuda::attention_tile& tile : batch.tiles) {
        const std::size_t end = tile.position + tile.count, reach = shape.window + tile.count - 1;
        seen_by_tiles += shape.window != 0 ? std::min(end, reach) : end;
    }
    const std::size_t rows = queries * shape.heads * (2 * head + sizeof(float));
    const auto distinct = static_cast<std::size_t>(std::count(seen.begin(), seen.end(), true));
    return {rows + distinct * pair + tiles, rows + seen_by_tiles * pair + tiles * shape.key_value_heads * threads};
}

} // namespace attention_tests
