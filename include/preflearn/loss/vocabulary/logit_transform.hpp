/// \file
/// What stands between a model's last product x and the logits z of its softmax:
///   z = cap · tanh((x + bias) / cap) / temperature,
/// every part optional, in this order (the soft cap as in Gemma 2, arXiv:2408.00118, section 2). tanh(y) = m / (2 − m)
/// with m = 1 − e^{−2|y|}, whose derivative 4 (1 − m) / (2 − m)² keeps its relative accuracy where the cap saturates.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <limits>
#include <span>

#include <preflearn/core/numbers/elementary.hpp>
#include <preflearn/core/system/error.hpp>

namespace preflearn {

/// −∞ and other values that are not finite pass the soft cap unchanged: a token that was excluded stays excluded.
template <std::floating_point Real> struct logit_transform {
    std::span<const Real> bias{};                              ///< one entry a token; empty: none
    double soft_cap = std::numeric_limits<double>::infinity(); ///< positive; +∞: none
    double temperature = 1;                                    ///< positive and finite

    [[nodiscard]] bool capped() const { return !std::isinf(soft_cap); }
    [[nodiscard]] bool is_identity() const { return bias.empty() && !capped() && temperature == 1; }

    /// \throws argument_error when a parameter is out of its range or the bias has not one entry per token.
    void check(std::size_t vocabulary) const {
        require(soft_cap > 0, "soft_cap is ", soft_cap, ", a positive number was expected");
        require(temperature > 0 && std::isfinite(temperature), "temperature is ", temperature,
                ", a positive number was expected");
        require(bias.empty() || bias.size() == vocabulary, "bias has ", bias.size(), " entries for a vocabulary of ",
                vocabulary);
    }

    /// Replaces x of the tokens from `first` on by z.
    void apply(std::span<Real> x, std::size_t first) const { run<false>(x, first, {}); }

    /// z of one token.
    [[nodiscard]] Real operator()(Real x, std::size_t token) const {
        if (!is_identity()) apply(std::span<Real>(&x, 1), token);
        return x;
    }

    /// Replaces x by z and writes ∂z/∂x; `slopes` has as many entries as x.
    void apply(std::span<Real> x, std::size_t first, std::span<Real> slopes) const { run<true>(x, first, slopes); }

  private:
    template <bool Slopes> void run(std::span<Real> values, std::size_t first, std::span<Real> slopes) const {
        Real* const x = values.data();
        const std::size_t size = values.size();
        if (!bias.empty()) {
            const Real* const added = bias.data() + first;
            for (std::size_t i = 0; i < size; ++i) x[i] += added[i];
        }
        const Real sharpness = static_cast<Real>(1 / temperature);
        if (capped()) {
            const Real twice = static_cast<Real>(2 / soft_cap), limit = static_cast<Real>(soft_cap / temperature);
            constexpr Real largest = std::numeric_limits<Real>::max();
            for (std::size_t i = 0; i < size; ++i) {
                const Real given = x[i], m = one_minus_exp_of_minus(std::abs(given) * twice), other = 2 - m;
                if constexpr (Slopes) slopes[i] = 4 * (1 - m) / (other * other) * sharpness;
                const Real bounded = std::copysign(m / other, given) * limit;
                x[i] = std::abs(given) <= largest ? bounded : given;
            }
        } else {
            for (std::size_t i = 0; i < size; ++i) x[i] *= sharpness;
            if constexpr (Slopes) std::fill(slopes.begin(), slopes.end(), sharpness);
        }
    }
};

} // namespace preflearn
