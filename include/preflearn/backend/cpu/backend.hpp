/// \file
/// The processor's backend: arrays in memory, products as chained_product.hpp takes them. A large product is cut into
/// output tiles that run in parallel; since every element is summed in one order, neither the cut nor the number of
/// threads or rows can be seen in its bits. Tiles are large enough that packing the factors again costs little.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <limits>
#include <memory>
#include <new>
#include <string_view>
#include <utility>

#include <preflearn/backend/cpu/chained_product.hpp>
#include <preflearn/core/concepts.hpp>
#include <preflearn/core/matrix_view.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/core/system/parallel.hpp>

namespace preflearn {

/// Models `Backend<cpu_backend, float>` and `Backend<cpu_backend, double>`.
struct cpu_backend {
    static constexpr std::string_view name = "cpu";

    /// Owns rows × columns elements, row-major without gaps, aligned to 64 bytes; indeterminate until written.
    template <class T> class matrix {
      public:
        matrix() = default;
        /// \throws std::bad_alloc when there is not enough memory.
        matrix(std::size_t rows, std::size_t columns) : rows_(rows), columns_(columns) {
            if (columns != 0 && rows > std::numeric_limits<std::size_t>::max() / 2 / sizeof(T) / columns)
                throw std::bad_array_new_length();
            values_.reset(static_cast<T*>(::operator new(sizeof(T) * rows * columns, alignment)));
        }
        matrix(const matrix& other) : matrix(other.rows_, other.columns_) {
            if (other.rows_ * other.columns_ != 0)
                std::memcpy(values_.get(), other.values_.get(), rows_ * columns_ * sizeof(T));
        }
        matrix(matrix&& other) noexcept
            : values_(std::move(other.values_)), rows_(std::exchange(other.rows_, 0)),
              columns_(std::exchange(other.columns_, 0)) {}
        matrix& operator=(matrix other) noexcept {
            values_ = std::move(other.values_);
            rows_ = other.rows_;
            columns_ = other.columns_;
            return *this;
        }

        [[nodiscard]] matrix_view<T> view() { return {values_.get(), rows_, columns_}; }
        [[nodiscard]] matrix_view<const T> view() const { return {values_.get(), rows_, columns_}; }

      private:
        static_assert(std::is_trivial_v<T>);
        static constexpr std::align_val_t alignment{64};
        struct release {
            void operator()(T* values) const { ::operator delete(values, alignment); }
        };
        std::unique_ptr<T, release> values_;
        std::size_t rows_ = 0;
        std::size_t columns_ = 0;
    };

    /// c = op(a) · op(b), or c += op(a) · op(b). c must not overlap a or b. An element's bits depend on its row of
    /// op(a) and its column of op(b) alone. Inside a parallel loop it runs serially. \throws argument_error when the
    /// shapes do not fit.
    template <class T>
    static void multiply(transpose op_a, matrix_view<const T> a, transpose op_b, matrix_view<const T> b,
                         matrix_view<T> c, store mode) {
        const std::size_t rows = op_a == transpose::no ? a.rows : a.columns;
        const std::size_t inner = op_a == transpose::no ? a.columns : a.rows;
        const std::size_t inner_b = op_b == transpose::no ? b.rows : b.columns;
        const std::size_t columns = op_b == transpose::no ? b.columns : b.rows;
        require(inner == inner_b && c.rows == rows && c.columns == columns, "multiply: (", rows, " x ", inner,
                ") times (", inner_b, " x ", columns, ") does not fit a result of (", c.rows, " x ", c.columns, ")");
        const auto [tile_rows, tile_columns] = tile_of(rows, columns, inner);
        const std::size_t down = (rows + tile_rows - 1) / tile_rows;
        const std::size_t across = (columns + tile_columns - 1) / tile_columns;
        parallel_for(down * across, [&, tr = tile_rows, tc = tile_columns](std::size_t tile) {
            const std::size_t r = tile / across * tr, m = std::min(tr, rows - r);
            const std::size_t k = tile % across * tc, n = std::min(tc, columns - k);
            multiply_serial(op_a, op_a == transpose::no ? a.row_block(r, m) : a.column_block(r, m), op_b,
                            op_b == transpose::no ? b.column_block(k, n) : b.row_block(k, n),
                            c.row_block(r, m).column_block(k, n), mode);
        });
    }

  private:
    /// Rows and columns of a tile: the whole result for small products, else about 8 tiles, or tiles of 288 × 512.
    static std::pair<std::size_t, std::size_t> tile_of(std::size_t rows, std::size_t columns, std::size_t inner) {
        constexpr std::size_t serial = std::size_t{1} << 18; // multiplications that one thread does in a few µs
        const std::size_t area = std::max<std::size_t>(rows, 1) * std::max<std::size_t>(columns, 1);
        if (area <= serial / std::max<std::size_t>(inner, 1))
            return {std::max<std::size_t>(rows, 1), std::max<std::size_t>(columns, 1)};
        const auto part = [](std::size_t size, std::size_t parts, std::size_t grain) {
            const std::size_t each = (size + parts - 1) / std::max<std::size_t>(parts, 1);
            return std::max<std::size_t>((each + grain - 1) / grain * grain, grain);
        };
        const std::size_t down = (rows + product_rows - 1) / product_rows;
        const std::size_t across = std::max<std::size_t>((columns + 511) / 512, (8 + down - 1) / down);
        return {part(rows, down, 12), part(columns, across, 32)};
    }
};

static_assert(Backend<cpu_backend, float> && Backend<cpu_backend, double>);

} // namespace preflearn
