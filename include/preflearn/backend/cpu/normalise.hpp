/// \file
/// Normalisation of rows, or of every head of a row: by the root mean square (Zhang & Sennrich 2019, arXiv:1910.07467),
/// y = x / √(mean(x²) + ε) · w, or by mean and variance (Ba et al. 2016, arXiv:1607.06450),
/// y = (x − mean) / √(variance + ε) · w + b. The statistics of every row are kept; the backward pass computes the rest
/// again from them.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <type_traits>
#include <vector>

#include <Eigen/Core>

#include <preflearn/backend/cpu/matrix.hpp>
#include <preflearn/backend/cpu/row_pieces.hpp>
#include <preflearn/backend/operands.hpp>
#include <preflearn/core/concepts.hpp>
#include <preflearn/core/matrix_view.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/core/system/parallel.hpp>

namespace preflearn {

namespace detail {

/// The normalisation of one shape of rows; a part is a head, or the row.
template <class T> class row_norm {
  public:
    row_norm(const norm_operands<host_memory, T>& norm, std::size_t columns)
        : layer_(norm.kind == norm_kind::layer), epsilon_(norm.epsilon), heads_(norm.heads),
          size_(columns / norm.heads), bias_(norm.bias.data), ones_(norm.weight.data ? 0 : size_, T(1)),
          weight_(norm.weight.data ? norm.weight.data : ones_.data()) {
        require(size_ * heads_ == columns, "normalise: rows of ", columns, " entries have no ", heads_, " heads");
        require(!norm.weight.data || norm.weight.columns == size_, "normalise: a weight of ", size_,
                " entries was expected, found ", norm.weight.columns);
        require(!norm.bias.data || norm.bias.columns == size_, "normalise: a bias of ", size_,
                " entries was expected, found ", norm.bias.columns);
    }

    /// Of a row, and, unless null, its statistics: 1 / root of each part, then, of a layer norm, the mean of each.
    void forward(const T* x, T* y, T* statistics) const {
        const array<const T> w(weight_, length());
        for (std::size_t h = 0; h < heads_; ++h) {
            const array<const T> in(x + h * size_, length());
            array<T> out(y + h * size_, length());
            T inverse, mean = 0;
            if (!layer_) {
                inverse = inverse_root(static_cast<double>(in.square().sum()));
                out = in * inverse * w;
            } else {
                const T* const values = x + h * size_;
                mean = sum_of_row<T>(size_, [&](std::size_t first,
                                                std::size_t count) { return load_piece(values + first, count); }) /
                       static_cast<T>(size_);
                const T squares = sum_of_row<T>(size_, [&](std::size_t first, std::size_t count) {
                    return (load_piece(values + first, count) - mean).square().eval();
                });
                inverse = inverse_root(static_cast<double>(squares));
                out = (in - mean) * inverse * w;
            }
            if (statistics) statistics[h] = inverse;
            if (statistics && layer_) statistics[heads_ + h] = mean;
            if (bias_) out += array<const T>(bias_, length());
        }
    }

    /// dx = its derivative given dy, or dx += that.
    void backward(const T* x, const T* statistics, const T* dy, T* dx, store mode) const {
        const array<const T> w(weight_, length());
        const T count = static_cast<T>(size_);
        for (std::size_t h = 0; h < heads_; ++h) {
            const array<const T> in(x + h * size_, length()), d(dy + h * size_, length());
            array<T> out(dx + h * size_, length());
            const T scale = statistics[h];
            const auto assign = [&](const auto& derivative) {
                if (mode == store::add)
                    out += derivative;
                else
                    out = derivative;
            };
            if (!layer_) {
                const T along = (d * w * in).sum() * scale * scale / count;
                assign((d * w - in * along) * scale);
            } else {
                const T mean = statistics[heads_ + h];
                const T level = (d * w).sum() / count;
                const T along = (d * w * (in - mean)).sum() * scale * scale / count;
                assign((d * w - level - (in - mean) * along) * scale);
            }
        }
    }

    /// Adds d loss / d weight and d loss / d bias over all rows, in double and in their order, where they are wanted.
    void parameters_backward(matrix_view<const T> x, matrix_view<const T> statistics, matrix_view<const T> dy,
                             const parameter_gradients<host_memory, T>& into) const {
        constexpr std::size_t width = 64; // columns of a task
        if (!into.weight.data && !into.bias.data) return;
        const std::size_t grain = std::max(width, 65536 / (1 + x.rows) / width * width);
        parallel_blocks(size_, grain, [&](std::size_t begin, std::size_t end) {
            for (std::size_t first = begin; first < end; first += width) {
                std::array<double, width> of_weight{}, of_bias{};
                const std::size_t count = std::min(width, end - first);
                for (std::size_t r = 0; r < x.rows; ++r) {
                    for (std::size_t h = 0; h < heads_; ++h) {
                        const T *in = x.row(r) + h * size_ + first, *d = dy.row(r) + h * size_ + first;
                        const T scale = statistics(r, h), mean = layer_ ? statistics(r, heads_ + h) : T(0);
                        for (std::size_t c = 0; c < count; ++c)
                            of_weight[c] += static_cast<double>(d[c] * (in[c] - mean) * scale);
                        for (std::size_t c = 0; into.bias.data && c < count; ++c)
                            of_bias[c] += static_cast<double>(d[c]);
                    }
                }
                const auto add = [&](matrix_view<T> to, const std::array<double, width>& sums) {
                    for (std::size_t c = 0; to.data && c < count; ++c) to.data[first + c] += static_cast<T>(sums[c]);
                };
                add(into.weight, of_weight);
                add(into.bias, of_bias);
            }
        });
    }

  private:
    template <class U>
    using array = Eigen::Map<std::conditional_t<std::is_const_v<U>, const Eigen::Array<T, 1, Eigen::Dynamic>,
                                                Eigen::Array<T, 1, Eigen::Dynamic>>>;
    [[nodiscard]] Eigen::Index length() const { return static_cast<Eigen::Index>(size_); }
    [[nodiscard]] T inverse_root(double squares) const {
        return static_cast<T>(1 / std::sqrt(squares / static_cast<double>(size_) + epsilon_));
    }

    bool layer_;
    double epsilon_;
    std::size_t heads_, size_;
    const T* bias_;
    std::vector<T> ones_; // where there is no weight
    const T* weight_;
};

} // namespace detail

/// y = normalised x, which may be one array; `statistics` has norm.statistics() columns, or no data: not wanted.
/// \throws argument_error when the shapes do not fit.
template <class T>
void normalise_rows(matrix_view<const T> x, const norm_operands<host_memory, T>& norm, matrix_view<T> y,
                    matrix_view<T> statistics) {
    const detail::row_norm<T> row(norm, x.columns);
    parallel_blocks(x.rows, 1 + 32768 / (1 + x.columns), [&](std::size_t begin, std::size_t end) {
        for (std::size_t r = begin; r < end; ++r)
            row.forward(x.row(r), y.row(r), statistics.data ? statistics.row(r) : nullptr);
    });
}

/// Given d loss / dy: dx = d loss / dx or, as `mode` says, dx += d loss / dx, and adds to the gradients of weight and
/// bias; what has no data is not wanted. dx may be dy.
template <class T>
void normalise_rows_backward(matrix_view<const T> x, const norm_operands<host_memory, T>& norm,
                             matrix_view<const T> statistics, matrix_view<const T> dy, matrix_view<T> dx, store mode,
                             const parameter_gradients<host_memory, T>& into) {
    const detail::row_norm<T> row(norm, x.columns);
    row.parameters_backward(x, statistics, dy, into);
    if (!dx.data) return;
    parallel_blocks(x.rows, 1 + 16384 / (1 + x.columns), [&](std::size_t begin, std::size_t end) {
        for (std::size_t r = begin; r < end; ++r) row.backward(x.row(r), statistics.row(r), dy.row(r), dx.row(r), mode);
    });
}

} // namespace preflearn
