/// \file
/// The pair's weight and margin as parts of a preference loss. The parts here take the columns of the batch as they
/// are; others may be functions of them (a constant margin, a confidence made of the target, …).
// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>

namespace preflearn {

/// Called with (weight column, target q), returns the factor of the pair's loss; no gradient flows through it.
template <class W, class Real>
concept WeightPart = std::floating_point<Real> && requires(const W& weight, Real given, Real q) {
    { weight(given, q) } -> std::same_as<Real>;
};

/// Called with the margin column, returns what is subtracted from β (s_w − s_l).
template <class M, class Real>
concept MarginPart = std::floating_point<Real> && requires(const M& margin, Real given) {
    { margin(given) } -> std::same_as<Real>;
};

/// The weight column; one where it is empty.
struct given_weight {
    template <std::floating_point Real> Real operator()(Real given, Real /*q*/) const { return given; }
};

/// The margin column; zero where it is empty.
struct given_margin {
    template <std::floating_point Real> Real operator()(Real given) const { return given; }
};

} // namespace preflearn
