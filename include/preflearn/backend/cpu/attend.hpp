/// \file
/// Causal grouped-query attention over packed rows: softmax(Q Kᵀ / √d) V for every block of queries of a segment,
/// whose keys are its prefix and its own rows so far. The heads that share a key are stacked into one product. The
/// forward pass keeps log Σ exp of every row's scores; the backward pass recomputes the probabilities from it (as in
/// FlashAttention, Dao et al. 2022, arXiv:2205.14135), so no table of probabilities is stored.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <vector>

#include <Eigen/Core>

#include <preflearn/backend/cpu/chained_product.hpp>
#include <preflearn/core/matrix_view.hpp>
#include <preflearn/core/system/parallel.hpp>
#include <preflearn/policy/decoder/config.hpp>
#include <preflearn/policy/decoder/packed_batch.hpp>
#include <preflearn/backend/cpu/row_pieces.hpp>
#include <preflearn/backend/cpu/scratch.hpp>

namespace preflearn {

/// Attention of one batch, planned once and used by every layer. Rows of `qkv` hold all query heads, then the key
/// heads, then the value heads. Results have the same bits for any number of threads; a row's mixed values depend on
/// its own position, its query and the keys and values that it may see, wherever these rows stand.
template <class T> class attention {
  public:
    attention(const packed_batch& batch, const transformer_config& config, bool backward)
        : batch_(batch), heads_(config.heads), shared_(config.heads / config.key_value_heads),
          key_value_heads_(config.key_value_heads), dim_(config.head_dim),
          scale_(static_cast<T>(1 / std::sqrt(static_cast<double>(config.head_dim)))), pool_(plan(shared_, backward)) {}

    /// Writes the mixed values of every row and head, and log Σ exp of its scores to `normaliser` (rows × heads).
    void forward(matrix_view<const T> qkv, matrix_view<T> mixed, T* normaliser) {
        parallel_for(blocks_.size() * key_value_heads_, [&](std::size_t task) {
            const auto lease = pool_.borrow();
            work w(*this, blocks_[task / key_value_heads_], task % key_value_heads_, lease.data());
            w.gather(qkv, 0, scale_, w.query);
            w.scores(qkv);
            for (std::size_t s = 0; s < w.stacked; ++s) {
                const std::size_t i = s % w.count, g = s / w.count, valid = w.valid(i);
                const auto [high, sum] = exponentials_of_row(w.score.row(s), valid);
                std::fill(w.score.row(s) + valid, w.score.row(s) + w.keys, T(0));
                normaliser[(w.row + i) * heads_ + w.head(g)] = high + std::log(sum);
                w.sums[s] = 1 / sum;
            }
            w.times(w.score, qkv, w.value_column(), w.out);
            for (std::size_t s = 0; s < w.stacked; ++s) {
                const std::size_t i = s % w.count, g = s / w.count;
                array(mixed.row(w.row + i) + w.head(g) * dim_, index(dim_)) =
                    array(w.out.row(s), index(dim_)) * w.sums[s];
            }
        });
    }

    /// Writes d loss / d qkv, given d loss / d mixed and what forward read and wrote.
    void backward(matrix_view<const T> qkv, matrix_view<const T> mixed, const T* normaliser,
                  matrix_view<const T> d_mixed, matrix_view<T> d_qkv) {
        parallel_for((batch_.groups.size() - 1) * key_value_heads_, [&](std::size_t task) {
            const std::size_t group = task / key_value_heads_, kv = task % key_value_heads_;
            const auto lease = pool_.borrow();
            for (std::size_t b = group_blocks_[group]; b < group_blocks_[group + 1]; ++b) {
                const work w(*this, blocks_[b], kv, lease.data());
                for (std::size_t i = 0; i < w.count; ++i) {
                    std::fill_n(d_qkv.row(w.row + i) + w.key_column(), dim_, T(0));
                    std::fill_n(d_qkv.row(w.row + i) + w.value_column(), dim_, T(0));
                }
            }
            for (std::size_t b = group_blocks_[group]; b < group_blocks_[group + 1]; ++b) {
                work w(*this, blocks_[b], kv, lease.data());
                w.gather(qkv, 0, scale_, w.query);
                w.gather(d_mixed, 0, T(1), w.d_out);
                w.gather(mixed, 0, T(1), w.out);
                for (std::size_t s = 0; s < w.stacked; ++s)
                    w.sums[s] = (array(w.d_out.row(s), index(dim_)) * array(w.out.row(s), index(dim_))).sum();
                w.scores(qkv);
                w.times_transposed(w.d_out, qkv, w.value_column(), w.d_score);
                for (std::size_t s = 0; s < w.stacked; ++s) {
                    const std::size_t i = s % w.count, g = s / w.count, valid = w.valid(i);
                    array p(w.score.row(s), index(valid)), d(w.d_score.row(s), index(valid));
                    p = (p - normaliser[(w.row + i) * heads_ + w.head(g)]).exp();
                    d = p * (d - w.sums[s]);
                    std::fill(w.score.row(s) + valid, w.score.row(s) + w.keys, T(0));
                    std::fill(w.d_score.row(s) + valid, w.d_score.row(s) + w.keys, T(0));
                }
                w.times(w.d_score, qkv, w.key_column(), w.out);
                for (std::size_t s = 0; s < w.stacked; ++s)
                    array(d_qkv.row(w.row + s % w.count) + w.head(s / w.count) * dim_, index(dim_)) =
                        array(w.out.row(s), index(dim_)) * scale_;
                w.accumulate(w.d_score, w.query, w.key_column(), d_qkv);
                w.accumulate(w.score, w.d_out, w.value_column(), d_qkv);
            }
        });
    }

  private:
    using array = Eigen::Map<Eigen::Array<T, 1, Eigen::Dynamic>>;
    static Eigen::Index index(std::size_t n) { return static_cast<Eigen::Index>(n); }

    struct query_block {
        std::size_t segment, first, count;
    };

    /// The views of one block of queries and one key-value head in a piece of working memory.
    struct work {
        work(const attention& owner, const query_block& block, std::size_t key_value_head, T* memory)
            : all(owner), segment(owner.batch_.segments[block.segment]), kv(key_value_head),
              row(segment.row + block.first), count(block.count), stacked(count * owner.shared_),
              prefix(segment.prefix_length), own(block.first + count), keys(prefix + own),
              before(prefix + block.first) {
            const auto take = [&](std::size_t columns) {
                const matrix_view<T> view(memory, stacked, columns);
                memory += stacked * columns;
                return view;
            };
            query = take(all.dim_);
            out = take(all.dim_);
            sums = take(1).data;
            score = take(keys);
            d_out = take(all.dim_);
            d_score = take(keys);
        }

        [[nodiscard]] std::size_t head(std::size_t g) const { return kv * all.shared_ + g; }
        [[nodiscard]] std::size_t key_column() const { return (all.heads_ + kv) * all.dim_; }
        [[nodiscard]] std::size_t value_column() const { return (all.heads_ + all.key_value_heads_ + kv) * all.dim_; }
        /// How many keys query i may see.
        [[nodiscard]] std::size_t valid(std::size_t i) const { return before + i + 1; }

        /// Stacks this block's rows of every head that shares the key.
        void gather(matrix_view<const T> from, std::size_t column, T factor, matrix_view<T> to) const {
            for (std::size_t s = 0; s < stacked; ++s) {
                const T* source = from.row(row + s % count) + column + head(s / count) * all.dim_;
                for (std::size_t c = 0; c < all.dim_; ++c) to.row(s)[c] = factor * source[c];
            }
        }

        /// Calls use(rows of qkv, first column in the score table) for the key rows: prefix and own, in one piece when
        /// they are neighbours.
        template <class U, class Use> void each_part(matrix_view<U> qkv, std::size_t column, Use&& use) const {
            const matrix_view<U> values = qkv.column_block(column, all.dim_);
            if (prefix != 0 && segment.prefix_row + prefix == segment.row) {
                use(values.row_block(segment.prefix_row, keys), std::size_t{0});
                return;
            }
            if (prefix != 0) use(values.row_block(segment.prefix_row, prefix), std::size_t{0});
            use(values.row_block(segment.row, own), prefix);
        }

        void scores(matrix_view<const T> qkv) const { times_transposed(query, qkv, key_column(), score); }

        void times_transposed(matrix_view<const T> left, matrix_view<const T> qkv, std::size_t column,
                              matrix_view<T> to) const {
            each_part(qkv, column, [&](matrix_view<const T> part, std::size_t at) {
                multiply_serial<T>(transpose::no, left, transpose::yes, part, to.column_block(at, part.rows),
                                   store::replace);
            });
        }
        void times(matrix_view<const T> table, matrix_view<const T> qkv, std::size_t column, matrix_view<T> to) const {
            store mode = store::replace;
            each_part(qkv, column, [&](matrix_view<const T> part, std::size_t at) {
                multiply_serial<T>(transpose::no, table.column_block(at, part.rows), transpose::no, part, to, mode);
                mode = store::add;
            });
        }
        void accumulate(matrix_view<const T> table, matrix_view<const T> right, std::size_t column,
                        matrix_view<T> d_qkv) const {
            each_part(d_qkv, column, [&](matrix_view<T> part, std::size_t at) {
                multiply_serial<T>(transpose::yes, table.column_block(at, part.rows), transpose::no, right, part,
                                   store::add);
            });
        }

        const attention& all;
        row_segment segment;
        std::size_t kv, row, count, stacked, prefix, own, keys, before;
        matrix_view<T> query, out, score, d_out, d_score;
        T* sums;
    };

    /// Cuts segments into blocks of queries; returns the working memory that the largest one needs.
    std::size_t plan(std::size_t shared, bool backward) {
        const std::size_t most = std::max<std::size_t>(16, 192 / shared);
        std::size_t largest = 0;
        group_blocks_.push_back(0);
        for (std::size_t g = 0; g + 1 < batch_.groups.size(); ++g) {
            for (std::size_t s = batch_.groups[g]; s < batch_.groups[g + 1]; ++s) {
                const row_segment& segment = batch_.segments[s];
                for (std::size_t first = 0; first < segment.length; first += most) {
                    const std::size_t count = std::min(most, segment.length - first);
                    const std::size_t keys = segment.prefix_length + first + count;
                    blocks_.push_back({s, first, count});
                    largest = std::max(largest, count * shared * ((backward ? 2 : 1) * keys + 3 * dim_ + 1));
                }
            }
            group_blocks_.push_back(blocks_.size());
        }
        return largest;
    }

    const packed_batch& batch_;
    std::size_t heads_, shared_, key_value_heads_, dim_;
    T scale_;
    std::vector<query_block> blocks_;
    std::vector<std::size_t> group_blocks_;
    scratch_pool<T> pool_;
};

} // namespace preflearn
