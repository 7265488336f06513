/// \file
/// One-dimensional data of other libraries as spans, without a copy and without including those libraries: whatever
/// has data() and size(), such as std::vector, Eigen's vectors, maps and segments, xtensor's containers, adaptors and
/// views. Elements must lie side by side: a strided vector (a row of a column-major matrix) is refused.
// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <cstddef>
#include <span>
#include <type_traits>
#include <utility>

#include <preflearn/core/system/error.hpp>

namespace preflearn {

/// Something with elements in memory: `data()` and `size()`.
template <class C>
concept Column = requires(C& values) {
    requires std::is_pointer_v<decltype(values.data())>;
    { values.size() } -> std::convertible_to<std::size_t>;
};

/// The elements of `values` as a span, const if they are; valid as long as they are.
/// \throws argument_error when `values` has more than one axis longer than 1, or its elements do not lie side by side.
template <Column C> auto as_column(C&& values) {
    using element = std::remove_pointer_t<decltype(values.data())>;
    element* first = values.data();
    const auto size = static_cast<std::size_t>(values.size());
    if constexpr (requires { values.innerStride(); }) { // Eigen
        require(values.rows() == 1 || values.cols() == 1, "a column has one axis, found a matrix of ", values.rows(),
                " x ", values.cols());
        const auto stride = values.rows() == 1 ? values.colStride() : values.rowStride();
        require(size < 2 || stride == 1, "the elements of a column must lie side by side, found a stride of ", stride);
    } else if constexpr (requires { values.strides().size(); }) { // xtensor
        for (std::size_t axis = 0; axis < values.shape().size(); ++axis) {
            const auto length = static_cast<std::size_t>(values.shape()[axis]);
            require(length == size || length == 1, "a column has one axis, found ", values.shape().size(), " axes");
            require(length < 2 || values.strides()[axis] == 1,
                    "the elements of a column must lie side by side, found a stride of ", values.strides()[axis]);
        }
        if constexpr (requires { values.data_offset(); }) first += values.data_offset();
    }
    return std::span<element>(first, size);
}

/// A Column that knows its strides, as Eigen's and xtensor's do.
template <class C>
concept StridedColumn = Column<C> &&(
    requires(C& values) { values.innerStride(); } || requires(C & values) { values.strides().size(); });

/// A span that other libraries' columns convert to, checked by `as_column`: what scores and gradients are given as.
template <class T> class column_view : public std::span<T> {
  public:
    using std::span<T>::span;
    constexpr column_view(std::span<T> values) : std::span<T>(values) {}
    /// \throws argument_error as `as_column`.
    template <class C>
        requires(StridedColumn<C> || (Column<C> && !std::constructible_from<std::span<T>, C>))
    &&std::convertible_to<decltype(as_column(std::declval<C&>())), std::span<T>> column_view(C&& values)
        : std::span<T>(as_column(values)) {}

    [[nodiscard]] constexpr column_view subspan(std::size_t at, std::size_t count = std::dynamic_extent) const {
        return std::span<T>::subspan(at, count);
    }
    [[nodiscard]] constexpr column_view first(std::size_t count) const { return std::span<T>::first(count); }
    [[nodiscard]] constexpr column_view last(std::size_t count) const { return std::span<T>::last(count); }
};

/// The type of a column's elements, without const.
template <class C> using column_element = typename decltype(as_column(std::declval<C&>()))::value_type;

} // namespace preflearn
