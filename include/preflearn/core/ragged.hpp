/// \file
/// Rows of different lengths in one flat array with offsets: texts, token sequences, per-token values.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <ranges>
#include <span>
#include <vector>

#include <preflearn/core/system/error.hpp>

namespace preflearn {

/// A list of rows stored back to back. Views from `operator[]` stay valid until the next `push_back`,
/// and across a move of the whole array.
template <class T> class ragged {
  public:
    ragged() : offsets_{0} {}

    /// Appends a row and returns its index.
    template <std::ranges::input_range Row> std::size_t push_back(const Row& row) {
        values_.insert(values_.end(), std::ranges::begin(row), std::ranges::end(row));
        offsets_.push_back(values_.size());
        return offsets_.size() - 2;
    }

    [[nodiscard]] std::span<const T> operator[](std::size_t row) const {
        return {values_.data() + offsets_[row], offsets_[row + 1] - offsets_[row]};
    }
    [[nodiscard]] std::span<T> operator[](std::size_t row) {
        return {values_.data() + offsets_[row], offsets_[row + 1] - offsets_[row]};
    }
    /// \throws argument_error when there is no such row.
    [[nodiscard]] std::span<const T> at(std::size_t row) const {
        require(row < size(), "row ", row, " of a ragged array of ", size(), " rows");
        return (*this)[row];
    }

    [[nodiscard]] std::size_t size() const { return offsets_.size() - 1; }
    [[nodiscard]] bool empty() const { return size() == 0; }
    /// All rows back to back.
    [[nodiscard]] std::span<const T> values() const { return values_; }
    /// size() + 1 positions: row r is values()[offsets()[r], offsets()[r + 1]).
    [[nodiscard]] std::span<const std::size_t> offsets() const { return offsets_; }

  private:
    std::vector<T> values_;
    std::vector<std::size_t> offsets_;
};

} // namespace preflearn
