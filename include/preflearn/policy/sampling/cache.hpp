/// \file
/// Decoding with a cache: keys and values of every sequence are kept, so that a further token costs one row. Many
/// sequences advance together, since a step reads every weight once however many rows it serves. Prompts that
/// neighbours share are run once.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

#include <preflearn/backend/cpu/chained_product.hpp>
#include <preflearn/backend/cpu/row_pieces.hpp>
#include <preflearn/backend/cpu/scratch.hpp>
#include <preflearn/core/matrix_view.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/core/system/parallel.hpp>
#include <preflearn/core/tokens.hpp>
#include <preflearn/policy/decoder/decoder_layer.hpp>
#include <preflearn/policy/decoder/kept_rows.hpp>
#include <preflearn/policy/decoder/packed_batch.hpp>
#include <preflearn/policy/decoder/rotary.hpp>

namespace preflearn {

/// Sequences that grow by one token a step. Refers to the model, which must outlive it unchanged.
template <class Model> class cached_decoder {
  public:
    using T = typename Model::scalar;
    using matrix = typename Model::matrix;

    /// Runs the prompts and makes room for `more` further tokens each (fewer where the model's maximum length ends).
    /// \throws argument_error for an empty or too long prompt or an id outside the vocabulary.
    cached_decoder(const Model& lm, std::span<const token_span> prompts, std::size_t more)
        : model_(lm), work_(lm.config(), prompts.size(), false), stream_(prompts.size(), lm.config().hidden_size),
          hidden_(prompts.size(), lm.config().hidden_size), logits_(prompts.size(), lm.config().vocabulary_size),
          step_(lm.config(), prompts.size(), prompts.size(), false) {
        const transformer_config& c = lm.config();
        std::vector<token_completion> all;
        for (const token_span prompt : prompts) all.push_back({prompt, {}});
        packed_batch::check(all, c);
        std::size_t rows = 0, most = 1;
        for (std::size_t s = 0; s < prompts.size(); ++s) {
            const std::size_t capacity = prompts[s].size() + std::min(more, c.maximum_length - prompts[s].size());
            sequences_.push_back({rows, prompts[s].size(), capacity});
            rows += capacity;
            most = std::max(most, capacity);
        }
        for (std::size_t layer = 0; layer < c.layers; ++layer) cache_.emplace_back(rows, 2 * c.key_value_size());
        live_.resize(prompts.size());
        std::iota(live_.begin(), live_.end(), std::size_t{0});
        scores_size_ = c.heads / c.key_value_heads * (most + 2 * c.head_dim);
        prefill(all);
        find_logits();
    }

    /// The sequences still growing, as indices of the prompts; row i of `logits` is of live()[i].
    [[nodiscard]] std::span<const std::size_t> live() const { return live_; }
    /// Unnormalised log-probabilities of each live sequence's next token.
    [[nodiscard]] matrix_view<const T> logits() const { return logits_.view().row_block(0, live_.size()); }
    /// Whether live sequence i has room for a further token and a prediction after it.
    [[nodiscard]] bool has_room(std::size_t i) const {
        return sequences_[live_[i]].length < sequences_[live_[i]].capacity;
    }

    /// Stops all live sequences but those at these rows, given in rising order. The logits' rows are not moved:
    /// `advance` is to follow.
    void keep(std::span<const std::size_t> rows) {
        for (std::size_t i = 0; i < rows.size(); ++i) live_[i] = live_[rows[i]];
        live_.resize(rows.size());
    }

    /// Appends a token to every live sequence and computes the next logits.
    /// \throws argument_error when the counts differ, an id is outside the vocabulary, or there is no room.
    void advance(std::span<const token_id> tokens) {
        const transformer_config& c = model_.config();
        require(tokens.size() == live_.size(), "cached_decoder: ", live_.size(), " live sequences, found ",
                tokens.size(), " tokens");
        for (std::size_t i = 0; i < tokens.size(); ++i) {
            require(tokens[i] >= 0 && static_cast<std::size_t>(tokens[i]) < c.vocabulary_size, "cached_decoder: token ",
                    i, " has id ", tokens[i], ", expected 0 to ", c.vocabulary_size - 1);
            require(has_room(i), "cached_decoder: sequence ", live_[i], " is full at ", sequences_[live_[i]].length,
                    " tokens");
        }
        if (live_.empty()) return;
        const std::size_t count = live_.size();
        std::size_t first = c.maximum_length, last = 0;
        std::vector<std::uint32_t> positions;
        for (const std::size_t s : live_) {
            positions.push_back(static_cast<std::uint32_t>(sequences_[s].length));
            first = std::min(first, sequences_[s].length);
            last = std::max(last, sequences_[s].length);
        }
        const rotary_table<T> rotary(c, first, last - first + 1);
        scratch_pool<T> pool(scores_size_);
        model_.embed(tokens, step_.stream(0, count));
        for (std::size_t layer = 0; layer < c.layers; ++layer) {
            model_.run_layer(layer, step_.layer(layer, count), work_, [&](const layer_rows<T>& rows) {
                rotary.turn_rows(rows.query_key_value, c.heads + c.key_value_heads, positions, false);
                for (std::size_t i = 0; i < count; ++i)
                    std::copy_n(rows.query_key_value.row(i) + c.query_size(), 2 * c.key_value_size(),
                                cache_[layer].view().row(sequences_[live_[i]].row + positions[i]));
                parallel_for(count * c.key_value_heads, [&](std::size_t task) {
                    attend(rows, layer, task / c.key_value_heads, task % c.key_value_heads, pool);
                });
            });
        }
        for (std::size_t i = 0; i < count; ++i) {
            ++sequences_[live_[i]].length;
            std::copy_n(step_.stream(c.layers, count).row(i), c.hidden_size, stream_.view().row(i));
        }
        find_logits();
    }

  private:
    struct sequence {
        std::size_t row, length, capacity;
    };

    void prefill(std::span<const token_completion> all) {
        const transformer_config& c = model_.config();
        for (const completion_chunk& chunk : chunks_of(all, 1024)) {
            const packed_batch batch(all.subspan(chunk.begin, chunk.end - chunk.begin), c, row_purpose::last_hidden);
            activations<T, typename Model::backend> kept(c, batch.rows(), batch.wanted.size(), false);
            layer_workspace<T, typename Model::backend> work(c, batch.rows(), false);
            model_.run(batch, kept, work, [&](std::size_t layer, const layer_rows<T>& rows) {
                parallel_for(batch.wanted.size(), [&](std::size_t s) {
                    const sequence& to = sequences_[chunk.begin + s];
                    const std::size_t from = batch.wanted[s] + 1 - to.length;
                    for (std::size_t i = 0; i < to.length; ++i)
                        std::copy_n(rows.query_key_value.row(from + i) + c.query_size(), 2 * c.key_value_size(),
                                    cache_[layer].view().row(to.row + i));
                });
            });
            copy_rows<T>(kept.final_input.view(), stream_.view().row_block(chunk.begin, batch.wanted.size()));
        }
    }

    /// Attention of one new row's query heads that share a key over its sequence's cache: the sums of attention.hpp in
    /// their order, so that decoding and scoring have the same bits.
    void attend(const layer_rows<T>& rows, std::size_t layer, std::size_t row, std::size_t kv, scratch_pool<T>& pool) {
        const transformer_config& c = model_.config();
        const std::size_t shared = c.heads / c.key_value_heads, dim = c.head_dim;
        const sequence& s = sequences_[live_[row]];
        const std::size_t length = s.length + 1;
        const matrix_view<const T> cached = cache_[layer].view().row_block(s.row, length);
        const auto lease = pool.borrow();
        const matrix_view<T> query(lease.data(), shared, dim), score(lease.data() + shared * dim, shared, length);
        const matrix_view<T> mixed(rows.mixed.row(row) + kv * shared * dim, shared, dim);
        const T scale = static_cast<T>(1 / std::sqrt(static_cast<double>(dim)));
        const T* const own = rows.query_key_value.row(row) + kv * shared * dim;
        for (std::size_t i = 0; i < shared * dim; ++i) query.data[i] = scale * own[i];
        multiply_serial<T>(transpose::no, query, transpose::yes, cached.column_block(kv * dim, dim), score,
                           store::replace);
        std::vector<T> inverse(shared);
        for (std::size_t g = 0; g < shared; ++g) inverse[g] = 1 / exponentials_of_row(score.row(g), length).sum;
        multiply_serial<T>(transpose::no, score, transpose::no, cached.column_block(c.key_value_size() + kv * dim, dim),
                           mixed, store::replace);
        for (std::size_t g = 0; g < shared; ++g)
            for (std::size_t i = 0; i < dim; ++i) mixed(g, i) *= inverse[g];
    }

    void find_logits() {
        const std::size_t count = live_.size();
        std::vector<T> inverse(count);
        model_.finish(stream_.view().row_block(0, count), hidden_.view().row_block(0, count), inverse.data());
        Model::backend::template multiply<T>(transpose::no, std::as_const(hidden_).view().row_block(0, count),
                                             transpose::yes, model_.head(), logits_.view().row_block(0, count),
                                             store::replace);
    }

    const Model& model_;
    std::vector<sequence> sequences_;
    std::vector<std::size_t> live_;
    std::vector<matrix> cache_; // per layer: a row per token, keys then values
    layer_workspace<T, typename Model::backend> work_;
    matrix stream_, hidden_, logits_;
    activations<T, typename Model::backend> step_;
    std::size_t scores_size_ = 0;
};

} // namespace preflearn
