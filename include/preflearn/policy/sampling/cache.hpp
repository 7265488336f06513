/// \file
/// Decoding with a cache: keys and values of every sequence are kept, so that a further token costs one row. Many
/// sequences advance together, since a step reads every weight once however many rows it serves. Prompts that
/// neighbours share are run once. The forward pass is the decoder's own; the cache only says where keys stand.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include <preflearn/core/matrix_view.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/core/system/parallel.hpp>
#include <preflearn/core/tokens.hpp>
#include <preflearn/loss/vocabulary/logit_transform.hpp>
#include <preflearn/policy/decoder/chunks.hpp>
#include <preflearn/policy/decoder/forward.hpp>
#include <preflearn/policy/decoder/kept_rows.hpp>
#include <preflearn/policy/decoder/packed_batch.hpp>
#include <preflearn/policy/decoder/rows_at_once.hpp>

namespace preflearn {

/// Sequences that grow by one token a step. Refers to the model, which must outlive it unchanged.
template <class Model> class cached_decoder {
  public:
    using T = typename Model::scalar;
    using backend = typename Model::backend;
    using array = typename backend::template array<T>;

    /// Runs the prompts and makes room for `more` further tokens each (fewer where the model's maximum length ends).
    /// \throws argument_error for an empty or too long prompt or an id outside the vocabulary.
    cached_decoder(const Model& lm, std::span<const token_span> prompts, std::size_t more)
        : model_(lm), step_(lm.config(), prompts.size(), prompts.size(), false),
          work_(lm.config(), prompts.size(), false),
          logits_(shows_logits ? 0 : prompts.size(), lm.config().vocabulary_size),
          shown_(prompts.size() * lm.config().vocabulary_size) {
        const transformer_config& c = lm.config();
        std::vector<token_completion> all;
        for (const token_span prompt : prompts) all.push_back({prompt, {}});
        packed_batch::check(all, c);
        std::size_t rows = 0;
        for (const token_span prompt : prompts) {
            const std::size_t capacity = prompt.size() + std::min(more, c.maximum_length - prompt.size());
            sequences_.push_back({rows, prompt.size(), capacity});
            rows += capacity;
        }
        for (std::size_t layer = 0; layer < c.layers; ++layer) cache_.layers.emplace_back(rows, 2 * c.key_value_size());
        live_.resize(prompts.size());
        std::iota(live_.begin(), live_.end(), std::size_t{0});
        prefill(all);
        find_logits();
    }

    /// The sequences still growing, as indices of the prompts; row i of `logits` is of live()[i].
    [[nodiscard]] std::span<const std::size_t> live() const { return live_; }
    /// Unnormalised log-probabilities of each live sequence's next token.
    [[nodiscard]] matrix_view<const T> logits() const {
        return {shown_.data(), live_.size(), model_.config().vocabulary_size};
    }
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

    /// Row i goes on as what row rows[i] is: sequences go on in any order, several times or not at all, by their keys
    /// and values, which are copied. No more of equal prompts than there were from the start. The logits' rows are not
    /// moved: `advance` is to follow. \throws argument_error where there is no row, or no place for one more.
    void branch(std::span<const std::size_t> rows) {
        constexpr std::size_t none = static_cast<std::size_t>(-1);
        std::vector<bool> taken(sequences_.size());
        std::vector<std::size_t> next;
        for (const std::size_t row : rows) {
            require(row < live_.size(), "cached_decoder: row ", row, " of ", live_.size(), " live sequences");
            next.push_back(taken[live_[row]] ? none : live_[row]);
            taken[live_[row]] = true;
        }
        for (std::size_t i = 0; i < next.size(); ++i) {
            if (next[i] != none) continue;
            const sequence& from = sequences_[live_[rows[i]]];
            std::size_t free = 0;
            while (free < taken.size() && (taken[free] || sequences_[free].capacity != from.capacity)) ++free;
            require(free < taken.size(), "cached_decoder: there is no place for one more sequence like ",
                    live_[rows[i]]);
            copy_keys(from, sequences_[free]);
            sequences_[free].length = from.length;
            taken[free] = true;
            next[i] = free;
        }
        live_ = std::move(next);
    }

    /// Appends a token to every live sequence and computes the next logits.
    /// \throws argument_error when the counts differ, an id is outside the vocabulary, or there is no room.
    void advance(std::span<const token_id> tokens) {
        check(tokens);
        if (live_.empty()) return;
        std::vector<std::uint32_t> positions, lengths;
        std::vector<row_segment> segments;
        std::vector<std::size_t> rows;
        for (const std::size_t s : live_) {
            sequence& grown = sequences_[s];
            segments.push_back({.row = rows.size(),
                                .length = 1,
                                .position = grown.length,
                                .prefix_row = grown.row,
                                .prefix_length = grown.length});
            positions.push_back(static_cast<std::uint32_t>(grown.length));
            // keys that are kept stay turned as they were, as in transformers
            lengths.push_back(static_cast<std::uint32_t>(rotary_length(model_.config(), grown.length + 1)));
            rows.push_back(grown.row + grown.length++);
        }
        cache_.rows = rows;
        layer_context<T, backend> context(model_.config(), {.segments = segments, .keys = own_keys::after_prefix},
                                          positions, lengths, false, &cache_);
        layers_forward(model_.weights(), tokens, positions, context, step_, work_);
        backend::copy(step_.stream(model_.config().layers, tokens.size()),
                      first_rows(step_.final_input, tokens.size()));
        find_logits();
    }

  private:
    /// Whether the backend has logits of more digits than its arrays: hidden · headᵀ for the host.
    static constexpr bool shows_logits = requires(typename backend::template view<const T> hidden,
                                                  const weight_matrix<backend, T>& head, std::span<T> shown) {
        backend::template logits<T>(hidden, head, shown);
    };

    /// Its tokens' rows in the cache.
    struct sequence {
        std::size_t row, length, capacity;
    };

    void check(std::span<const token_id> tokens) const {
        const std::size_t vocabulary = model_.config().vocabulary_size;
        require(tokens.size() == live_.size(), "cached_decoder: ", live_.size(), " live sequences, found ",
                tokens.size(), " tokens");
        for (std::size_t i = 0; i < tokens.size(); ++i) {
            require(tokens[i] >= 0 && static_cast<std::size_t>(tokens[i]) < vocabulary, "cached_decoder: token ", i,
                    " has id ", tokens[i], ", expected 0 to ", vocabulary - 1);
            require(has_room(i), "cached_decoder: sequence ", live_[i], " is full at ", sequences_[live_[i]].length,
                    " tokens");
        }
    }

    /// Runs the prompts and keeps the residual rows of their last tokens. A prompt's keys and values go to the first
    /// sequence that has it, and from there to its neighbours.
    void prefill(std::span<const token_completion> all) {
        const transformer_config& c = model_.config();
        for (const completion_chunk& chunk : chunks_of(all, rows_at_once<T, backend>(c, 1024, 1024), c)) {
            const packed_batch batch(all.subspan(chunk.begin, chunk.end - chunk.begin), c, row_purpose::last_hidden);
            const std::size_t count = batch.wanted.size();
            kept_rows<T, backend> kept(c, batch.rows(), count, false);
            layer_workspace<T, backend> work(c, batch.rows(), false);
            std::vector<std::size_t> rows;
            std::vector<row_segment> segments;
            const auto shares = [&](std::size_t s) { return s != 0 && batch.wanted[s] == batch.wanted[s - 1]; };
            for (std::size_t s = 0; s < count; ++s) {
                const sequence& to = sequences_[chunk.begin + s];
                if (shares(s)) continue;
                segments.push_back({.row = rows.size(), .length = to.length, .prefix_row = to.row});
                for (std::size_t i = 0; i < to.length; ++i) rows.push_back(to.row + i);
            }
            cache_.rows = rows;
            layer_context<T, backend> context(c, {.segments = segments, .keys = own_keys::after_prefix},
                                              batch.positions, batch.rotary_lengths, false, &cache_);
            decoder_forward(model_.weights(), batch, context, kept, work);
            backend::copy(first_rows(kept.final_input, count), step_.final_input.view().row_block(chunk.begin, count));
            for (std::size_t s = 0; s < count; ++s)
                if (shares(s)) copy_keys(sequences_[chunk.begin + s - 1], sequences_[chunk.begin + s]);
        }
    }
    void copy_keys(const sequence& from, const sequence& to) {
        for (array& layer : cache_.layers)
            backend::copy(layer.view().row_block(from.row, from.length), layer.view().row_block(to.row, from.length));
    }

    /// From the residual rows that leave the last layer, one a live sequence.
    void find_logits() {
        const std::size_t count = live_.size(), vocabulary = model_.config().vocabulary_size;
        const auto hidden = first_rows(step_.hidden, count);
        const std::span<T> shown = std::span<T>(shown_).first(count * vocabulary);
        backend::normalise(first_rows(step_.final_input, count), model_.weights().final_norm(), hidden, {});
        if constexpr (shows_logits) {
            backend::template logits<T>(hidden, model_.weights().head(), shown);
        } else {
            const auto logits = first_rows(logits_, count);
            backend::linear(hidden, {.matrix = model_.weights().head()}, logits, store::replace);
            backend::download(logits, shown);
        }
        const logit_transform<T> transform = model_.weights().logits();
        if (transform.is_identity()) return;
        parallel_for(count, [&](std::size_t i) {
            transform.apply(std::span<T>(shown_).subspan(i * vocabulary, vocabulary), 0);
        });
    }

    const Model& model_;
    std::vector<sequence> sequences_;
    std::vector<std::size_t> live_;
    key_value_cache<T, backend> cache_;
    kept_rows<T, backend> step_;
    layer_workspace<T, backend> work_;
    array logits_;         // no rows where the backend shows them to the host itself
    std::vector<T> shown_; // the logits as the host sees them
};

} // namespace preflearn
