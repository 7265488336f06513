/// \file
/// A row-major matrix owned by someone else: what backends compute on. It includes no library, so that device code can
/// use it, and takes Eigen's and xtensor's matrices as they are; a column-major one would be read as another matrix and
/// is refused.
// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <cstddef>
#include <type_traits>
#include <utility>

#include <preflearn/core/system/error.hpp>

namespace preflearn {

/// A matrix of Eigen's kind with its elements in memory: a matrix, map, block or vector, but no expression.
template <class M>
concept EigenMatrix = requires(M& matrix) {
    requires std::is_pointer_v<decltype(matrix.data())>;
    matrix.rows();
    matrix.cols();
    matrix.outerStride();
    matrix.innerStride();
    std::remove_cvref_t<M>::IsRowMajor;
};

/// An array of xtensor's kind with its elements in memory.
template <class M>
concept StridedArray = requires(M& array) {
    requires std::is_pointer_v<decltype(array.data())>;
    array.shape().size();
    array.strides().size();
};

/// `rows` × `columns` elements; row r starts at `data + r * stride`.
template <class T> struct matrix_view {
    T* data = nullptr;
    std::size_t rows = 0;
    std::size_t columns = 0;
    std::size_t stride = 0;

    matrix_view() = default;
    constexpr matrix_view(T* values, std::size_t row_count, std::size_t column_count, std::size_t row_stride)
        : data(values), rows(row_count), columns(column_count), stride(row_stride) {}
    constexpr matrix_view(T* values, std::size_t row_count, std::size_t column_count)
        : matrix_view(values, row_count, column_count, column_count) {}
    /// A view of mutable elements is also a view of constant ones.
    template <class U>
        requires std::is_same_v<T, const U>
    constexpr matrix_view(const matrix_view<U>& other)
        : matrix_view(other.data, other.rows, other.columns, other.stride) {}

    /// \throws argument_error when neighbours in a row do not lie side by side.
    template <EigenMatrix M>
        requires std::convertible_to<decltype(std::declval<M&>().data()), T*> matrix_view(M&& matrix)
            : data(matrix.data()) {
            using other = std::remove_cvref_t<M>;
            static_assert(
                other::IsRowMajor || other::IsVectorAtCompileTime,
                "a matrix_view is row-major, and this Eigen matrix is column-major: declare it Eigen::RowMajor, or "
                "copy it into one that is");
            rows = static_cast<std::size_t>(matrix.rows());
            columns = static_cast<std::size_t>(matrix.cols());
            // of a vector, Eigen's inner stride is between its elements, whichever way it lies
            const bool upright = other::IsVectorAtCompileTime && columns == 1;
            stride = upright                        ? static_cast<std::size_t>(matrix.innerStride())
                     : other::IsVectorAtCompileTime ? columns
                                                    : static_cast<std::size_t>(matrix.outerStride());
            require(upright || columns < 2 || matrix.innerStride() == 1,
                    "the elements of a matrix_view's row must lie side by side, found a stride of ",
                    matrix.innerStride());
        }
        /// \throws argument_error unless the array has two axes and is row-major.
        template <StridedArray M>
            requires std::convertible_to<decltype(std::declval<M&>().data()), T*> matrix_view(M&& array)
                : data(array.data()) {
                require(array.shape().size() == 2, "a matrix has two axes, found ", array.shape().size());
                if constexpr (requires { array.data_offset(); }) data += array.data_offset();
                rows = static_cast<std::size_t>(array.shape()[0]);
                columns = static_cast<std::size_t>(array.shape()[1]);
                require(columns < 2 || array.strides()[1] == 1,
                        "a matrix_view is row-major, and neighbours in a row of this array are ", array.strides()[1],
                        " elements apart");
                stride = rows < 2 ? columns : static_cast<std::size_t>(array.strides()[0]);
            }

            [[nodiscard]] constexpr T* row(std::size_t r) const { return data + r * stride; }
            [[nodiscard]] constexpr T& operator()(std::size_t r, std::size_t c) const { return data[r * stride + c]; }
            /// `count` rows from `begin` on.
            [[nodiscard]] constexpr matrix_view row_block(std::size_t begin, std::size_t count) const {
                return {data + begin * stride, count, columns, stride};
            }
            /// `count` columns from `begin` on.
            [[nodiscard]] constexpr matrix_view column_block(std::size_t begin, std::size_t count) const {
                return {data + begin, rows, count, stride};
            }
};

template <EigenMatrix M> matrix_view(M&&) -> matrix_view<std::remove_pointer_t<decltype(std::declval<M&>().data())>>;
template <StridedArray M> matrix_view(M&&) -> matrix_view<std::remove_pointer_t<decltype(std::declval<M&>().data())>>;

} // namespace preflearn
