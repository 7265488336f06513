/// \file
/// The gradient of decoder/forward.hpp, operation by operation in reverse. What the forward pass kept are residual
/// rows, queries, keys and values, mixed values, and the MLP's first product; norms and activations are computed again.
/// Gradients of frozen weights are not computed, nor is anything below the lowest trained ones. Of a pass that kept the
/// layers' inputs alone, each layer is run again first.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>

#include <preflearn/backend/concepts.hpp>
#include <preflearn/policy/decoder/config.hpp>
#include <preflearn/policy/decoder/forward.hpp>
#include <preflearn/policy/decoder/kept_rows.hpp>
#include <preflearn/policy/decoder/packed_batch.hpp>
#include <preflearn/policy/decoder/weights.hpp>

namespace preflearn {

/// d loss / d (x Wᵀ + b) of `add_block`, given d loss / d to; adds the gradient of the norm after it.
template <class T, class Backend>
typename Backend::template view<const T>
add_block_backward(const norm_operands<Backend, T>& after, double scale,
                   typename Backend::template view<const T> product,
                   typename Backend::template view<const T> statistics, typename Backend::template view<const T> d_to,
                   typename Backend::template view<T> scaled, typename Backend::template view<T> room,
                   const parameter_gradients<Backend, T>& into) {
    if (scale != 1) {
        Backend::fill(scaled, T(0));
        Backend::add(d_to, scaled, scale);
        d_to = scaled;
    }
    if (after.weight.absent()) return d_to;
    Backend::normalise_backward(product, after, statistics, d_to, room, store::replace, into);
    return room;
}

/// Of y = norm(x) Wᵀ + b, or x Wᵀ + b without a norm: writes or adds d loss / d x, given dy, and adds to the gradients.
template <class T, class Backend>
void normed_linear_backward(typename Backend::template view<T> x, const norm_operands<Backend, T>& norm,
                            typename Backend::template view<T> statistics, const affine_map<Backend, T>& weights,
                            typename Backend::template view<const T> dy, typename Backend::template view<T> normed,
                            typename Backend::template view<T> d_normed, typename Backend::template view<T> dx,
                            store how, const parameter_gradients<Backend, T>& d_norm,
                            const parameter_gradients<Backend, T>& d_weights) {
    using view = typename Backend::template view<T>;
    if (norm.weight.absent()) return Backend::linear_backward(x, weights, dy, dx, how, d_weights);
    const bool wanted = !dx.absent() || !d_norm.weight.absent() || !d_norm.bias.absent();
    if (d_weights.needs_input()) Backend::normalise(x, norm, normed, view());
    Backend::linear_backward(normed, weights, dy, wanted ? d_normed : view(), store::replace, d_weights);
    if (wanted) Backend::normalise_backward(x, norm, statistics, d_normed, dx, how, d_norm);
}

/// Turns `dx` from d loss / d output into d loss / d input, where `below` wants that, and adds to the gradients `d`.
template <class T, class Backend>
void layer_backward(const transformer_config& config, const layer_weights<T, Backend>& w,
                    const layer_gradients<T, Backend>& d, layer_context<T, Backend>& context, std::size_t number,
                    const layer_rows<T, Backend>& rows, layer_workspace<T, Backend>& work,
                    typename Backend::template view<T> dx, bool below) {
    using B = Backend;
    using view = typename B::template view<T>;
    const view normed = work.normed.view(), activated = work.activated.view(), added = work.added.view(),
               d_added = work.d_added.view(), d_activated = work.d_activated.view(), d_gate_up = work.d_gate_up.view(),
               d_normed = work.d_normed.view(), d_input = work.d_input.view(), d_mixed = work.d_mixed.view();
    const split_qkv<view> qkv(rows.query_key_value, config), d_qkv(work.d_query_key_value.view(), config);

    // output = middle + s · after(down · f(gate_up · norm(middle))), or of norm(input) in place of norm(middle)
    const auto d_down = add_block_backward<T, B>(w.mlp_after_norm, config.residual_scale, rows.mlp_added,
                                                 rows.mlp_after_statistics, dx, added, d_added, d.mlp_after_norm);
    B::linear_backward(view(), w.down, d_down, d_activated, store::replace, {});
    B::activate_backward(rows.gate_up, config.family.mlp(), config.family.activation, d_activated,
                         d.down.needs_input() ? activated : view(), d_gate_up);
    B::linear_backward(activated, w.down, d_down, view(), store::replace, d.down);
    const bool parallel = config.parallel_residual;
    normed_linear_backward<T, B>(parallel ? rows.input : rows.middle, w.mlp_norm, rows.mlp_statistics, w.gate_up,
                                 d_gate_up, normed, d_normed, parallel ? d_input : dx,
                                 parallel ? store::replace : store::add, d.mlp_norm, d.gate_up);

    // middle = input + s · after(output · attention(rotate(norms of heads(qkv · norm(input)))))
    const auto d_output =
        add_block_backward<T, B>(w.attention_after_norm, config.residual_scale, rows.attention_added,
                                 rows.attention_after_statistics, dx, added, d_added, d.attention_after_norm);
    B::linear_backward(rows.mixed, w.attention_output, d_output, d_mixed, store::replace, d.attention_output);
    B::attend_backward(context.attention(number), qkv.queries, qkv.keys_values, rows.mixed, rows.normaliser, d_mixed,
                       d_qkv.queries, d_qkv.keys_values);
    context.rotate_backward(number, d_qkv.turned);
    view d_projected = work.d_query_key_value.view();
    if (!w.query_norm.weight.absent()) {
        d_projected = work.d_projected.view();
        const split_qkv<view> from(rows.projected, config), d_from(d_projected, config);
        const std::size_t of_queries = w.query_norm.statistics(), of_keys = w.key_norm.statistics();
        B::normalise_backward(from.queries, w.query_norm, rows.head_statistics.column_block(0, of_queries),
                              d_qkv.queries, d_from.queries, store::replace, d.query_norm);
        B::normalise_backward(from.keys, w.key_norm, rows.head_statistics.column_block(of_queries, of_keys), d_qkv.keys,
                              d_from.keys, store::replace, d.key_norm);
        B::copy(d_qkv.values, d_from.values);
    }
    normed_linear_backward<T, B>(rows.input, w.attention_norm, rows.attention_statistics, w.query_key_value,
                                 d_projected, normed, d_normed, below ? dx : view(), store::add, d.attention_norm,
                                 d.query_key_value);
    if (parallel && below) B::add(d_input, dx);
}

/// Adds to the gradients of all trained weights, given d loss / d `kept.hidden` of a batch that decoder_forward has
/// run.
template <class T, class Backend>
void decoder_backward(decoder_weights<T, Backend>& weights, const packed_batch& batch, kept_rows<T, Backend>& kept,
                      typename Backend::template view<const T> d_hidden) {
    const transformer_config& config = weights.config();
    const std::size_t count = batch.rows(), n = config.hidden_size;
    if (count == 0) return;
    typename Backend::template array<T> d_final(batch.wanted.size(), n), d_stream(count, n);
    Backend::normalise_backward(kept.final_input.view(), weights.final_norm(), kept.final_statistics.view(), d_hidden,
                                d_final.view(), store::replace, weights.gradients(weights.layout().final_norm()));
    const std::size_t first = weights.first_trained_layer();
    if (first >= config.layers && !weights.trains_embedding()) return;
    const auto dx = d_stream.view();
    Backend::fill(dx, T(0));
    Backend::gather_rows_backward(d_final.view(), batch.wanted, dx);
    layer_context<T, Backend> context(config, batch.plan(), batch.positions, batch.rotary_lengths, true);
    layer_workspace<T, Backend> work(config, count, true);
    for (std::size_t number = config.layers; number-- > first;) {
        const layer_weights<T, Backend> layer = weights.layer(number, batch.dropout_keys);
        const layer_rows<T, Backend> rows = kept.layer(number, count);
        if (kept.inputs_only()) layer_forward(config, layer, context, number, kept.without_output(rows), work);
        layer_backward(config, layer, weights.layer_gradients_of(number), context, number, rows, work, dx,
                       number > first || weights.trains_embedding());
    }
    if (!weights.trains_embedding()) return;
    Backend::embed_backward(batch.tokens, dx, config.embedding_scale,
                            weights.gradient(weights.layout().embedding().weight));
    if (!config.family.rotary())
        Backend::add_positions_backward(batch.positions, dx, weights.gradient(weights.layout().positions().weight));
}

} // namespace preflearn
