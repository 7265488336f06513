/// \file
/// A handle on rows of a backend's array: its shape can be asked and it can be cut, but only its backend reaches the
/// elements, which may lie on another device. So code that computes by a backend's operations cannot dereference them.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <type_traits>

namespace preflearn {

/// `rows` × `columns` elements of an array of the backend `Owner`. A view by default is absent: what is not there (a
/// bias), or not wanted (a frozen weight's gradient). A device may keep what the host calls T as `Element`s, which are
/// const where T is.
template <class T, class Owner, class Element = T> class array_view {
    static_assert(std::is_const_v<T> == std::is_const_v<Element>);

  public:
    std::size_t rows = 0, columns = 0;

    array_view() = default;
    /// Row r starts `stride` elements after row r − 1.
    constexpr array_view(Element* first, std::size_t row_count, std::size_t column_count, std::size_t stride)
        : rows(row_count), columns(column_count), first_(first), stride_(stride) {}
    /// A view of mutable elements is also a view of constant ones.
    template <class U, class E>
        requires(std::is_same_v<T, const U>&& std::is_same_v<Element, const E>)
    constexpr array_view(const array_view<U, Owner, E>& other)
        : rows(other.rows), columns(other.columns), first_(other.first_), stride_(other.stride_) {}

    [[nodiscard]] constexpr bool absent() const { return first_ == nullptr; }
    /// `count` rows from `begin` on.
    [[nodiscard]] constexpr array_view row_block(std::size_t begin, std::size_t count) const {
        return absent() ? *this : array_view(first_ + begin * stride_, count, columns, stride_);
    }
    /// `count` columns from `begin` on.
    [[nodiscard]] constexpr array_view column_block(std::size_t begin, std::size_t count) const {
        return absent() ? *this : array_view(first_ + begin, rows, count, stride_);
    }
    /// Of an array of one row, a matrix without gaps that starts at element `offset`.
    [[nodiscard]] constexpr array_view part(std::size_t offset, std::size_t row_count, std::size_t column_count) const {
        return absent() ? *this : array_view(first_ + offset, row_count, column_count, column_count);
    }

  private:
    friend Owner;
    template <class, class, class> friend class array_view;

    Element* first_ = nullptr;
    std::size_t stride_ = 0;
};

} // namespace preflearn
