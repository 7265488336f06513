/// \file
/// A decoder forward: embed, then in every layer norm, queries keys values, rotate, attend, output, norm, up, activate,
/// down, and at last the final norm. Written once for every backend and every family, whose norms, biases, positions
/// and scales are values, asked once a layer; and for packed batches as for a cache, which differ in the plan of which
/// query sees which key.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <preflearn/backend/concepts.hpp>
#include <preflearn/core/tokens.hpp>
#include <preflearn/policy/decoder/config.hpp>
#include <preflearn/policy/decoder/kept_rows.hpp>
#include <preflearn/policy/decoder/packed_batch.hpp>
#include <preflearn/policy/decoder/rotary.hpp>
#include <preflearn/policy/decoder/weights.hpp>

namespace preflearn {

/// Keys and values of tokens, side by side, one row a token in every layer.
template <class T, class Backend> struct key_value_cache {
    std::vector<typename Backend::template array<T>> layers{};
    std::span<const std::size_t> rows{}; ///< where those of the tokens that run now are put
};

namespace detail {

/// Numbers of rows that every layer uses, as the backend likes them: it may make something of them once.
template <class Backend> struct row_numbers_of { using type = std::span<const std::size_t>; };
template <class Backend>
    requires requires { typename Backend::row_numbers; }
struct row_numbers_of<Backend> {
    using type = typename Backend::row_numbers;
};

} // namespace detail

/// What the layers of a run share: how rows turn, which keys a query sees and, with a cache, where these stand.
/// `lengths` are the rows' rotary_length.
template <class T, class Backend> class layer_context {
  public:
    layer_context(const transformer_config& config, const attention_plan& plan,
                  std::span<const std::uint32_t> positions, std::span<const std::uint32_t> lengths, bool backward,
                  key_value_cache<T, Backend>* keys = nullptr)
        : config_(config), cache_(keys) {
        std::optional<std::size_t> full, windowed;
        for (std::size_t layer = 0; layer < config.layers; ++layer) {
            (config.window_of(layer) == 0 ? full : windowed) = layer;
            if (config.rotates(layer) && turn_[config.local_rotary(layer)].empty())
                add_rotations(config.local_rotary(layer), positions, lengths);
        }
        if (full) attend_[false].emplace(plan, config.attention(*full), backward);
        if (windowed) attend_[true].emplace(plan, config.attention(*windowed), backward);
        if (keys != nullptr) cache_rows_.emplace(keys->rows);
    }

    /// Turns a layer's queries and keys, or derivatives of them back, if it does.
    void rotate(std::size_t layer, typename Backend::template view<T> queries_keys) const {
        of_rotations(layer, queries_keys,
                     [](const auto& turn, std::size_t heads, auto rows) { Backend::rotate(turn, heads, rows); });
    }
    void rotate_backward(std::size_t layer, typename Backend::template view<T> queries_keys) const {
        of_rotations(layer, queries_keys, [](const auto& turn, std::size_t heads, auto rows) {
            Backend::rotate_backward(turn, heads, rows);
        });
    }
    [[nodiscard]] auto& attention(std::size_t layer) { return *attend_[config_.window_of(layer) != 0]; }
    /// The keys and values that a layer's queries attend to, given those of the rows that run.
    [[nodiscard]] auto keys_values(std::size_t layer, typename Backend::template view<const T> own) {
        if (cache_ == nullptr) return own;
        Backend::scatter_rows(own, *cache_rows_, cache_->layers[layer].view());
        return std::as_const(cache_->layers[layer]).view();
    }

  private:
    using rotation = typename Backend::template rotation<T>;

    /// One for all rows, but where they turn by the length of their text.
    void add_rotations(bool local, std::span<const std::uint32_t> positions, std::span<const std::uint32_t> lengths) {
        for (std::size_t begin = 0, end = 0; begin < lengths.size(); begin = end) {
            while (end < lengths.size() && lengths[end] == lengths[begin]) ++end;
            turn_[local].emplace_back(rotary_frequencies(config_, local, lengths[begin]),
                                      positions.subspan(begin, end - begin), rotary_factor(config_, local));
            turn_ends_[local].push_back(end);
        }
    }
    template <class Turn>
    void of_rotations(std::size_t layer, typename Backend::template view<T> rows, const Turn& turn) const {
        if (!config_.rotates(layer)) return;
        const bool local = config_.local_rotary(layer);
        std::size_t begin = 0, number = 0;
        for (const rotation& each : turn_[local]) {
            const std::size_t end = turn_ends_[local][number++];
            turn(each, config_.heads + config_.key_value_heads, rows.row_block(begin, end - begin));
            begin = end;
        }
    }

    const transformer_config& config_;
    std::deque<rotation> turn_[2]; // everywhere, in local layers; which need not be movable
    std::vector<std::size_t> turn_ends_[2];
    std::optional<typename Backend::template attention<T>> attend_[2]; // to all keys, within the window
    key_value_cache<T, Backend>* cache_;
    std::optional<typename detail::row_numbers_of<Backend>::type> cache_rows_;
};

/// The first `count` rows of an array.
template <class Array> auto first_rows(Array& array, std::size_t count) { return array.view().row_block(0, count); }

/// x where there is no norm, else its norm in `y`.
template <class Backend, class T, class View>
View normed_or_same(View x, const norm_operands<Backend, T>& norm, View y, View statistics) {
    if (norm.weight.absent()) return x;
    Backend::normalise(x, norm, y, statistics);
    return y;
}

/// What a layer's norms of queries and keys work on: queries, keys, and values, which stay.
template <class View> struct split_qkv {
    split_qkv(View all, const transformer_config& c)
        : queries(all.column_block(0, c.query_size())), keys(all.column_block(c.query_size(), c.key_value_size())),
          values(all.column_block(c.query_size() + c.key_value_size(), c.key_value_size())),
          turned(all.column_block(0, c.query_size() + c.key_value_size())),
          keys_values(all.column_block(c.query_size(), 2 * c.key_value_size())) {}
    View queries, keys, values, turned, keys_values;
};

/// to += scale · norm(x Wᵀ + b); `product` receives x Wᵀ + b where it is wanted.
template <class T, class Backend>
void add_block(typename Backend::template view<const T> x, const affine_map<Backend, T>& weights,
               const norm_operands<Backend, T>& after, double scale, typename Backend::template view<T> product,
               typename Backend::template view<T> statistics, typename Backend::template view<T> room,
               typename Backend::template view<T> to) {
    const bool normed = !after.weight.absent();
    if (!normed && scale == 1) return Backend::linear(x, weights, to, store::add);
    if (product.absent() || !normed) product = room;
    Backend::linear(x, weights, product, store::replace);
    if constexpr (requires { Backend::add_normalised(product, after, scale, to); }) // in one pass
        if (normed && statistics.absent()) return Backend::add_normalised(product, after, scale, to);
    if (normed) Backend::normalise(product, after, room, statistics);
    Backend::add(room, to, scale);
}

/// `rows.output` = layer(`rows.input`). Where the output is absent, what a backward pass reads of the layer is computed
/// and no more.
template <class T, class Backend>
void layer_forward(const transformer_config& config, const layer_weights<T, Backend>& w,
                   layer_context<T, Backend>& context, std::size_t number, const layer_rows<T, Backend>& rows,
                   layer_workspace<T, Backend>& work) {
    using B = Backend;
    const std::size_t count = rows.input.rows;
    const auto normed = first_rows(work.normed, count), activated = first_rows(work.activated, count),
               added = first_rows(work.added, count);
    const split_qkv qkv(rows.query_key_value, config);
    const auto projected = rows.projected.absent() ? rows.query_key_value : rows.projected;

    const auto x = normed_or_same(rows.input, w.attention_norm, normed, rows.attention_statistics);
    B::linear(x, w.query_key_value, projected, store::replace);
    if (!w.query_norm.weight.absent()) {
        const split_qkv from(projected, config);
        const std::size_t of_queries = w.query_norm.statistics(), of_keys = w.key_norm.statistics();
        B::normalise(from.queries, w.query_norm, qkv.queries, rows.head_statistics.column_block(0, of_queries));
        B::normalise(from.keys, w.key_norm, qkv.keys, rows.head_statistics.column_block(of_queries, of_keys));
        B::copy(from.values, qkv.values);
    }
    context.rotate(number, qkv.turned);
    B::attend(context.attention(number), qkv.queries, context.keys_values(number, qkv.keys_values), rows.mixed,
              rows.normaliser);
    B::copy(rows.input, rows.middle);
    add_block<T, B>(rows.mixed, w.attention_output, w.attention_after_norm, config.residual_scale, rows.attention_added,
                    rows.attention_after_statistics, added, rows.middle);

    const auto y =
        normed_or_same(config.parallel_residual ? rows.input : rows.middle, w.mlp_norm, normed, rows.mlp_statistics);
    B::linear(y, w.gate_up, rows.gate_up, store::replace);
    if (rows.output.absent()) return;
    B::activate(rows.gate_up, config.family.mlp(), config.family.activation, activated);
    B::copy(rows.middle, rows.output);
    add_block<T, B>(activated, w.down, w.mlp_after_norm, config.residual_scale, rows.mlp_added,
                    rows.mlp_after_statistics, added, rows.output);
}

/// Runs tokens through all layers, up to the residual rows that leave the last one.
template <class T, class Backend>
void layers_forward(const decoder_weights<T, Backend>& weights, std::span<const token_id> tokens,
                    std::span<const std::uint32_t> positions, layer_context<T, Backend>& context,
                    kept_rows<T, Backend>& kept, layer_workspace<T, Backend>& work,
                    std::span<const std::uint64_t> dropout_keys = {}) {
    const transformer_config& config = weights.config();
    const auto first = kept.stream(0, tokens.size());
    Backend::embed(tokens, weights.embedding(), config.embedding_scale, first);
    if (!config.family.rotary()) Backend::add_positions(positions, weights.positions(), first);
    for (std::size_t number = 0; number < config.layers; ++number)
        layer_forward(config, weights.layer(number, dropout_keys), context, number, kept.layer(number, tokens.size()),
                      work);
}

/// Runs a batch up to the final hidden states of its wanted rows: the first rows of `kept.hidden`.
template <class T, class Backend>
void decoder_forward(const decoder_weights<T, Backend>& weights, const packed_batch& batch,
                     layer_context<T, Backend>& context, kept_rows<T, Backend>& kept,
                     layer_workspace<T, Backend>& work) {
    layers_forward<T, Backend>(weights, batch.tokens, batch.positions, context, kept, work, batch.dropout_keys);
    const std::size_t count = batch.wanted.size();
    const auto last = first_rows(kept.final_input, count);
    Backend::gather_rows(kept.stream(weights.config().layers, batch.rows()), batch.wanted, last);
    Backend::normalise(last, weights.final_norm(), first_rows(kept.hidden, count),
                       first_rows(kept.final_statistics, count));
}
template <class T, class Backend>
void decoder_forward(const decoder_weights<T, Backend>& weights, const packed_batch& batch, kept_rows<T, Backend>& kept,
                     layer_workspace<T, Backend>& work) {
    if (batch.rows() == 0) return;
    layer_context<T, Backend> context(weights.config(), batch.plan(), batch.positions, batch.rotary_lengths, false);
    decoder_forward(weights, batch, context, kept, work);
}

} // namespace preflearn
