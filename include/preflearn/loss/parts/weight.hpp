/// \file
/// The pair's weight as a part of a preference loss: the column of the batch as it is, or a function of it and of the
/// label.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <concepts>

#include <preflearn/core/system/compiler.hpp>

namespace preflearn {

/// Called with (weight column, target q), returns the factor of the pair's loss; no gradient flows through it.
template <class W, class Real>
concept WeightPart = std::floating_point<Real> && requires(const W& weight, Real given, Real q) {
    { weight(given, q) } -> std::same_as<Real>;
};

/// The weight column; one where it is empty.
struct given_weight {
    template <std::floating_point Real> PREFLEARN_DEVICE_AND_HOST Real operator()(Real given, Real /*q*/) const {
        return given;
    }
};

/// weight · |2q − 1|, the label's confidence (CW-PO: Afzali et al. 2026, arXiv:2603.04968: C = 2 (σ(Δr) − ½)).
struct confidence_weight {
    template <std::floating_point Real> PREFLEARN_DEVICE_AND_HOST Real operator()(Real given, Real q) const {
        return given * std::abs(2 * q - 1);
    }
};

} // namespace preflearn
