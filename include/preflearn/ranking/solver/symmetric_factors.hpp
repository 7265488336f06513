/// \file
/// Dense linear algebra of the fits and their errors, each operation at one place: a factorisation or a product of
/// matrices is what costs most to compile here. Templates only so that this happens where they are called.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <limits>
#include <utility>

#include <Eigen/Cholesky>
#include <Eigen/Core>

#include <preflearn/core/system/one_thread.hpp>

namespace preflearn {

/// A symmetric matrix as P'LDL'P.
template <std::same_as<Eigen::MatrixXd> Matrix = Eigen::MatrixXd> class symmetric_factors {
  public:
    symmetric_factors() = default;
    explicit symmetric_factors(const Matrix& h) : factors_(h) {}

    /// Of D.
    [[nodiscard]] double smallest_pivot() const {
        const Matrix& all = factors_.matrixLDLT();
        double least = all(0, 0);
        for (Eigen::Index i = 1; i < all.rows(); ++i) least = std::min(least, all(i, i));
        return least;
    }
    [[nodiscard]] double largest_pivot() const {
        const Matrix& all = factors_.matrixLDLT();
        double most = all(0, 0);
        for (Eigen::Index i = 1; i < all.rows(); ++i) most = std::max(most, all(i, i));
        return most;
    }
    [[nodiscard]] Eigen::VectorXd solve(const Eigen::VectorXd& v) const { return factors_.solve(v); }
    [[nodiscard]] Matrix inverse() const { return factors_.solve(Matrix::Identity(factors_.rows(), factors_.rows())); }

    /// P'L√D, what rounding left below 0 in D counting as 0.
    [[nodiscard]] Matrix root() const {
        const Matrix& all = factors_.matrixLDLT();
        const Eigen::Index n = all.rows();
        Matrix r = Matrix::Zero(n, n);
        for (Eigen::Index j = 0; j < n; ++j) {
            const double scale = std::sqrt(std::max(all(j, j), 0.0));
            r(j, j) = scale;
            for (Eigen::Index i = j + 1; i < n; ++i) r(i, j) = all(i, j) * scale;
        }
        for (Eigen::Index k = n; k-- > 0;)
            for (Eigen::Index j = 0; j < n; ++j) std::swap(r(k, j), r(factors_.transpositionsP().coeff(k), j));
        return r;
    }

  private:
    Eigen::LDLT<Matrix> factors_;
};

/// a b, on one thread, as results must not depend on their number.
template <class Matrix> Matrix multiply(const Matrix& a, const Matrix& b) {
    return on_one_thread([&] { return Matrix(a * b); });
}

/// A part of a matrix, and a column of it.
inline Eigen::MatrixXd block_of(const Eigen::MatrixXd& h, Eigen::Index row, Eigen::Index column, Eigen::Index rows,
                                Eigen::Index columns) {
    Eigen::MatrixXd part(rows, columns);
    for (Eigen::Index j = 0; j < columns; ++j)
        for (Eigen::Index i = 0; i < rows; ++i) part(i, j) = h(row + i, column + j);
    return part;
}
inline Eigen::VectorXd column_of(const Eigen::MatrixXd& h, Eigen::Index column) {
    Eigen::VectorXd v(h.rows());
    for (Eigen::Index i = 0; i < h.rows(); ++i) v[i] = h(i, column);
    return v;
}
inline void set_column(Eigen::MatrixXd& h, Eigen::Index column, const Eigen::VectorXd& v) {
    for (Eigen::Index i = 0; i < h.rows(); ++i) h(i, column) = v[i];
}
inline Eigen::MatrixXd transposed(const Eigen::MatrixXd& h) {
    Eigen::MatrixXd t(h.cols(), h.rows());
    for (Eigen::Index j = 0; j < h.cols(); ++j)
        for (Eigen::Index i = 0; i < h.rows(); ++i) t(j, i) = h(i, j);
    return t;
}

/// Cholesky's factor L of a symmetric matrix, h = L L', in its place with zeros above: blocks of columns, then the rest
/// by a product of matrices.
/// \returns the smallest pivot L(i, i)²; 0 where one is not above 0, and `h` is then of no use
template <std::same_as<Eigen::MatrixXd> Matrix> double factor_in_place(Matrix& h) {
    constexpr Eigen::Index together = 64;
    const Eigen::Index n = h.rows();
    double least = std::numeric_limits<double>::infinity();
    for (Eigen::Index first = 0; first < n; first += together) {
        const Eigen::Index end = std::min(n, first + together), rest = n - end;
        for (Eigen::Index j = first; j < end; ++j) {
            for (Eigen::Index c = first; c < j; ++c) {
                const double times = h(j, c);
                for (Eigen::Index i = j; i < n; ++i) h(i, j) -= h(i, c) * times;
            }
            if (!(h(j, j) > 0)) return 0;
            const double root = std::sqrt(h(j, j));
            least = std::min(least, root * root);
            for (Eigen::Index i = j; i < n; ++i) h(i, j) /= root;
            for (Eigen::Index i = 0; i < j; ++i) h(i, j) = 0;
        }
        if (rest == 0) continue;
        const Matrix panel = block_of(h, end, first, rest, end - first), square = multiply(panel, transposed(panel));
        for (Eigen::Index j = 0; j < rest; ++j)
            for (Eigen::Index i = j; i < rest; ++i) h(end + i, end + j) -= square(i, j);
    }
    return least;
}

/// a m a'.
template <class Matrix> Matrix sandwich_of(const Matrix& a, const Matrix& m) {
    return multiply(multiply(a, m), transposed(a));
}

/// Adds level along common shifts of `count` parameters from `first`: the mean of their curvature, a part to each
/// entry. \returns what was added to each entry
inline double add_level(Eigen::MatrixXd& h, Eigen::Index first, Eigen::Index count) {
    double sum = h(first, first);
    for (Eigen::Index i = first + 1; i < first + count; ++i) sum += h(i, i);
    const double level = std::max(sum / static_cast<double>(count), 1e-300) / static_cast<double>(count);
    for (Eigen::Index j = first; j < first + count; ++j)
        for (Eigen::Index i = first; i < first + count; ++i) h(i, j) += level;
    return level;
}

/// unit_i h(i, j) unit_j.
inline void scale_both_sides(Eigen::MatrixXd& h, const Eigen::VectorXd& unit) {
    for (Eigen::Index j = 0; j < h.cols(); ++j)
        for (Eigen::Index i = 0; i < h.rows(); ++i) h(i, j) = unit[i] * h(i, j) * unit[j];
}

/// The lower triangle on both sides of the diagonal.
inline void mirror_lower(Eigen::MatrixXd& h) {
    for (Eigen::Index j = 0; j < h.cols(); ++j)
        for (Eigen::Index i = 0; i < j; ++i) h(i, j) = h(j, i);
}

} // namespace preflearn
