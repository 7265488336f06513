/// \file
/// What an adapter adds to a product, y_p += s_p · drop(x) A_pᵀ B_pᵀ, and its gradients. Everything of a row is
/// computed by one task, block of rows by block of rows: x Aᵀ, a few numbers a row, never leaves the cache, and the
/// bits of a row depend on nothing but the row. The backward pass computes it again.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>

#include <preflearn/backend/cpu/matrix.hpp>
#include <preflearn/backend/cpu/row_dropout.hpp>
#include <preflearn/backend/operands.hpp>
#include <preflearn/core/concepts.hpp>
#include <preflearn/core/matrix_view.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/core/system/parallel.hpp>
#include <preflearn/products/chained_product.hpp>

namespace preflearn {

namespace detail {

inline constexpr std::size_t low_rank_rows = 96; ///< that a task takes

/// Calls use(part, its number, its first column among the ranks) for the parts that are there.
template <class T, class Use> void for_adapted(const low_rank_map<host_memory, T>& adapter, const Use& use) {
    std::size_t first = 0;
    for (std::size_t p = 0; p < most_adapted_parts && adapter.parts[p].up.data; ++p) {
        use(adapter.parts[p], p, first);
        first += adapter.parts[p].up.columns;
    }
}

/// \throws argument_error when the shapes do not fit a product of `inputs` and `outputs`.
template <class T>
void check_adapter(const low_rank_map<host_memory, T>& adapter, std::size_t rows, std::size_t inputs,
                   std::size_t outputs) {
    std::size_t ranks = 0;
    for_adapted(adapter, [&](const auto& part, std::size_t, std::size_t) {
        require(part.first + part.up.rows <= outputs, "adapter: outputs ", part.first, " to ",
                part.first + part.up.rows, " are adapted of a product that has ", outputs);
        ranks += part.up.columns;
    });
    require(adapter.down.rows == ranks && adapter.down.columns == inputs, "adapter: A of ", adapter.down.rows, " x ",
            adapter.down.columns, " does not fit ranks of ", ranks, " and rows of ", inputs);
    require(!adapter.dropout.active() || adapter.dropout.keys.size() == rows, "adapter: ", adapter.dropout.keys.size(),
            " keys of dropout do not fit ", rows, " rows");
}

template <class T> void scale_columns(matrix_view<T> rows, std::size_t first, std::size_t count, T factor) {
    for (std::size_t r = 0; r < rows.rows; ++r)
        for (std::size_t c = first; c < first + count; ++c) rows(r, c) *= factor;
}

/// Columns begin … of rows first … of x after dropout: x itself where nothing is left out, else in `room`.
template <class T>
matrix_view<const T> dropped_block(matrix_view<const T> x, const row_dropout& dropout, std::size_t first,
                                   std::size_t count, std::size_t begin, std::size_t width, cpu_matrix<T>& room) {
    const matrix_view<const T> block = x.row_block(first, count).column_block(begin, width);
    if (!dropout.active()) return block;
    room = cpu_matrix<T>(count, width);
    for (std::size_t r = 0; r < count; ++r)
        drop_entries(block.row(r), begin, width, dropout, first + r, room.view().row(r));
    return room.view();
}

/// t = s · drop(x) Aᵀ of rows first …, the parts side by side.
template <class T>
void project_down(matrix_view<const T> x, const low_rank_map<host_memory, T>& adapter, std::size_t first,
                  matrix_view<T> t) {
    cpu_matrix<T> room;
    const auto input = dropped_block(x, adapter.dropout, first, t.rows, 0, x.columns, room);
    multiply_serial<T>(transpose::no, input, transpose::yes, adapter.down, t, store::replace);
    for_adapted(adapter, [&](const auto& part, std::size_t, std::size_t at) {
        scale_columns(t, at, part.up.columns, static_cast<T>(part.scale));
    });
}

} // namespace detail

/// y += what the adapter adds for x. \throws argument_error when the shapes do not fit.
template <class T>
void add_low_rank(matrix_view<const T> x, const low_rank_map<host_memory, T>& adapter, matrix_view<T> y) {
    detail::check_adapter(adapter, x.rows, x.columns, y.columns);
    parallel_blocks(x.rows, detail::low_rank_rows, [&](std::size_t begin, std::size_t end) {
        cpu_matrix<T> ranks(end - begin, adapter.down.rows);
        const matrix_view<T> t = ranks.view();
        detail::project_down(x, adapter, begin, t);
        detail::for_adapted(adapter, [&](const auto& part, std::size_t, std::size_t at) {
            multiply_serial<T>(transpose::no, t.column_block(at, part.up.columns), transpose::yes, part.up,
                               y.row_block(begin, end - begin).column_block(part.first, part.up.rows), store::add);
        });
    });
}

namespace detail {

/// Rows of a backward pass: d loss / d t in `dt`, t in `t` where it has data; adds to dx where that has data.
template <class T>
void low_rank_rows_backward(matrix_view<const T> x, const low_rank_map<host_memory, T>& adapter,
                            matrix_view<const T> dy, matrix_view<T> dx, std::size_t begin, std::size_t count,
                            matrix_view<T> t, matrix_view<T> dt) {
    if (t.data) project_down(x, adapter, begin, t.row_block(begin, count));
    const matrix_view<T> own = dt.row_block(begin, count);
    for_adapted(adapter, [&](const auto& part, std::size_t, std::size_t at) {
        multiply_serial<T>(transpose::no, dy.row_block(begin, count).column_block(part.first, part.up.rows),
                           transpose::no, part.up, own.column_block(at, part.up.columns), store::replace);
        scale_columns(own, at, part.up.columns, static_cast<T>(part.scale));
    });
    if (!dx.data) return;
    const matrix_view<T> to = dx.row_block(begin, count);
    if (!adapter.dropout.active())
        return multiply_serial<T>(transpose::no, own, transpose::no, adapter.down, to, store::add);
    cpu_matrix<T> room(count, adapter.down.columns);
    multiply_serial<T>(transpose::no, own, transpose::no, adapter.down, room.view(), store::replace);
    for (std::size_t r = 0; r < count; ++r) {
        T* const added = room.view().row(r);
        drop_entries(added, 0, to.columns, adapter.dropout, begin + r, added);
        for (std::size_t c = 0; c < to.columns; ++c) to(r, c) += added[c];
    }
}

/// d += (aᵀ b)ᵀ: of a narrow result, the kernel's long side is then the longer one.
template <class T> void add_turned_product(matrix_view<const T> a, matrix_view<const T> b, matrix_view<T> d) {
    constexpr std::size_t width = 256;
    parallel_blocks(d.rows, width, [&](std::size_t begin, std::size_t end) {
        cpu_matrix<T> turned(d.columns, end - begin);
        multiply_serial<T>(transpose::yes, a, transpose::no, b.column_block(begin, end - begin), turned.view(),
                           store::replace);
        for (std::size_t r = begin; r < end; ++r)
            for (std::size_t c = 0; c < d.columns; ++c) d(r, c) += turned.view()(c, r - begin);
    });
}

} // namespace detail

/// Given d loss / dy: adds to dx, where that has data, and to the gradients of A (`into.down`) and of every B
/// (`into.up`), where these have; `x` may be without data where they have none.
/// \throws argument_error when the shapes do not fit.
template <class T>
void low_rank_backward(matrix_view<const T> x, const low_rank_map<host_memory, T>& adapter, matrix_view<const T> dy,
                       matrix_view<T> dx, const parameter_gradients<host_memory, T>& into) {
    const bool learns = into.down.data != nullptr;
    if (!learns && !dx.data) return;
    detail::check_adapter(adapter, dy.rows, adapter.down.columns, dy.columns);
    require(!learns || x.columns == adapter.down.columns, "adapter: rows of ", x.columns, " do not fit A of ",
            adapter.down.rows, " x ", adapter.down.columns);
    const std::size_t ranks = adapter.down.rows;
    cpu_matrix<T> projected(learns ? dy.rows : 0, ranks), d_projected(dy.rows, ranks);
    const matrix_view<T> t = learns ? projected.view() : matrix_view<T>(), dt = d_projected.view();
    parallel_blocks(dy.rows, detail::low_rank_rows, [&](std::size_t begin, std::size_t end) {
        detail::low_rank_rows_backward(x, adapter, dy, dx, begin, end - begin, t, dt);
    });
    if (!learns) return;
    detail::for_adapted(adapter, [&](const auto& part, std::size_t p, std::size_t at) {
        detail::add_turned_product<T>(t.column_block(at, part.up.columns), dy.column_block(part.first, part.up.rows),
                                      into.up[p]);
    });
    parallel_blocks(adapter.down.columns, 256, [&](std::size_t begin, std::size_t end) {
        cpu_matrix<T> room;
        const auto input = detail::dropped_block(x, adapter.dropout, 0, x.rows, begin, end - begin, room);
        multiply_serial<T>(transpose::yes, dt, transpose::no, input, into.down.column_block(begin, end - begin),
                           store::add);
    });
}

} // namespace preflearn
