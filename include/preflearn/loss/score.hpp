/// \file
/// How a response's score is formed from its log-ratio u = log π(y|x) − log π_ref(y|x) and its length: the part of a
/// preference loss that stands before the link. A score part is a small type called with (u, tokens) that returns the
/// score and its derivative in u, and says which columns of the batch it needs.
// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>

namespace preflearn {

/// A response's score and d score / d log π(y|x).
template <class Real> struct response_score { Real value, derivative; };

/// A part that forms scores: `S::uses_reference` (else the reference columns are ignored and u = log π),
/// `S::uses_tokens` (else lengths may be missing and the second argument means nothing), and `s(u, tokens)`.
template <class S, class Real>
concept ScorePart = std::floating_point<Real> && requires(const S& score, Real log_ratio, Real tokens) {
    { S::uses_reference } -> std::convertible_to<bool>;
    { S::uses_tokens } -> std::convertible_to<bool>;
    { score(log_ratio, tokens) } -> std::same_as<response_score<Real>>;
};

/// s = log π(y|x) − log π_ref(y|x), summed over tokens (Rafailov et al. 2023, arXiv:2305.18290, equation 5 without β).
struct log_ratio {
    static constexpr bool uses_reference = true, uses_tokens = false;
    template <std::floating_point Real> response_score<Real> operator()(Real u, Real /*tokens*/) const {
        return {u, 1};
    }
};

/// s = log π(y|x), or a reward r(x, y): the reference columns are ignored.
struct reference_free {
    static constexpr bool uses_reference = false, uses_tokens = false;
    template <std::floating_point Real> response_score<Real> operator()(Real u, Real /*tokens*/) const {
        return {u, 1};
    }
};

} // namespace preflearn
