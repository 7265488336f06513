/// \file
/// The products of a processor's backend by oneDNN, in float or in bfloat16 with sums in float. Each is cut into tasks
/// of one thread (serial_product.hpp), so that neither the cut nor the number of threads can be seen in its bits. Where
/// W is needed as Wᵀ it is packed into tiles of outputs: frozen matrices once (packed_matrix.hpp), trained and
/// quantised ones in every call, a piece at a time. Frozen and trained weights of equal numbers give equal bits; on
/// AVX2 as far as matrices that make one product are multiples of 16 high. On a machine where the rows of oneDNN's
/// products do not agree, products are those of linear.hpp; where it has no instructions for bfloat16, that is how
/// frozen weights are kept, and products are in float.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <preflearn/backend/cpu/linear.hpp>
#include <preflearn/backend/cpu/matrix.hpp>
#include <preflearn/backend/cpu/onednn/packed_matrix.hpp>
#include <preflearn/backend/cpu/onednn/serial_product.hpp>
#include <preflearn/core/concepts.hpp>
#include <preflearn/core/matrix_view.hpp>
#include <preflearn/core/numbers/half.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/core/system/parallel.hpp>
#include <preflearn/loss/vocabulary/tiles.hpp>
#include <preflearn/products/product.hpp>

namespace preflearn {

namespace detail {

/// Rows and columns of a task: few enough that both factors' parts stay in the second-level cache; rows that fill
/// AVX2's kernel, too.
inline constexpr std::size_t task_rows = 132, task_columns = 192;
/// Numbers of W that are rounded at a time.
inline constexpr std::size_t packed_at_once = std::size_t{2} << 20;

inline std::size_t parts_needed(std::size_t count, std::size_t most) { return (count + most - 1) / most; }

/// Columns of Wᵀ, or of W, that a task multiplies by: `first` … of one of the matrices that make W, which are columns
/// `column` … of the result.
struct column_piece {
    std::size_t part, first, count, column;
};

/// Cuts columns `begin` … of a part into pieces of at most `most`, and where a multiple of `together` is.
inline void add_pieces(std::vector<column_piece>& pieces, std::size_t part, std::size_t begin, std::size_t columns,
                       std::size_t together, std::size_t most, std::size_t column) {
    for (std::size_t at = begin, end; at < begin + columns; at = end) {
        end = std::min(begin + columns, (at / together + 1) * together);
        const std::size_t parts = parts_needed(end - at, most), width = (parts_needed(end - at, parts) + 15) / 16 * 16;
        for (std::size_t first = at; first < end; first += width)
            pieces.push_back({part, first, std::min(width, end - first), column + first - begin});
    }
}
/// The most columns of a piece of rows × columns numbers; half as many where there would be little to share out.
inline std::size_t widest_piece(std::size_t rows, std::size_t columns) {
    return parts_needed(rows, task_rows) * parts_needed(columns, task_columns) < 8 ? task_columns / 2 : task_columns;
}

/// Calls task(piece, first row, rows) in parallel for every piece and part of the rows.
template <class Task>
void in_tasks(std::size_t rows, const std::vector<column_piece>& pieces, std::size_t most_rows, const Task& task) {
    const std::size_t down = parts_needed(rows, most_rows);
    parallel_for(pieces.size() * down, [&](std::size_t i) {
        const auto start = [&](std::size_t part) { return std::min(parts_needed(rows, down * 12) * 12 * part, rows); };
        const std::size_t r = start(i % down);
        task(pieces[i / down], r, start(i % down + 1) - r);
    });
}
template <class Task> void in_tasks(std::size_t rows, std::size_t columns, std::size_t together, const Task& task) {
    std::vector<column_piece> pieces;
    add_pieces(pieces, 0, 0, columns, together, widest_piece(rows, columns), 0);
    in_tasks(rows, pieces, task_rows, task);
}

/// A factor as oneDNN takes it: where it lies, or turned or rounded in memory of its own.
template <class Number> struct onednn_factor {
    cpu_matrix<Number> own;
    matrix_view<const Number> view;

    onednn_factor(transpose op, matrix_view<const float> m) {
        if (op == transpose::yes) {
            own = cpu_matrix<Number>(m.columns, m.rows);
            parallel_blocks(m.columns, 64, [&](std::size_t begin, std::size_t end) {
                pack_turned(m.column_block(begin, end - begin), own.view().row(begin), m.rows);
            });
        } else if constexpr (std::same_as<Number, float>) {
            view = m;
            return;
        } else {
            own = cpu_matrix<Number>(m.rows, m.columns);
            parallel_blocks(m.rows, 32, [&](std::size_t begin, std::size_t end) {
                for (std::size_t r = begin; r < end; ++r) round_row(m.row(r), m.columns, own.view().row(r));
            });
        }
        view = std::as_const(own).view();
    }
};

/// c = a Wᵀ, or c += a Wᵀ, W being trained or stored. A task packs its columns of Wᵀ, which then lie in its processor's
/// cache, for some hundred rows.
template <class Number, class Weights>
void multiply_transposed(matrix_view<const Number> a, const Weights& w, matrix_view<float> c, store mode) {
    constexpr std::size_t rows_at_once = 2 * task_rows; // which make packing cheap
    const std::size_t most =
        std::min(widest_piece(c.rows, c.columns), w.columns > 768 ? task_columns / 2 : task_columns);
    std::vector<column_piece> pieces;
    add_pieces(pieces, 0, 0, w.rows, output_tiles::of(w.rows, w.columns).width, most, 0);
    in_tasks(c.rows, pieces, rows_at_once, [&](const column_piece& p, std::size_t r, std::size_t m) {
        cpu_matrix<Number> packed(w.columns, p.count);
        pack_columns(w, p.first, p.count, packed.view().data);
        for (std::size_t done = 0; done < m; done += task_rows) {
            const std::size_t some = std::min(task_rows, m - done);
            multiply_serial_onednn(a.row_block(r + done, some), std::as_const(packed).view(),
                                   c.row_block(r + done, some).column_block(p.first, p.count), mode);
        }
    });
}

/// c = a W, or c += a W.
template <class Number, class Weights>
void multiply_straight(matrix_view<const Number> a, const Weights& w, matrix_view<float> c, store mode) {
    const auto multiply = [&](std::size_t first, matrix_view<const Number> b, store how) {
        in_tasks(c.rows, c.columns, c.columns, [&](const column_piece& p, std::size_t r, std::size_t m) {
            multiply_serial_onednn(a.row_block(r, m).column_block(first, b.rows), b.column_block(p.first, p.count),
                                   c.row_block(r, m).column_block(p.first, p.count), how);
        });
    };
    if constexpr (std::same_as<Number, float> && std::same_as<Weights, matrix_view<const float>>) {
        multiply(0, w, mode);
    } else {
        const std::size_t group =
            std::clamp<std::size_t>(packed_at_once / (w.columns + 1), 1, std::max<std::size_t>(w.rows, 1));
        cpu_matrix<Number> room(group, w.columns);
        for (std::size_t first = 0; first < std::max<std::size_t>(w.rows, 1); first += group) {
            const matrix_view<Number> numbers = room.view().row_block(0, std::min(group, w.rows - first));
            parallel_blocks(numbers.rows, 32, [&](std::size_t begin, std::size_t end) {
                cpu_matrix<float> read(tokens_room(w, end - begin), w.columns);
                const matrix_view<const float> rows = tokens_of(w, first + begin, end - begin, read.view());
                for (std::size_t r = begin; r < end; ++r) round_row(rows.row(r - begin), w.columns, numbers.row(r));
            });
            multiply(first, numbers, first == 0 ? mode : store::add);
        }
    }
}

/// c = a · (pieces of Wᵀ), W being made of packed parts.
template <class Number, class Factor>
void multiply_packed(matrix_view<const Number> a, std::span<const packed_matrix<Factor>> parts,
                     const std::vector<column_piece>& pieces, matrix_view<float> c, store mode) {
    in_tasks(c.rows, pieces, task_rows, [&](const column_piece& p, std::size_t r, std::size_t m) {
        const packed_matrix<Factor>& w = parts[p.part];
        const matrix_view<const Factor> b = w.shape().columns(std::as_const(*w.tiles).view().data, p.first, p.count);
        const matrix_view<float> to = c.row_block(r, m).column_block(p.column, p.count);
        if constexpr (std::same_as<Number, Factor>) {
            multiply_serial_onednn(a.row_block(r, m), b, to, mode);
        } else {
            cpu_matrix<Number> wide(b.rows, p.count);
            for (std::size_t k = 0; k < b.rows; ++k) std::copy_n(b.row(k), p.count, wide.view().row(k));
            multiply_serial_onednn(a.row_block(r, m), std::as_const(wide).view(), to, mode);
        }
    });
}

/// Calls use(a number) of the type in which this machine multiplies numbers kept as Factor.
template <class Factor, class Use> void with_number(const Use& use) {
    if constexpr (!std::same_as<Factor, float>)
        if (multiplies_by_onednn<Factor>()) return use(Factor());
    use(0.0F);
}

} // namespace detail

/// What processor_backend is made with; `Factor` is float or bfloat16.
template <class Factor = float> struct onednn_products {
    static_assert(std::same_as<Factor, float> || std::same_as<Factor, bfloat16>,
                  "oneDNN's products are of float or bfloat16 numbers");
    static constexpr std::string_view name = std::same_as<Factor, float> ? "onednn" : "onednn bfloat16";
    template <class T> static constexpr bool supports = std::same_as<T, float>;
    using stored = packed_matrix<Factor>;

    static stored hold(stored_matrix matrix) { return stored(std::move(matrix)); }

    template <std::same_as<float> T>
    static void multiply(transpose op_a, matrix_view<const T> a, transpose op_b, matrix_view<const T> b,
                         matrix_view<T> c, store mode) {
        if (!multiplies_by_onednn<float>()) return chained_products::multiply<T>(op_a, a, op_b, b, c, mode);
        check_product(op_a, a, op_b, b, c);
        detail::with_number<Factor>([&]<class Number>(Number) {
            const detail::onednn_factor<Number> left(op_a, a);
            if (op_b == transpose::yes)
                detail::multiply_transposed(left.view, b, c, mode);
            else
                detail::multiply_straight(left.view, b, c, mode);
        });
    }
    template <std::same_as<float> T>
    static void multiply_frozen(matrix_view<const T> x, std::span<const stored> parts, matrix_view<T> y, store mode) {
        multiply_columns(x, parts, 0, y, mode);
    }
    template <std::same_as<float> T>
    static void multiply_frozen_back(matrix_view<const T> dy, const stored& w, matrix_view<T> dx, store mode) {
        if (!multiplies_by_onednn<float>()) return chained_products::multiply_frozen_back<T>(dy, w.source, dx, mode);
        detail::with_number<Factor>([&]<class Number>(Number) {
            const detail::onednn_factor<Number> left(transpose::no, dy);
            detail::multiply_straight(left.view, stored_rows{w.source, 0, w.rows, w.columns}, dx, mode);
        });
    }
    /// y = x · (columns first … of Wᵀ), or y += that, W being parts one below the other; those of one part alone,
    /// unless `first` is 0. They have the bits of the whole product's columns where `first` and their number are
    /// multiples of 16, or they are the last ones.
    static void multiply_columns(matrix_view<const float> x, std::span<const stored> parts, std::size_t first,
                                 matrix_view<float> y, store mode) {
        const auto each_part = [&](const auto& use) {
            for (std::size_t p = 0, column = 0; column < y.columns; column += parts[p++].rows)
                use(parts[p], p, column, std::min(parts[p].rows - first, y.columns - column));
        };
        if (!multiplies_by_onednn<float>())
            return each_part([&](const stored& w, std::size_t, std::size_t column, std::size_t count) {
                const matrix_view<float> to = y.column_block(column, count);
                if (count == w.rows)
                    return chained_products::multiply_frozen<float>(x, std::span(&w.source, 1), to, mode);
                cpu_matrix<float> rows(count, w.columns); // tokens of a head
                read_rows(w.source, first, rows.view());
                chained_products::multiply<float>(transpose::no, x, transpose::yes, rows.view(), to, mode);
            });
        detail::with_number<Factor>([&]<class Number>(Number) {
            const detail::onednn_factor<Number> left(transpose::no, x);
            const std::size_t most = detail::widest_piece(y.rows, y.columns);
            std::vector<detail::column_piece> pieces; // all in one loop
            each_part([&](const stored& w, std::size_t p, std::size_t column, std::size_t count) {
                if (w.tiles) return detail::add_pieces(pieces, p, first, count, w.shape().width, most, column);
                detail::multiply_transposed(left.view, stored_rows{w.source, first, count, w.columns},
                                            y.column_block(column, count), mode);
            });
            detail::multiply_packed(left.view, parts, pieces, y, mode);
        });
    }
};

/// Logits of some tokens by a packed head, in place of the general form in vocabulary/tiles.hpp.
template <class Matrices, class Factor>
matrix_view<const float> multiply_by_tokens(matrix_view<const float> hidden, const packed_matrix<Factor>& head,
                                            std::size_t first, matrix_view<float> z, matrix_view<float> room,
                                            bool wanted) {
    onednn_products<Factor>::multiply_columns(hidden, std::span(&head, 1), first, z, store::replace);
    return wanted ? tokens_of(head, first, z.columns, room) : matrix_view<const float>();
}

} // namespace preflearn
