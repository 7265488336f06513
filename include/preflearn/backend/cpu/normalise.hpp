/// \file
/// Root-mean-square normalisation (Zhang & Sennrich 2019, arXiv:1910.07467): y = x / √(mean(x²) + ε) · w. The
/// reciprocal root of every row is kept; the backward pass recomputes the rest from it.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <span>

#include <Eigen/Core>

#include <preflearn/core/matrix_view.hpp>
#include <preflearn/core/system/parallel.hpp>

namespace preflearn {

/// The part of an architecture that normalises rows. `Offset` is added to the stored weight (Gemma stores w - 1).
template <int Offset = 0> struct rms_norm {
    /// What a fresh model's weight is.
    static constexpr double initial_weight = 1 - Offset;

    /// y = normalised x; `inverse` receives 1 / rms of every row.
    template <class T>
    static void forward(matrix_view<const T> x, const T* weight, double epsilon, matrix_view<T> y, T* inverse) {
        const auto n = static_cast<Eigen::Index>(x.columns);
        const auto w = row_type<const T>(weight, n);
        parallel_blocks(x.rows, 1 + 32768 / (1 + x.columns), [&](std::size_t begin, std::size_t end) {
            for (std::size_t r = begin; r < end; ++r) {
                const auto in = row_type<const T>(x.row(r), n);
                const double mean = static_cast<double>(in.square().sum()) / static_cast<double>(n);
                inverse[r] = static_cast<T>(1 / std::sqrt(mean + epsilon));
                row_type<T>(y.row(r), n) = in * inverse[r] * (w + T(Offset));
            }
        });
    }

    /// Adds d loss / dx to `dx` and d loss / dw to `dweight`, given d loss / dy.
    template <class T>
    static void backward(matrix_view<const T> x, const T* weight, const T* inverse, matrix_view<const T> dy,
                         matrix_view<T> dx, T* dweight) {
        const auto n = static_cast<Eigen::Index>(x.columns);
        const auto w = row_type<const T>(weight, n);
        parallel_blocks(x.rows, 1 + 16384 / (1 + x.columns), [&](std::size_t begin, std::size_t end) {
            for (std::size_t r = begin; r < end; ++r) {
                const auto in = row_type<const T>(x.row(r), n), d = row_type<const T>(dy.row(r), n);
                const T scale = inverse[r];
                const T along = (d * (w + T(Offset)) * in).sum() * scale * scale / static_cast<T>(n);
                row_type<T>(dx.row(r), n) += (d * (w + T(Offset)) - in * along) * scale;
            }
        });
        constexpr std::size_t width = 64; // columns of a task: their sums are taken in double, over rows in order
        parallel_blocks(x.columns, std::max(width, 65536 / (1 + x.rows) / width * width),
                        [&](std::size_t begin, std::size_t end) {
                            for (std::size_t first = begin; first < end; first += width) {
                                std::array<double, width> sums{};
                                const std::size_t count = std::min(width, end - first);
                                for (std::size_t r = 0; r < x.rows; ++r) {
                                    const T *in = x.row(r) + first, *d = dy.row(r) + first;
                                    for (std::size_t c = 0; c < count; ++c)
                                        sums[c] += static_cast<double>(d[c] * in[c] * inverse[r]);
                                }
                                for (std::size_t c = 0; c < count; ++c) dweight[first + c] += static_cast<T>(sums[c]);
                            }
                        });
    }

  private:
    template <class T>
    using row_type =
        Eigen::Map<std::conditional_t<std::is_const_v<T>, const Eigen::Array<std::remove_const_t<T>, 1, Eigen::Dynamic>,
                                      Eigen::Array<T, 1, Eigen::Dynamic>>>;
};

} // namespace preflearn
