/// \file
/// The few sums and steps over vectors of parameters that fits and their errors are made of. An Eigen expression is a
/// type of its own, which costs a compiler about as much as all of this file, and a fit would have hundreds of them;
/// here each is compiled once. Sums are Eigen's, so that they have its speed and its bits.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>

#include <Eigen/Core>

namespace preflearn {

/// Σ a_i b_i.
inline double dot(const Eigen::VectorXd& a, const Eigen::VectorXd& b) { return a.dot(b); }

/// The sum and the mean of the first n numbers.
inline double sum_of_first(const double* v, Eigen::Index n) { return Eigen::Map<const Eigen::VectorXd>(v, n).sum(); }
inline double mean_of_first(const Eigen::VectorXd& v, Eigen::Index n) {
    return sum_of_first(v.data(), n) / static_cast<double>(n);
}

/// Takes their mean from the first n numbers.
inline void centre_first(Eigen::VectorXd& v, Eigen::Index n) {
    const double mean = mean_of_first(v, n);
    for (Eigen::Index i = 0; i < n; ++i) v[i] -= mean;
}

/// max |v_i|.
inline double largest_size(const Eigen::VectorXd& v) { return v.cwiseAbs().maxCoeff(); }

/// a_i b_i.
inline Eigen::VectorXd entry_products(const Eigen::VectorXd& a, const Eigen::VectorXd& b) {
    Eigen::VectorXd c(a.size());
    for (Eigen::Index i = 0; i < a.size(); ++i) c[i] = a[i] * b[i];
    return c;
}

/// a_i / b_i.
inline Eigen::VectorXd entry_quotients(const Eigen::VectorXd& a, const Eigen::VectorXd& b) {
    Eigen::VectorXd c(a.size());
    for (Eigen::Index i = 0; i < a.size(); ++i) c[i] = a[i] / b[i];
    return c;
}

/// 1 / max(v_i, 1e-300).
inline Eigen::VectorXd inverses(const Eigen::VectorXd& v) {
    Eigen::VectorXd c(v.size());
    for (Eigen::Index i = 0; i < v.size(); ++i) c[i] = 1 / std::max(v[i], 1e-300);
    return c;
}

/// v + t w.
inline Eigen::VectorXd moved(const Eigen::VectorXd& v, double t, const Eigen::VectorXd& w) {
    Eigen::VectorXd c(v.size());
    for (Eigen::Index i = 0; i < v.size(); ++i) c[i] = v[i] + t * w[i];
    return c;
}

/// v += t w.
inline void add_times(Eigen::VectorXd& v, double t, const Eigen::VectorXd& w) {
    for (Eigen::Index i = 0; i < v.size(); ++i) v[i] += t * w[i];
}

/// Its first n numbers, then zeros up to `size`.
inline Eigen::VectorXd widened(const Eigen::VectorXd& v, Eigen::Index n, Eigen::Index size) {
    Eigen::VectorXd wide = Eigen::VectorXd::Zero(size);
    std::copy_n(v.data(), n, wide.data());
    return wide;
}

/// Whether no number is infinite or NaN.
inline bool all_finite(const Eigen::VectorXd& v) {
    return std::all_of(v.data(), v.data() + v.size(), [](double x) { return std::isfinite(x); });
}

} // namespace preflearn
