/// \file
/// The processor's backend for decoding from quantised weights with activations rounded to 8 bits
/// (rounded_product.hpp), which takes about two thirds of the time and changes what is drawn. Its name says so; it
/// scores nothing and learns nothing.
// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <span>
#include <string_view>

#include <preflearn/backend/concepts.hpp>
#include <preflearn/backend/cpu/backend.hpp>
#include <preflearn/backend/cpu/linear.hpp>
#include <preflearn/core/concepts.hpp>
#include <preflearn/core/matrix_view.hpp>
#include <preflearn/core/stored/stored_matrix.hpp>
#include <preflearn/products/rounded_product.hpp>

namespace preflearn {

/// As chained_products, but for quantised weights.
struct eight_bit_products {
    static constexpr std::string_view name = "cpu, activations rounded to 8 bits";
    static constexpr bool decodes_only = true;
    template <class T> static constexpr bool supports = std::same_as<T, float>;
    using stored = stored_matrix;

    static stored_matrix hold(stored_matrix matrix) { return matrix; }
    template <std::same_as<float> T>
    static void multiply(transpose op_a, matrix_view<const T> a, transpose op_b, matrix_view<const T> b,
                         matrix_view<T> c, store mode) {
        chained_products::multiply<T>(op_a, a, op_b, b, c, mode);
    }
    template <std::same_as<float> T>
    static void multiply_frozen(matrix_view<const T> x, std::span<const stored_matrix> w, matrix_view<T> y,
                                store mode) {
        multiply_rounded(x, w, y, mode);
    }
    template <std::same_as<float> T>
    static void multiply_frozen_back(matrix_view<const T> dy, const stored_matrix& w, matrix_view<T> dx, store mode) {
        chained_products::multiply_frozen_back<T>(dy, w, dx, mode);
    }
};

/// `load_transformer<float, eight_bit_backend>(file, trained_tensors::none()).sample(…)`.
using eight_bit_backend = processor_backend<eight_bit_products>;

static_assert(ScoringBackend<eight_bit_backend, float> && !ScoringBackend<eight_bit_backend, double>);

} // namespace preflearn
