/// \file
/// A small symmetric system of equations: H = P'LDL'P with the largest diagonal entry that is left as each pivot (Golub
/// & Van Loan, algorithm 4.2.2). A few plain loops, so that what needs one to three unknowns, or a table's few
/// categories, costs no library of matrices.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <utility>
#include <vector>

namespace preflearn {

class symmetric_system {
  public:
    /// \param h its size² entries
    symmetric_system(std::size_t size, std::vector<double> h) : size_(size), h_(std::move(h)), swapped_(size) {
        std::vector<double> sums(size), scaled(size);
        for (std::size_t k = 0; k < size; ++k) {
            swap_in_largest(k);
            double of_pivot = 0;
            std::fill(sums.begin(), sums.end(), 0.0);
            for (std::size_t j = 0; j < k; ++j) {
                scaled[j] = at(j, j) * at(k, j);
                of_pivot += at(k, j) * scaled[j];
                for (std::size_t i = k + 1; i < size; ++i) sums[i] += at(i, j) * scaled[j];
            }
            at(k, k) -= of_pivot;
            for (std::size_t i = k + 1; i < size; ++i) {
                at(i, k) -= sums[i];
                if (at(k, k) != 0) at(i, k) /= at(k, k);
            }
        }
    }

    /// Of D: with infinity where there are no equations.
    [[nodiscard]] double smallest_pivot() const {
        double least = std::numeric_limits<double>::infinity();
        for (std::size_t k = 0; k < size_; ++k) least = std::min(least, at(k, k));
        return least;
    }
    [[nodiscard]] double largest_pivot() const {
        double most = -std::numeric_limits<double>::infinity();
        for (std::size_t k = 0; k < size_; ++k) most = std::max(most, at(k, k));
        return most;
    }

    /// The x of H x = b; along pivots of 0 it is 0.
    [[nodiscard]] std::vector<double> solve(std::vector<double> b) const {
        for (std::size_t k = 0; k < size_; ++k) std::swap(b[k], b[swapped_[k]]);
        for (std::size_t k = 0; k < size_; ++k)
            for (std::size_t i = k + 1; i < size_; ++i) b[i] -= at(i, k) * b[k];
        for (std::size_t k = 0; k < size_; ++k)
            b[k] = std::abs(at(k, k)) > std::numeric_limits<double>::min() ? b[k] / at(k, k) : 0;
        for (std::size_t k = size_; k-- > 0;) {
            double sum = 0;
            for (std::size_t i = k + 1; i < size_; ++i) sum += at(i, k) * b[i];
            b[k] -= sum;
        }
        for (std::size_t k = size_; k-- > 0;) std::swap(b[k], b[swapped_[k]]);
        return b;
    }

  private:
    double& at(std::size_t i, std::size_t j) { return h_[j * size_ + i]; }
    [[nodiscard]] double at(std::size_t i, std::size_t j) const { return h_[j * size_ + i]; }

    /// Makes the largest diagonal entry from k on the k-th, in the lower triangle.
    void swap_in_largest(std::size_t k) {
        std::size_t largest = k;
        for (std::size_t i = k + 1; i < size_; ++i)
            if (std::abs(at(i, i)) > std::abs(at(largest, largest))) largest = i;
        swapped_[k] = largest;
        if (largest == k) return;
        for (std::size_t j = 0; j < k; ++j) std::swap(at(k, j), at(largest, j));
        for (std::size_t i = largest + 1; i < size_; ++i) std::swap(at(i, k), at(i, largest));
        for (std::size_t i = k + 1; i < largest; ++i) std::swap(at(i, k), at(largest, i));
        std::swap(at(k, k), at(largest, largest));
    }

    std::size_t size_;
    std::vector<double> h_; // below the diagonal L, on it D
    std::vector<std::size_t> swapped_;
};

} // namespace preflearn
