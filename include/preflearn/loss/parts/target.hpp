/// \file
/// How P(chosen ≻ rejected) = q enters a preference loss: as a φ(z) + b φ(−z) + constant, where φ(−z) is the loss of
/// the swapped pair. The given label has a = q, b = 1 − q; smoothing and noise correction are other affine maps of q.
/// A target that looks at the model's own prediction (z) is taken as a constant: no gradient flows through it.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <concepts>

#include <preflearn/core/numbers/elementary.hpp>

namespace preflearn {

/// The factors of the loss as labelled (a) and of the loss of the swapped pair (b), which may be negative, and what is
/// added whatever the scores are.
template <class Real> struct target_mixture { Real as_labelled, swapped, constant = 0; };

/// Called with the pair's target q, which is 1 for hard labels, or with (q, z).
template <class T, class Real>
concept TargetPart = std::floating_point<Real> &&(
    requires(const T& target, Real q) {
        { target(q) } -> std::same_as<target_mixture<Real>>;
    } ||
    requires(const T& target, Real q, Real z) {
        { target(q, z) } -> std::same_as<target_mixture<Real>>;
    });

/// q φ(z) + (1 − q) φ(−z): the expected loss under the label's probability, hard for q = 1 (the cross-entropy of the
/// label and the model where φ is logistic).
struct given_target {
    template <std::floating_point Real> PREFLEARN_DEVICE_AND_HOST target_mixture<Real> operator()(Real q) const {
        return {q, 1 - q};
    }
};

/// φ(z), whatever q: for losses where q serves another part (a weight made of confidence).
struct as_labelled {
    template <std::floating_point Real> PREFLEARN_DEVICE_AND_HOST target_mixture<Real> operator()(Real /*q*/) const {
        return {1, 0};
    }
};

/// Labels flipped with probability ε: (1 − ε) φ(z) + ε φ(−z) for q = 1 (cDPO, Mitchell 2023).
struct smoothed_target {
    double smoothing = 0;
    template <std::floating_point Real> PREFLEARN_DEVICE_AND_HOST target_mixture<Real> operator()(Real q) const {
        const Real e = static_cast<Real>(smoothing);
        return {q * (1 - e) + (1 - q) * e, q * e + (1 - q) * (1 - e)};
    }
};

/// w |2q − 1| φ(z): the label's confidence as a factor of the loss, and w the same for all pairs.
struct confidence_target {
    double factor = 1;
    template <std::floating_point Real> PREFLEARN_DEVICE_AND_HOST target_mixture<Real> operator()(Real q) const {
        return {static_cast<Real>(factor) * std::abs(2 * q - 1), 0};
    }
};

/// [(1 − ε) φ(z) − ε φ(−z)] / (1 − 2ε) for q = 1: unbiased when labels are flipped with probability ε < ½ (rDPO,
/// Chowdhury et al. 2024, arXiv:2403.00409, equation 12).
struct noise_corrected_target {
    double smoothing = 0;
    template <std::floating_point Real> PREFLEARN_DEVICE_AND_HOST target_mixture<Real> operator()(Real q) const {
        const Real e = static_cast<Real>(smoothing), scale = 1 / (1 - 2 * e);
        return {(q - e) * scale, (1 - q - e) * scale};
    }
};

/// (2q − 1) [q φ(z) − (1 − q) φ(−z)]: the noise correction of a label that is wrong with probability ε = 1 − q, its
/// own, times (1 − 2ε)². A corrected pair is unbiased with an error that grows as 1 / (1 − 2ε)², so that this is the
/// weight of the least error of the whole (what n labels are worth, n (1 − 2ε)²). Nothing at q = ½; swapping the
/// responses and taking 1 − q for q is the same.
struct pair_corrected_target {
    template <std::floating_point Real> PREFLEARN_DEVICE_AND_HOST target_mixture<Real> operator()(Real q) const {
        const Real signal = 2 * q - 1;
        return {signal * q, signal * (q - 1)};
    }
};

/// q' = (1 − α) q + α [z > threshold]: the weak label mixed with the model's own hardened prediction (Burns et al.
/// 2023, arXiv:2312.09390, section 4.3 for pairs). The paper raises α from 0 to ½ over the first steps and takes the
/// threshold as the quantile of the batch's z that keeps the share of the weak labels.
struct confident_target {
    double alpha = 0.5, threshold = 0;
    template <std::floating_point Real>
    PREFLEARN_DEVICE_AND_HOST target_mixture<Real> operator()(Real q, Real z) const {
        const Real a = static_cast<Real>(alpha), hard = by_sign(static_cast<Real>(threshold) - z, Real(1), Real(0));
        return {(1 - a) * q + a * hard, (1 - a) * (1 - q) + a * (1 - hard)};
    }
};

/// q = 1, ½, 0 for won, tied, lost; between them linear. A tie of Rao & Kupper is −log P(tie) = φ(z) + φ(−z) −
/// log(e^{2η} − 1) with their link.
struct rao_kupper_ties {
    double log_tie = 0.54132485461292; ///< log(e^{2η} − 1)
    template <std::floating_point Real> PREFLEARN_DEVICE_AND_HOST target_mixture<Real> operator()(Real q) const {
        const Real lean = 2 * q - 1, tie = 1 - std::abs(lean);
        return {by_sign(lean, 2 * q, Real(1)), by_sign(lean, Real(1), 2 - 2 * q), -tie * static_cast<Real>(log_tie)};
    }
};

/// The same for Davidson's model: −log P(tie) = ½ φ(z) + ½ φ(−z) − log ν.
struct davidson_ties {
    double log_nu = -0.69314718055994531;
    template <std::floating_point Real> PREFLEARN_DEVICE_AND_HOST target_mixture<Real> operator()(Real q) const {
        return {q, 1 - q, -(1 - std::abs(2 * q - 1)) * static_cast<Real>(log_nu)};
    }
};

} // namespace preflearn
