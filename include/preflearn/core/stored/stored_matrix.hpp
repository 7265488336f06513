/// \file
/// A frozen matrix as it is stored: quantised blocks, halves or plain numbers, read where they lie (a mapped file, or
/// memory) and turned into numbers a few rows at a time. Copies share the bytes, which nobody changes.
// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <cstddef>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include <preflearn/core/matrix_view.hpp>
#include <preflearn/core/stored/element.hpp>
#include <preflearn/core/stored/stored_values.hpp>
#include <preflearn/core/system/error.hpp>

namespace preflearn {

/// `rows` × `columns` numbers, rows of whole blocks one after the other.
struct stored_matrix {
    element_type type = element_type::f32;
    std::size_t rows = 0, columns = 0;
    std::span<const std::byte> bytes{};  ///< of all rows; any alignment
    std::shared_ptr<const void> owner{}; ///< keeps the bytes: a mapped file, a vector
    /// Not 0: of every so many rows (a head), the rows of the first half stand at the even places and those of the
    /// second at the odd ones, as llama.cpp's converter leaves queries and keys that turn.
    std::size_t interleaved = 0;
    bool mapped = false; ///< the bytes are of a mapped file, whose pages may be given back and are read again

    /// The bytes of a row. \throws input_error unless it consists of whole blocks.
    [[nodiscard]] std::size_t row_bytes() const { return bytes_of(type, columns, "a row of a stored matrix"); }
    /// Where row `r` stands among the stored ones.
    [[nodiscard]] std::size_t place_of(std::size_t r) const {
        if (interleaved == 0) return r;
        const std::size_t within = r % interleaved, half = interleaved / 2;
        return r - within + 2 * (within % half) + within / half;
    }
    /// \throws argument_error unless the bytes are those of the shape; input_error unless rows are whole blocks.
    void check() const {
        require(bytes.size() == rows * row_bytes(), "a stored matrix of ", rows, " x ", columns, " elements of type ",
                name_of(type), " has ", rows * row_bytes(), " bytes, found ", bytes.size());
        require(interleaved == 0 || (interleaved % 2 == 0 && rows % interleaved == 0), "a stored matrix of ", rows,
                " rows cannot be interleaved by heads of ", interleaved);
    }
};

/// A block of the matrix as numbers (quantised types in float, then widened): the rows from `first` on, of each the
/// columns from `column` on. Thread safe; columns that are whole blocks are quickest.
/// \throws argument_error when the block reaches beyond the matrix.
template <std::floating_point T>
void read_rows(const stored_matrix& matrix, std::size_t first, matrix_view<T> out, std::size_t column = 0) {
    require(first <= matrix.rows && out.rows <= matrix.rows - first && column <= matrix.columns &&
                out.columns <= matrix.columns - column,
            "rows ", first, " to ", first + out.rows, " and columns ", column, " to ", column + out.columns,
            " were asked of a stored matrix of ", matrix.rows, " x ", matrix.columns);
    const std::size_t row_bytes = matrix.row_bytes();
    for (std::size_t r = 0; r < out.rows; ++r)
        decode_values(matrix.type, matrix.bytes.subspan(matrix.place_of(first + r) * row_bytes, row_bytes), column,
                      std::span<T>(out.row(r), out.columns));
}

/// Numbers kept in memory as they are, owned by the matrix. \throws argument_error when the shape does not fit.
template <std::floating_point T>
stored_matrix stored_numbers(std::vector<T> values, std::size_t rows, std::size_t columns) {
    static_assert(sizeof(T) == 4 || sizeof(T) == 8);
    const auto owner = std::make_shared<const std::vector<T>>(std::move(values));
    stored_matrix matrix{.type = sizeof(T) == 4 ? element_type::f32 : element_type::f64,
                         .rows = rows,
                         .columns = columns,
                         .bytes = std::as_bytes(std::span(*owner)),
                         .owner = owner};
    matrix.check();
    return matrix;
}

} // namespace preflearn
