/// \file
/// A product of matrices on a device, which is a library's affair (cublaslt.hpp) or the host's in tests: the concept
/// `Gemm`, in the terms that such libraries have, and the one form of it that a decoder asks for.
///
/// Column-major: element (i, j) of a matrix with leading dimension ld is data[i + j · ld]. A row-major matrix, rows ×
/// columns with a stride, is in these terms its transpose, columns × rows with the stride as leading dimension.
// SPDX-License-Identifier: MIT
#pragma once

#include <compare>
#include <concepts>
#include <cstddef>
#include <string_view>

#include <cuda_runtime_api.h>

#include <preflearn/backend/cuda/operations.hpp>
#include <preflearn/core/concepts.hpp>
#include <preflearn/core/system/error.hpp>

namespace preflearn::cuda {

/// C, m × n, of op(A), m × k, and op(B), k × n. A as stored is m × k, transposed k × m; so is B.
struct gemm_shape {
    std::size_t m = 0, n = 0, k = 0;
    transpose a = transpose::no, b = transpose::no;
    std::size_t lda = 0, ldb = 0, ldc = 0; ///< at least the rows as stored

    [[nodiscard]] std::size_t a_rows() const { return a == transpose::no ? m : k; }
    [[nodiscard]] std::size_t a_columns() const { return a == transpose::no ? k : m; }
    [[nodiscard]] std::size_t b_rows() const { return b == transpose::no ? k : n; }
    [[nodiscard]] std::size_t b_columns() const { return b == transpose::no ? n : k; }
    /// Nothing is computed where it has no elements.
    [[nodiscard]] bool empty() const { return m == 0 || n == 0; }
    /// \throws argument_error where a leading dimension is too small, or a sum has no terms.
    void check() const {
        require(k > 0 || empty(), "a product of ", m, " x ", n, " needs an inner dimension above 0");
        require(lda >= a_rows() && ldb >= b_rows() && ldc >= m, "a product of ", m, " x ", n, " x ", k,
                " has the leading dimensions ", lda, ", ", ldb, " and ", ldc, ", expected at least ", a_rows(), ", ",
                b_rows(), " and ", m);
    }
    friend auto operator<=>(const gemm_shape&, const gemm_shape&) = default;
};

/// C = alpha · op(A) op(B) + beta · C + bias, the bias (m entries, or null) being added to every column. Products are
/// exact in float, sums and the rest are float, rounded to Out once. Where beta is 0, C is written and not read.
template <Element E, Element Out> struct gemm_operands {
    const E* a = nullptr;
    const E* b = nullptr;
    Out* c = nullptr;
    float alpha = 1, beta = 0;
    const Out* bias = nullptr;
};

/// Of `E` factors, `E` or float results; enqueues the product on the stream and returns. Static, since a backend has no
/// state; safe from several threads. float factors are multiplied as they are, never cut to fewer bits.
/// \throws argument_error for a shape whose check() does; device_error where the library or the device fails.
template <class G, class E = float>
concept Gemm = Element<E> && requires(const gemm_shape& shape, const gemm_operands<E, E>& same,
                                      const gemm_operands<E, float>& wide, cudaStream_t stream) {
    { G::name } -> std::convertible_to<std::string_view>;
    G::multiply(shape, same, stream);
    G::multiply(shape, wide, stream);
};

/// The shape of y = x Wᵀ for row-major matrices: in column-major terms yᵀ = W xᵀ, W being read transposed.
template <Element E, Element Out>
gemm_shape shape_of_rows(device_rows<const E> x, device_rows<const E> weights, device_rows<Out> y) {
    require(x.columns == weights.columns && y.rows == x.rows && y.columns == weights.rows, "a product of ", x.rows,
            " rows of ", x.columns, " by a matrix of ", weights.rows, " x ", weights.columns, " gives ", x.rows, " x ",
            weights.rows, ", found ", y.rows, " x ", y.columns);
    return {.m = weights.rows,
            .n = x.rows,
            .k = x.columns,
            .a = transpose::yes,
            .b = transpose::no,
            .lda = weights.stride,
            .ldb = x.stride,
            .ldc = y.stride};
}

/// What the product of rows is told besides the matrices.
template <Element Out> struct row_product_options {
    float alpha = 1, beta = 0;
    const Out* bias = nullptr; ///< y.columns entries, added to every row, or null
};

/// y = alpha · x Wᵀ + beta · y + bias; Out is E or float.
template <class G, Element E, Element Out>
    requires Gemm<G, E>
void multiply_rows(device_rows<const E> x, device_rows<const E> weights, device_rows<Out> y, cudaStream_t stream,
                   const row_product_options<Out>& options = {}) {
    const gemm_shape shape = shape_of_rows(x, weights, y);
    if (shape.empty()) return;
    const gemm_operands<E, Out> operands{.a = weights.data,
                                         .b = x.data,
                                         .c = y.data,
                                         .alpha = options.alpha,
                                         .beta = options.beta,
                                         .bias = options.bias};
    G::multiply(shape, operands, stream);
}

} // namespace preflearn::cuda
