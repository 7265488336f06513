/// \file
/// Gated activations of an MLP: a = f(gate) · up, with f(x) = x σ(x) for SwiGLU (Shazeer 2020, arXiv:2002.05202).
/// An activation is one small struct that gives value and slope of whole rows; the gate around it is written once.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>

#include <Eigen/Core>

#include <preflearn/core/matrix_view.hpp>
#include <preflearn/core/system/parallel.hpp>
#include <preflearn/backend/cpu/row_pieces.hpp>

namespace preflearn {

/// x σ(x).
struct silu {
    /// `value` receives f(x).
    template <class In, class Out> static void evaluate(const In& x, Out&& value) { value = x / ((-x).exp() + 1); }
    /// `value` receives f(x), `slope` f'(x).
    template <class In, class Out> static void evaluate(const In& x, Out&& value, Out&& slope) {
        slope = ((-x).exp() + 1).inverse();
        value = x * slope;
        slope *= x - value + 1;
    }
};

/// Rows of `gate_up` hold f's argument and the factor side by side (2n columns); rows of `out` have n columns.
template <class Activation, class T> void gate_forward(matrix_view<const T> gate_up, matrix_view<T> out) {
    parallel_blocks(out.rows, 1 + 8192 / (1 + out.columns), [&](std::size_t begin, std::size_t end) {
        for (std::size_t r = begin; r < end; ++r) {
            const T *const gate = gate_up.row(r), *const up = gate + out.columns;
            for_pieces<T>(out.columns, [&](std::size_t first, std::size_t count) {
                row_piece<T> a;
                Activation::evaluate(load_piece(gate + first, count), a);
                a *= load_piece(up + first, count);
                std::copy_n(a.data(), count, out.row(r) + first);
            });
        }
    });
}

/// Writes d loss / d gate_up and, again, the forward's `out`, given d loss / d out.
template <class Activation, class T>
void gate_backward(matrix_view<const T> gate_up, matrix_view<const T> d_out, matrix_view<T> out,
                   matrix_view<T> d_gate_up) {
    using row = Eigen::Array<T, 1, Eigen::Dynamic>;
    const auto n = static_cast<Eigen::Index>(out.columns);
    parallel_blocks(out.rows, 1 + 8192 / (1 + out.columns), [&](std::size_t begin, std::size_t end) {
        for (std::size_t r = begin; r < end; ++r) {
            const Eigen::Map<const row> gate(gate_up.row(r), n), up(gate_up.row(r) + n, n), d(d_out.row(r), n);
            Eigen::Map<row> a(out.row(r), n), d_gate(d_gate_up.row(r), n), d_up(d_gate_up.row(r) + n, n);
            Activation::evaluate(gate, a, d_gate);
            d_up = d * a;
            d_gate *= d * up;
            a *= up;
        }
    });
}

} // namespace preflearn
