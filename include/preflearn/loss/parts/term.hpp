/// \file
/// What a preference loss adds to its penalty: a function of the pair's log-probs with a gradient of its own, such as
/// the likelihood of the chosen response. It is multiplied by the pair's weight, and by the target only
/// where the term itself asks for that.
// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>

#include <preflearn/loss/parts/lengths_read.hpp>
#include <preflearn/loss/parts/link.hpp>
#include <preflearn/loss/parts/score.hpp>

namespace preflearn {

/// Called with the pair's point, or with the point and the target q, returns the value and its derivatives in log π of
/// both responses. `T::uses_tokens`, and `T::lengths` where it does not need both lengths.
template <class T, class Real>
concept AddedTerm = std::floating_point<Real> && requires {
    { T::uses_tokens } -> std::convertible_to<bool>;
} &&(
    requires(const T& term, const pair_point<Real>& at) {
        { term(at) } -> std::same_as<pair_penalty<Real>>;
    } ||
    requires(const T& term, const pair_point<Real>& at, Real q) {
        { term(at, q) } -> std::same_as<pair_penalty<Real>>;
    });

struct no_term {
    static constexpr bool uses_tokens = false;
    template <std::floating_point Real>
    PREFLEARN_DEVICE_AND_HOST pair_penalty<Real> operator()(const pair_point<Real>& /*at*/) const {
        return {0, 0, 0};
    }
};

/// −α log π(y_w|x) / |y_w|: supervised fine-tuning on the chosen response, its mean over tokens. Over a batch this is
/// the mean of the pairs' means (OpenRLHF, LLaMA-Factory); TRL takes the mean over all tokens of the batch.
struct chosen_nll {
    static constexpr bool uses_tokens = true;
    static constexpr lengths_read lengths = lengths_read::chosen;
    double alpha = 1;
    template <std::floating_point Real>
    PREFLEARN_DEVICE_AND_HOST pair_penalty<Real> operator()(const pair_point<Real>& at) const {
        const Real slope = -static_cast<Real>(alpha) / at.chosen_tokens;
        return {slope * at.chosen, slope, 0};
    }
};

/// The same summed over tokens: −α log π(y_w|x).
struct chosen_nll_sum {
    static constexpr bool uses_tokens = false;
    double alpha = 1;
    template <std::floating_point Real>
    PREFLEARN_DEVICE_AND_HOST pair_penalty<Real> operator()(const pair_point<Real>& at) const {
        const Real slope = -static_cast<Real>(alpha);
        return {slope * at.chosen, slope, 0};
    }
};

/// The mean of the response that the label prefers: −α [q log π(y_w|x) / |y_w| + (1 − q) log π(y_l|x) / |y_l|].
struct preferred_nll {
    static constexpr bool uses_tokens = true;
    static constexpr lengths_read lengths = lengths_read::preferred;
    double alpha = 1;
    template <std::floating_point Real>
    PREFLEARN_DEVICE_AND_HOST pair_penalty<Real> operator()(const pair_point<Real>& at, Real q) const {
        const Real a = static_cast<Real>(alpha);
        const Real d_chosen = -a * q / at.chosen_tokens, d_rejected = -a * (1 - q) / at.rejected_tokens;
        return {d_chosen * at.chosen + d_rejected * at.rejected, d_chosen, d_rejected};
    }
};

/// The same summed over tokens: −α [q log π(y_w|x) + (1 − q) log π(y_l|x)].
struct preferred_nll_sum {
    static constexpr bool uses_tokens = false;
    double alpha = 1;
    template <std::floating_point Real>
    PREFLEARN_DEVICE_AND_HOST pair_penalty<Real> operator()(const pair_point<Real>& at, Real q) const {
        const Real a = static_cast<Real>(alpha), d_chosen = -a * q, d_rejected = -a * (1 - q);
        return {d_chosen * at.chosen + d_rejected * at.rejected, d_chosen, d_rejected};
    }
};

/// λ (r_w + r_l)²: rewards are centred, which a difference leaves open (Eisenstein et al. 2023, arXiv:2312.09244,
/// section 4; TRL's `center_rewards_coefficient`).
struct centred_rewards {
    static constexpr bool uses_tokens = false;
    double lambda = 0.01;
    template <std::floating_point Real>
    PREFLEARN_DEVICE_AND_HOST pair_penalty<Real> operator()(const pair_point<Real>& at) const {
        const Real sum = at.chosen + at.rejected, slope = 2 * static_cast<Real>(lambda) * sum;
        return {static_cast<Real>(lambda) * sum * sum, slope, slope};
    }
};

} // namespace preflearn
