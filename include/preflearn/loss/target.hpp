/// \file
/// How P(chosen ≻ rejected) = q enters a preference loss: as a φ(z) + b φ(−z), where φ(−z) is the loss of the swapped
/// pair. The given label has a = q, b = 1 − q; smoothing and noise correction are other affine maps of q.
// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>

namespace preflearn {

/// The factors of the loss as labelled (a) and of the loss of the swapped pair (b); b may be negative.
template <class Real> struct target_mixture { Real as_labelled, swapped; };

/// Called with the pair's target q, which is 1 for hard labels.
template <class T, class Real>
concept TargetPart = std::floating_point<Real> && requires(const T& target, Real q) {
    { target(q) } -> std::same_as<target_mixture<Real>>;
};

/// q φ(z) + (1 − q) φ(−z): the expected loss under the label's probability, hard for q = 1 (the cross-entropy of the
/// label and the model where φ is logistic).
struct given_target {
    template <std::floating_point Real> target_mixture<Real> operator()(Real q) const { return {q, 1 - q}; }
};

} // namespace preflearn
