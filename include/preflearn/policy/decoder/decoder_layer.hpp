/// \file
/// One pre-norm decoder layer on packed rows: x += Wo · attention(rotary(Wqkv · norm(x))), then
/// x += Wdown · gate(Wgate,up · norm(x)); forward, and backward for input and every parameter. Only the two residual
/// rows, q, k, v, the mixed values and gate/up are kept for backward; norms and activations are computed again.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include <preflearn/backend/cpu/activate.hpp>
#include <preflearn/backend/cpu/normalise.hpp>
#include <preflearn/core/concepts.hpp>
#include <preflearn/core/matrix_view.hpp>
#include <preflearn/core/system/parallel.hpp>
#include <preflearn/policy/decoder/config.hpp>
#include <preflearn/policy/decoder/layout.hpp>

namespace preflearn {

/// The matrices of one layer, or of its gradient.
template <class T> struct layer_parameters {
    T *attention_norm, *mlp_norm;
    matrix_view<T> query_key_value, attention_output, gate_up, down;

    /// `first` points at the flat vector.
    layer_parameters(T* first, const layer_places& at)
        : attention_norm(first + at.attention_norm.weight.offset), mlp_norm(first + at.mlp_norm.weight.offset),
          query_key_value(matrix(first, at.query_key_value)), attention_output(matrix(first, at.attention_output)),
          gate_up(matrix(first, at.gate_up)), down(matrix(first, at.down)) {}

  private:
    static matrix_view<T> matrix(T* first, const weight_place& at) {
        return {first + at.weight.offset, at.weight.rows, at.weight.columns};
    }
};

/// What a layer reads and writes, one row per token. `input`, `middle` and `output` may be one array when no backward
/// pass follows.
template <class T> struct layer_rows {
    matrix_view<T> input, query_key_value, mixed, middle, gate_up, output;
    T *attention_inverse, *mlp_inverse; ///< 1 / rms of each row
    T* normaliser;                      ///< log Σ exp of the scores, rows × heads
};

/// Arrays for one layer at a time, reused by every layer.
template <class T, class Backend> struct layer_workspace {
    using matrix = typename Backend::template matrix<T>;
    matrix normed, activated;                                            ///< forward and backward
    matrix d_activated, d_gate_up, d_normed, d_mixed, d_query_key_value; ///< backward alone

    layer_workspace(const transformer_config& c, std::size_t rows, bool backward)
        : normed(rows, c.hidden_size), activated(rows, c.intermediate_size) {
        if (!backward) return;
        d_activated = matrix(rows, c.intermediate_size);
        d_gate_up = matrix(rows, 2 * c.intermediate_size);
        d_normed = matrix(rows, c.hidden_size);
        d_mixed = matrix(rows, c.query_size());
        d_query_key_value = matrix(rows, c.query_size() + 2 * c.key_value_size());
    }
};

/// Copies rows unless both are one array.
template <class T> void copy_rows(matrix_view<const T> from, matrix_view<T> to) {
    if (from.data == to.data) return;
    parallel_blocks(from.rows, 1 + 65536 / (1 + from.columns), [&](std::size_t begin, std::size_t end) {
        for (std::size_t r = begin; r < end; ++r) std::copy_n(from.row(r), from.columns, to.row(r));
    });
}

/// `attend(rows)` turns query_key_value by its positions and fills mixed and normaliser.
template <class Backend, class T, class Attend>
void layer_forward(const layer_parameters<const T>& p, const transformer_config& config, const layer_rows<T>& rows,
                   layer_workspace<T, Backend>& work, Attend&& attend) {
    using norm = rms_norm<>;
    const std::size_t count = rows.input.rows;
    const auto normed = work.normed.view().row_block(0, count);
    const auto activated = work.activated.view().row_block(0, count);
    const auto product = [](matrix_view<const T> x, matrix_view<const T> w, matrix_view<T> y, store mode) {
        Backend::template multiply<T>(transpose::no, x, transpose::yes, w, y, mode);
    };
    norm::forward<T>(rows.input, p.attention_norm, config.norm_epsilon, normed, rows.attention_inverse);
    product(normed, p.query_key_value, rows.query_key_value, store::replace);
    attend(rows);
    copy_rows<T>(rows.input, rows.middle);
    product(rows.mixed, p.attention_output, rows.middle, store::add);
    norm::forward<T>(rows.middle, p.mlp_norm, config.norm_epsilon, normed, rows.mlp_inverse);
    product(normed, p.gate_up, rows.gate_up, store::replace);
    gate_forward<silu, T>(rows.gate_up, activated);
    copy_rows<T>(rows.middle, rows.output);
    product(activated, p.down, rows.output, store::add);
}

/// Turns `dx` from d loss / d output into d loss / d input and adds to the parameters' gradients `d`.
/// `attend_backward(rows, d_mixed, d_query_key_value)` undoes `attend`.
template <class Backend, class T, class AttendBackward>
void layer_backward(const layer_parameters<const T>& p, const layer_parameters<T>& d, const transformer_config& config,
                    const layer_rows<T>& rows, layer_workspace<T, Backend>& work, matrix_view<T> dx,
                    AttendBackward&& attend_backward) {
    using norm = rms_norm<>;
    const auto normed = work.normed.view(), activated = work.activated.view(), d_activated = work.d_activated.view(),
               d_gate_up = work.d_gate_up.view(), d_normed = work.d_normed.view(), d_mixed = work.d_mixed.view(),
               d_qkv = work.d_query_key_value.view();
    // y = x wᵀ gives dx = dy w and dw += dyᵀ x
    const auto to_input = [](matrix_view<const T> dy, matrix_view<const T> w, matrix_view<T> out) {
        Backend::template multiply<T>(transpose::no, dy, transpose::no, w, out, store::replace);
    };
    const auto to_weight = [](matrix_view<const T> dy, matrix_view<const T> x, matrix_view<T> dw) {
        Backend::template multiply<T>(transpose::yes, dy, transpose::no, x, dw, store::add);
    };
    to_input(dx, p.down, d_activated);
    gate_backward<silu, T>(rows.gate_up, d_activated, activated, d_gate_up);
    to_weight(dx, activated, d.down);
    norm::forward<T>(rows.middle, p.mlp_norm, config.norm_epsilon, normed, rows.mlp_inverse);
    to_weight(d_gate_up, normed, d.gate_up);
    to_input(d_gate_up, p.gate_up, d_normed);
    norm::backward<T>(rows.middle, p.mlp_norm, rows.mlp_inverse, d_normed, dx, d.mlp_norm);

    to_input(dx, p.attention_output, d_mixed);
    to_weight(dx, rows.mixed, d.attention_output);
    attend_backward(rows, matrix_view<const T>(d_mixed), d_qkv);
    norm::forward<T>(rows.input, p.attention_norm, config.norm_epsilon, normed, rows.attention_inverse);
    to_weight(d_qkv, normed, d.query_key_value);
    to_input(d_qkv, p.query_key_value, d_normed);
    norm::backward<T>(rows.input, p.attention_norm, rows.attention_inverse, d_normed, dx, d.attention_norm);
}

} // namespace preflearn
