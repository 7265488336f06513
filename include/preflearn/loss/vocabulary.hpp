/// \file
/// The log-softmax of a row of logits in pieces, so that no one needs the whole row at once:
/// log p_t = z_t − log Σ_j e^{z_j}. The sum is taken online, tile by tile, with a running maximum (Milakov &
/// Gimelshein 2018, arXiv:1805.02867); exponentials in the logits' type, sums in double. Knows nothing of models.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <concepts>
#include <cstddef>
#include <limits>
#include <span>

#include <Eigen/Core>

namespace preflearn {

/// log Σ e^{z_j} over values that arrive in pieces. NaN among them gives NaN; +∞ gives NaN or +∞.
class online_log_sum_exp {
  public:
    /// Takes the next values into the sum; an empty piece changes nothing.
    template <std::floating_point T> void add(std::span<const T> logits) {
        if (logits.empty()) return;
        const auto z = Eigen::Map<const Eigen::Array<T, Eigen::Dynamic, 1>>(logits.data(),
                                                                            static_cast<Eigen::Index>(logits.size()));
        const T high = z.template maxCoeff<Eigen::PropagateNaN>();
        if (high == -std::numeric_limits<T>::infinity()) return;
        const double sum = static_cast<double>((z - high).exp().sum());
        if (static_cast<double>(high) > high_) {
            sum_ = sum_ * std::exp(high_ - static_cast<double>(high)) + sum;
            high_ = static_cast<double>(high);
        } else {
            sum_ += sum * std::exp(static_cast<double>(high) - high_);
        }
    }
    /// −∞ when nothing was added.
    [[nodiscard]] double value() const { return high_ + std::log(sum_); }

  private:
    double high_ = -std::numeric_limits<double>::infinity();
    double sum_ = 0;
};

/// log p of entry `target` of a row whose log Σ e^z is known.
template <std::floating_point T>
double log_softmax_at(std::span<const T> logits, std::size_t target, double normaliser) {
    return static_cast<double>(logits[target]) - normaliser;
}

/// Replaces a piece of a row of logits by its part of the gradient −weight · softmax: what every entry receives when
/// log p of any target is weighted by `weight`. The target's own entry has to be raised by `weight` afterwards.
template <std::floating_point T> void log_softmax_gradient(std::span<T> logits, double normaliser, double weight) {
    auto z = Eigen::Map<Eigen::Array<T, Eigen::Dynamic, 1>>(logits.data(), static_cast<Eigen::Index>(logits.size()));
    z = (z - static_cast<T>(normaliser)).exp() * static_cast<T>(-weight);
}

} // namespace preflearn
