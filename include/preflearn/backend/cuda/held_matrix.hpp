/// \file
/// What a device makes of a frozen matrix: its numbers in the device's type, put there once, through pinned buffers,
/// and shared by all copies. Quantised blocks become numbers on the host, a tile at a time; of a mapped file, the pages
/// that were read are given back. Matrices that stand one below the other (query, key and value; gate and up) are put
/// in one piece of memory, so that one product reads them all.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include <preflearn/backend/cuda/array.hpp>
#include <preflearn/backend/cuda/memory.hpp>
#include <preflearn/backend/cuda/operations.hpp>
#include <preflearn/backend/cuda/upload.hpp>
#include <preflearn/core/matrix_view.hpp>
#include <preflearn/core/stored/mapped_pages.hpp>
#include <preflearn/core/stored/stored_matrix.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/core/system/parallel.hpp>

namespace preflearn::cuda {

namespace detail {

/// Rows first … first + count − 1 of a stored matrix, in the device's type, without gaps.
template <Element E> void read_rounded(const stored_matrix& matrix, std::size_t first, std::size_t count, E* to) {
    const std::size_t columns = matrix.columns, rows_a_task = 1 + 65536 / columns;
    parallel_blocks(count, rows_a_task, [&](std::size_t begin, std::size_t end) {
        std::vector<float> room(std::same_as<E, float> ? 0 : (end - begin) * columns);
        E* const out = to + begin * columns;
        if constexpr (std::same_as<E, float>) {
            read_rows(matrix, first + begin, matrix_view<float>(out, end - begin, columns));
        } else {
            read_rows(matrix, first + begin, matrix_view<float>(room.data(), end - begin, columns));
            round_numbers(room.data(), room.size(), out);
        }
    });
}

} // namespace detail

/// rows × columns numbers on the device, which nobody changes.
template <Element E> class held_matrix {
  public:
    std::size_t rows = 0, columns = 0;

    held_matrix() = default;
    /// \throws argument_error, input_error as `stored_matrix::check`; device_memory_error
    explicit held_matrix(const stored_matrix& matrix) { *this = below_each_other(std::span(&matrix, 1)).front(); }

    /// Matrices of one width, each right below the one before it. \throws as the constructor
    static std::vector<held_matrix> below_each_other(std::span<const stored_matrix> matrices) {
        std::size_t rows = 0;
        for (const stored_matrix& matrix : matrices) {
            matrix.check();
            require(matrix.columns == matrices.front().columns && matrix.columns != 0,
                    "matrices that stand one below the other are ", matrices.front().columns, " and ", matrix.columns,
                    " wide");
            rows += matrix.rows;
        }
        if (matrices.empty()) return {};
        const auto memory = std::make_shared<device_matrix<E>>(rows, matrices.front().columns);
        std::vector<held_matrix> held;
        std::size_t first = 0;
        for (const stored_matrix& matrix : matrices) {
            const device_rows<E> to = some_rows(memory->rows(), first, matrix.rows);
            upload_rows(to, [&](std::size_t begin, std::size_t count, E* out) {
                detail::read_rounded(matrix, begin, count, out);
            });
            if (matrix.mapped) give_back_pages(matrix.bytes);
            held.push_back(held_matrix(to, memory));
            first += matrix.rows;
        }
        return held;
    }

    [[nodiscard]] device_rows<const E> numbers() const { return numbers_; }

  private:
    held_matrix(device_rows<const E> numbers, std::shared_ptr<const device_matrix<E>> memory)
        : rows(numbers.rows), columns(numbers.columns), numbers_(numbers), memory_(std::move(memory)) {}

    device_rows<const E> numbers_;
    std::shared_ptr<const device_matrix<E>> memory_;
};

/// Calls use(part, first row) for the parts of a matrix, taking together those that lie in one piece.
template <Element E, class Use> void for_pieces(std::span<const held_matrix<E>> parts, const Use& use) {
    std::size_t first = 0;
    for (std::size_t begin = 0, end = 0; begin < parts.size(); begin = end) {
        device_rows<const E> piece = parts[begin].numbers();
        for (end = begin + 1; end < parts.size(); ++end) {
            const device_rows<const E> next = parts[end].numbers();
            if (next.data != piece.data + piece.rows * piece.stride || next.stride != piece.stride ||
                next.columns != piece.columns)
                break;
            piece.rows += next.rows;
        }
        use(piece, first);
        first += piece.rows;
    }
}

} // namespace preflearn::cuda
