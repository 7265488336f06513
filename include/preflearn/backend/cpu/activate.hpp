/// \file
/// What an MLP does between its products: a = f(gate) · up, with f(x) = x σ(x) for SwiGLU (Shazeer 2020,
/// arXiv:2002.05202), or a = f(x). An activation is one small struct that gives value and slope of whole rows; what is
/// around it is written once.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>

#include <Eigen/Core>

#include <preflearn/backend/cpu/matrix.hpp>
#include <preflearn/backend/cpu/row_pieces.hpp>
#include <preflearn/backend/operands.hpp>
#include <preflearn/core/matrix_view.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/core/system/parallel.hpp>

namespace preflearn {

/// x σ(x).
struct silu {
    /// `value` receives f(x).
    template <class In, class Out> static void evaluate(const In& x, Out&& value) { value = x / ((-x).exp() + 1); }
    /// `value` receives f(x), `slope` f'(x).
    template <class In, class Out> static void evaluate(const In& x, Out&& value, Out&& slope) {
        slope = ((-x).exp() + 1).inverse();
        value = x * slope;
        slope *= x - value + 1;
    }
};

/// x Φ(x), Φ the normal distribution's (Hendrycks & Gimpel 2016, arXiv:1606.08415).
struct gelu {
    template <class In, class Out> static void evaluate(const In& x, Out&& value) {
        value = x * x.unaryExpr(&below<real<In>>);
    }
    template <class In, class Out> static void evaluate(const In& x, Out&& value, Out&& slope) {
        constexpr auto density = static_cast<real<In>>(0.39894228040143267794); // 1/√(2π)
        slope = x.unaryExpr(&below<real<In>>);
        value = x * slope;
        slope += x * (x.square() * real<In>(-0.5)).exp() * density;
    }

  private:
    template <class Array> using real = typename Array::Scalar;
    /// Φ(x).
    template <class T> static T below(T x) { return std::erfc(x * static_cast<T>(-0.70710678118654752440)) * T(0.5); }
};

/// x (1 + tanh u) / 2 with u = √(2/π) (x + 0.044715 x³), which is x σ(2u): what most models mean by gelu.
struct gelu_tanh {
    template <class In, class Out> static void evaluate(const In& x, Out&& value) {
        value = x / ((x * (x.square() * cubic<In> + linear<In>)).exp() + 1);
    }
    template <class In, class Out> static void evaluate(const In& x, Out&& value, Out&& slope) {
        slope = ((x * (x.square() * cubic<In> + linear<In>)).exp() + 1).inverse();
        value = x * slope;
        slope += value * (slope - 1) * (x.square() * (3 * cubic<In>)+linear<In>);
    }

  private:
    /// Of −2u.
    template <class Array>
    static constexpr auto linear = static_cast<typename Array::Scalar>(-1.5957691216057307117); // −2 √(2/π)
    template <class Array> static constexpr auto cubic = static_cast<typename Array::Scalar>(-0.071354816272600247);
};

/// max(x, 0).
struct relu {
    template <class In, class Out> static void evaluate(const In& x, Out&& value) {
        value = (x < 0).select(typename In::Scalar(0), x); // NaN stays
    }
    template <class In, class Out> static void evaluate(const In& x, Out&& value, Out&& slope) {
        using real = typename In::Scalar;
        slope = (x > 0).template cast<real>();
        value = (x < 0).select(real(0), x);
    }
};

namespace detail {

template <class Use> void with_activation(activation_kind kind, const Use& use) {
    switch (kind) {
    case activation_kind::silu:
        return use(silu{});
    case activation_kind::gelu:
        return use(gelu{});
    case activation_kind::gelu_tanh:
        return use(gelu_tanh{});
    case activation_kind::relu:
        return use(relu{});
    }
}

/// One row forward; `up` is null for a plain MLP.
template <class Activation, class T> void activate_row(const T* x, const T* up, T* out, std::size_t size) {
    for_pieces<T>(size, [&](std::size_t first, std::size_t count) {
        row_piece<T> a;
        Activation::evaluate(load_piece(x + first, count), a);
        if (up) a *= load_piece(up + first, count);
        std::copy_n(a.data(), count, out + first);
    });
}

/// One row backward; `out` receives the forward's, again.
template <class Activation, class T>
void activate_row_backward(const T* x, const T* up, const T* d_out, T* out, T* dx, T* d_up, std::size_t size) {
    using row = Eigen::Array<T, 1, Eigen::Dynamic>;
    const auto n = static_cast<Eigen::Index>(size);
    const Eigen::Map<const row> in(x, n), d(d_out, n);
    Eigen::Map<row> a(out, n), slope(dx, n);
    Activation::evaluate(in, a, slope);
    if (!up) {
        slope *= d;
        return;
    }
    const Eigen::Map<const row> factor(up, n);
    Eigen::Map<row>(d_up, n) = d * a;
    slope *= d * factor;
    a *= factor;
}

inline std::size_t check_activation(mlp_kind mlp, std::size_t in, std::size_t out) {
    require(in == (mlp == mlp_kind::gated ? 2 * out : out), "activate: rows of ", in, " do not become rows of ", out);
    return 1 + 8192 / (1 + out); // rows of a task
}

} // namespace detail

/// y = f(gate) · up, rows of x holding the two side by side, or y = f(x), which may be one array.
template <class T> void activate_rows(matrix_view<const T> x, mlp_kind mlp, activation_kind kind, matrix_view<T> y) {
    const std::size_t grain = detail::check_activation(mlp, x.columns, y.columns);
    const bool gated = mlp == mlp_kind::gated;
    detail::with_activation(kind, [&]<class Activation>(Activation) {
        parallel_blocks(y.rows, grain, [&](std::size_t begin, std::size_t end) {
            for (std::size_t r = begin; r < end; ++r)
                detail::activate_row<Activation>(x.row(r), gated ? x.row(r) + y.columns : nullptr, y.row(r), y.columns);
        });
    });
}

/// dx = d loss / dx given d loss / dy, and again the forward's y, where it has data.
template <class T>
void activate_rows_backward(matrix_view<const T> x, mlp_kind mlp, activation_kind kind, matrix_view<const T> dy,
                            matrix_view<T> y, matrix_view<T> dx) {
    const std::size_t columns = dy.columns, grain = detail::check_activation(mlp, dx.columns, columns);
    const bool gated = mlp == mlp_kind::gated;
    detail::with_activation(kind, [&]<class Activation>(Activation) {
        parallel_blocks(dy.rows, grain, [&](std::size_t begin, std::size_t end) {
            cpu_matrix<T> room(1, y.data ? 0 : columns);
            for (std::size_t r = begin; r < end; ++r)
                detail::activate_row_backward<Activation>(x.row(r), gated ? x.row(r) + columns : nullptr, dy.row(r),
                                                          y.data ? y.row(r) : room.view().data, dx.row(r),
                                                          gated ? dx.row(r) + columns : nullptr, columns);
        });
    });
}

} // namespace preflearn
