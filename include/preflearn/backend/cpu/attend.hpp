/// \file
/// Causal grouped-query attention over packed rows or a cache: softmax(cap(scale · Q Kᵀ)) V for every block of queries,
/// whose keys are its prefix and its own rows so far, or the last `window` of them. The forward pass keeps log Σ exp of
/// every row's scores; the backward pass recomputes the probabilities from it (as in FlashAttention, Dao et al. 2022,
/// arXiv:2205.14135), so no table of probabilities is stored.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>

#include <Eigen/Core>

#include <preflearn/backend/cpu/attention_block.hpp>
#include <preflearn/backend/cpu/row_pieces.hpp>
#include <preflearn/backend/cpu/scratch.hpp>
#include <preflearn/backend/operands.hpp>
#include <preflearn/core/matrix_view.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/core/system/parallel.hpp>
#include <preflearn/loss/vocabulary/logit_transform.hpp>

namespace preflearn {

/// Attention of one batch, planned once and used by every layer. Rows of `queries` hold all query heads; rows of
/// `keys_values` the key heads, then the value heads. Results have the same bits for any number of threads; a row's
/// mixed values depend on its own position, its query and the keys and values that it may see, wherever these rows
/// stand.
template <class T> class row_attention {
  public:
    /// \throws argument_error when query heads cannot share the key heads evenly, or a backward pass is asked for over
    /// a cache or without groups.
    row_attention(const attention_plan& plan, const attention_shape& shape, bool backward)
        : heads_(shape.heads), shared_(heads_of_a_key(shape)), key_value_heads_(shape.key_value_heads), dim_(shape.dim),
          scale_(static_cast<T>(shape.scale != 0 ? shape.scale : 1 / std::sqrt(static_cast<double>(shape.dim)))),
          cap_{.soft_cap = shape.cap != 0 ? shape.cap : std::numeric_limits<double>::infinity()},
          plan_(plan, shape.window, std::max<std::size_t>(16, 192 / shared_)), pool_(room(backward)) {
        require(!backward || plan.segments.empty() || (!plan.groups.empty() && plan.keys == own_keys::beside_queries),
                "attention: the backward pass goes over a packed batch and needs its groups");
    }

    /// Writes the mixed values of every row and head, and, where it is wanted, log Σ exp of its scores.
    void forward(matrix_view<const T> queries, matrix_view<const T> keys_values, matrix_view<T> mixed,
                 matrix_view<T> normaliser) {
        check(queries, keys_values);
        parallel_for(plan_.blocks.size() * key_value_heads_, [&](std::size_t task) {
            const auto lease = pool_.borrow();
            const work w(*this, plan_.blocks[task / key_value_heads_], task % key_value_heads_, lease.data());
            w.gather(queries, scale_, w.query);
            w.b.times_transposed(matrix_view<const T>(w.query), keys(keys_values, w.kv), w.score);
            for (std::size_t s = 0; s < w.stacked; ++s) {
                const std::span<T> seen = w.seen(w.score, s);
                if (cap_.capped()) cap_.apply(seen, 0);
                const auto [high, sum] = exponentials_of_row(seen.data(), seen.size());
                w.clear_unseen(w.score, s);
                if (normaliser.data) normaliser(w.query_row(s), w.head(s)) = high + std::log(sum);
                w.sums[s] = 1 / sum;
            }
            w.b.times(matrix_view<const T>(w.score), values(keys_values, w.kv), w.out);
            w.spread(w.out, mixed, [&](std::size_t s) { return w.sums[s]; });
        });
    }

    /// Writes d loss / d queries and d loss / d keys and values, given d loss / d mixed and what forward read and
    /// wrote.
    void backward(matrix_view<const T> queries, matrix_view<const T> keys_values, matrix_view<const T> mixed,
                  matrix_view<const T> normaliser, matrix_view<const T> d_mixed, matrix_view<T> d_queries,
                  matrix_view<T> d_keys_values) {
        check(queries, keys_values);
        parallel_for((plan_.starts.size() - 1) * key_value_heads_, [&](std::size_t task) {
            const std::size_t group = task / key_value_heads_, kv = task % key_value_heads_;
            const auto lease = pool_.borrow();
            const std::span<const attention_block> blocks =
                std::span(plan_.blocks).subspan(plan_.starts[group], plan_.starts[group + 1] - plan_.starts[group]);
            const auto d_keys = keys(d_keys_values, kv), d_values = values(d_keys_values, kv);
            for (const attention_block& block : blocks) {
                for (std::size_t i = 0; i < block.count; ++i) {
                    std::fill_n(d_keys.row(block.row + i), dim_, T(0));
                    std::fill_n(d_values.row(block.row + i), dim_, T(0));
                }
            }
            for (const attention_block& block : blocks) {
                const work w(*this, block, kv, lease.data());
                w.gather(queries, scale_, w.query);
                w.gather(d_mixed, T(1), w.d_out);
                w.gather(mixed, T(1), w.out);
                for (std::size_t s = 0; s < w.stacked; ++s)
                    w.sums[s] = (array(w.d_out.row(s), index(dim_)) * array(w.out.row(s), index(dim_))).sum();
                w.b.times_transposed(matrix_view<const T>(w.query), keys(keys_values, kv), w.score);
                w.b.times_transposed(matrix_view<const T>(w.d_out), values(keys_values, kv), w.d_score);
                for (std::size_t s = 0; s < w.stacked; ++s) derive_row(w, s, normaliser);
                w.b.times(matrix_view<const T>(w.d_score), keys(keys_values, kv), w.out);
                w.spread(w.out, d_queries, [&](std::size_t) { return scale_; });
                w.b.accumulate(matrix_view<const T>(w.d_score), matrix_view<const T>(w.query), d_keys);
                w.b.accumulate(matrix_view<const T>(w.score), matrix_view<const T>(w.d_out), d_values);
            }
        });
    }

  private:
    using array = Eigen::Map<Eigen::Array<T, 1, Eigen::Dynamic>>;
    static Eigen::Index index(std::size_t n) { return static_cast<Eigen::Index>(n); }

    /// The working memory of one block and one key-value head. Row s is of head(s) of query s % count.
    struct work {
        work(const row_attention& owner, const attention_block& block, std::size_t key_value_head, T* memory)
            : all(owner), b(block), kv(key_value_head), stacked(block.count * owner.shared_) {
            const auto take = [&](std::size_t rows, std::size_t columns) {
                const matrix_view<T> view(memory, rows, columns);
                memory += rows * columns;
                return view;
            };
            query = take(stacked, all.dim_);
            out = take(stacked, all.dim_);
            sums = take(stacked, 1).data;
            score = take(stacked, b.keys());
            d_out = take(stacked, all.dim_);
            d_score = take(stacked, b.keys());
            slopes = take(1, b.keys()).data;
        }

        [[nodiscard]] std::size_t query_row(std::size_t s) const { return b.row + s % b.count; }
        [[nodiscard]] std::size_t head(std::size_t s) const { return kv * all.shared_ + s / b.count; }
        /// The entries of row s for the keys that its query sees.
        [[nodiscard]] std::span<T> seen(matrix_view<T> table, std::size_t s) const {
            const std::size_t i = s % b.count, first = b.first_key(i);
            return {table.row(s) + first, b.end_key(i) - first};
        }
        void clear_unseen(matrix_view<T> table, std::size_t s) const {
            T* const row = table.row(s);
            std::fill_n(row, b.first_key(s % b.count), T(0));
            std::fill(row + b.end_key(s % b.count), row + b.keys(), T(0));
        }
        /// Stacks this block's rows of every head that shares the key.
        void gather(matrix_view<const T> from, T factor, matrix_view<T> to) const {
            for (std::size_t s = 0; s < stacked; ++s) {
                const T* const source = from.row(query_row(s)) + head(s) * all.dim_;
                for (std::size_t c = 0; c < all.dim_; ++c) to.row(s)[c] = factor * source[c];
            }
        }
        template <class Factor> void spread(matrix_view<T> from, matrix_view<T> to, const Factor& factor) const {
            for (std::size_t s = 0; s < stacked; ++s)
                array(to.row(query_row(s)) + head(s) * all.dim_, index(all.dim_)) =
                    array(from.row(s), index(all.dim_)) * factor(s);
        }

        const row_attention& all;
        const attention_block& b;
        std::size_t kv, stacked;
        matrix_view<T> query, out, score, d_out, d_score;
        T *sums, *slopes;
    };

    /// Row s of the scores becomes probabilities, that of d_score, d loss / d probability, d loss / d score.
    void derive_row(const work& w, std::size_t s, matrix_view<const T> normaliser) const {
        const std::span<T> score = w.seen(w.score, s), d_score = w.seen(w.d_score, s);
        array p(score.data(), index(score.size())), d(d_score.data(), index(score.size()));
        if (cap_.capped()) cap_.apply(score, 0, std::span<T>(w.slopes, score.size()));
        p = (p - normaliser(w.query_row(s), w.head(s))).exp();
        d = p * (d - w.sums[s]);
        if (cap_.capped()) d *= array(w.slopes, index(score.size()));
        w.clear_unseen(w.score, s);
        w.clear_unseen(w.d_score, s);
    }

    template <class U> [[nodiscard]] matrix_view<U> keys(matrix_view<U> both, std::size_t kv) const {
        return both.column_block(kv * dim_, dim_);
    }
    template <class U> [[nodiscard]] matrix_view<U> values(matrix_view<U> both, std::size_t kv) const {
        return both.column_block((key_value_heads_ + kv) * dim_, dim_);
    }

    /// Query heads that share a key.
    static std::size_t heads_of_a_key(const attention_shape& shape) {
        require(shape.key_value_heads != 0 && shape.heads % shape.key_value_heads == 0, "attention: ", shape.heads,
                " heads cannot share ", shape.key_value_heads, " key and value heads evenly");
        return shape.heads / shape.key_value_heads;
    }
    void check(matrix_view<const T> queries, matrix_view<const T> keys_values) const {
        require(queries.columns == heads_ * dim_ && keys_values.columns == 2 * key_value_heads_ * dim_,
                "attention: queries of width ", heads_ * dim_, " and keys with values of width ",
                2 * key_value_heads_ * dim_, " were expected, found ", queries.columns, " and ", keys_values.columns);
    }

    /// The working memory that the largest block needs.
    [[nodiscard]] std::size_t room(bool backward) const {
        std::size_t largest = 0;
        for (const attention_block& b : plan_.blocks)
            largest = std::max(largest, b.count * shared_ * ((backward ? 2 : 1) * b.keys() + 3 * dim_ + 1) +
                                            (backward ? b.keys() : 0));
        return largest;
    }

    std::size_t heads_, shared_, key_value_heads_, dim_;
    T scale_;
    logit_transform<T> cap_;
    attention_blocks plan_;
    scratch_pool<T> pool_;
};

} // namespace preflearn
