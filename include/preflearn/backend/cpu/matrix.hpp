/// \file
/// Arrays in the host's memory, aligned so that no row of whole cache lines shares one with another array; and how the
/// kernels, which compute on them, name what an operation is given (operands.hpp).
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstring>
#include <limits>
#include <new>
#include <type_traits>
#include <utility>

#include <preflearn/core/matrix_view.hpp>
#include <preflearn/core/stored/stored_matrix.hpp>
#include <preflearn/core/system/kept_blocks.hpp>

namespace preflearn {

/// Owns rows × columns elements, row-major without gaps, aligned to 64 bytes; indeterminate until written.
template <class T> class cpu_matrix {
  public:
    cpu_matrix() = default;
    /// \throws std::bad_alloc when there is not enough memory.
    cpu_matrix(std::size_t rows, std::size_t columns) : rows_(rows), columns_(columns) {
        if (columns != 0 && rows > std::numeric_limits<std::size_t>::max() / 2 / sizeof(T) / columns)
            throw std::bad_array_new_length();
        values_ = number_block<T>(rows * columns);
    }
    cpu_matrix(const cpu_matrix& other) : cpu_matrix(other.rows_, other.columns_) {
        if (other.rows_ * other.columns_ != 0)
            std::memcpy(values_.data(), other.values_.data(), rows_ * columns_ * sizeof(T));
    }
    cpu_matrix(cpu_matrix&& other) noexcept
        : values_(std::move(other.values_)), rows_(std::exchange(other.rows_, 0)),
          columns_(std::exchange(other.columns_, 0)) {}
    cpu_matrix& operator=(cpu_matrix other) noexcept {
        values_ = std::move(other.values_);
        rows_ = other.rows_;
        columns_ = other.columns_;
        return *this;
    }

    [[nodiscard]] matrix_view<T> view() { return {values_.data(), rows_, columns_}; }
    [[nodiscard]] matrix_view<const T> view() const { return {values_.data(), rows_, columns_}; }

  private:
    static_assert(std::is_trivial_v<T>);
    number_block<T> values_;
    std::size_t rows_ = 0;
    std::size_t columns_ = 0;
};

/// The operands of kernels: views that can be dereferenced, and frozen matrices as a product reads them.
template <class Stored> struct host_operands {
    template <class T> using view = matrix_view<T>;
    using stored = Stored;
};
using host_memory = host_operands<stored_matrix>;

} // namespace preflearn
