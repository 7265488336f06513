/// \file
/// How the tokens of a response become its log-prob, and how two responses' tokens become the weight of their pair: the
/// parts of a token-level loss that stand before a sequence-level one. A token part is called with one token and
/// returns its share of the response's sum; sums are taken in double.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstdint>

#include <preflearn/core/system/error.hpp>
#include <preflearn/loss/parts/about.hpp>

namespace preflearn {

/// One token as parts see it.
struct token_point {
    /// log π and log π_ref of the token (0 without a reference) and KL(π_ref ‖ π) at its position (0 unless asked for).
    double policy, reference, divergence;
    /// Its number in the response, from 0, and the lengths of its response and of the other one of the pair.
    std::uint32_t number, length, other_length;
    bool chosen;
};

/// What a token adds to its response's log-prob under the policy and under the reference, and the derivatives of the
/// former.
struct token_share {
    double policy, reference, d_policy, d_divergence = 0;
};

/// `P::uses_divergence` (else the divergence column is ignored) and `part(token)`. The shares of a token whose numbers
/// are not all finite must not be finite either, so that it is found. A part with parameters has `check()`, which
/// throws argument_error for those out of range.
template <class P>
concept TokenPart = requires(const P& part, const token_point& token) {
    { P::uses_divergence } -> std::convertible_to<bool>;
    { part(token) } -> std::same_as<token_share>;
};

/// log π(y | x) = Σ_t log π(y_t | x, y_<t).
struct summed_tokens {
    static constexpr bool uses_divergence = false;
    token_share operator()(const token_point& token) const { return {token.policy, token.reference, 1}; }
};

/// Length-desensitised (LD-DPO: Liu et al. 2024, arXiv:2409.06411): tokens beyond the shorter response's
/// length count by `ld_alpha`, in [0, 1], under the policy and under the reference, as in TRL since 0.29. 1 is the
/// plain sum; 0 truncates both responses to the shorter length.
struct length_desensitised {
    static constexpr bool uses_divergence = false;
    double ld_alpha = 0.5;
    static constexpr loss_parameter<length_desensitised> parameters[]{{"ld_alpha", &length_desensitised::ld_alpha}};
    void check() const {
        require(ld_alpha >= 0 && ld_alpha <= 1, "ld_alpha is ", ld_alpha, ", a number in [0, 1] was expected");
    }
    token_share operator()(const token_point& token) const {
        const double weight = token.number < std::min(token.length, token.other_length) ? 1.0 : ld_alpha;
        return {weight * token.policy, weight * token.reference, weight};
    }
};

/// The same under the policy alone, with the reference's plain sum (TRL until 0.28, LLaMA-Factory). TRL counted
/// positions from the prompt's beginning there; this counts the response's tokens, as the paper does.
struct policy_length_desensitised {
    static constexpr bool uses_divergence = false;
    double ld_alpha = 0.5;
    static constexpr loss_parameter<policy_length_desensitised> parameters[]{
        {"ld_alpha", &policy_length_desensitised::ld_alpha}};
    void check() const {
        require(ld_alpha >= 0 && ld_alpha <= 1, "ld_alpha is ", ld_alpha, ", a number in [0, 1] was expected");
    }
    token_share operator()(const token_point& token) const {
        const double weight = token.number < std::min(token.length, token.other_length) ? 1.0 : ld_alpha;
        return {weight * token.policy, token.reference, weight};
    }
};

/// Each token's log-ratio clamped to [log_least, log_most] before it is summed; no gradient flows from outside (the
/// `humanline` of HALOs, with its log ε_P and log ε_R). The response's sum under the reference is then 0: the loss sees
/// the log-ratio as such, which is for losses of log-ratios alone.
struct clamped_log_ratios {
    static constexpr bool uses_divergence = false;
    double log_least = -1.5, log_most = 1.5;
    static constexpr loss_parameter<clamped_log_ratios> parameters[]{{"log_least", &clamped_log_ratios::log_least},
                                                                     {"log_most", &clamped_log_ratios::log_most}};
    void check() const {
        require(log_least <= log_most, "log-ratios are clamped to [", log_least, ", ", log_most, "], which is empty");
    }
    token_share operator()(const token_point& token) const {
        const double ratio = token.policy - token.reference, kept = std::clamp(ratio, log_least, log_most);
        return {kept + 0 * ratio, 0, kept == ratio ? 1.0 : 0.0}; // 0 * ratio: an infinity is not clamped away
    }
};

/// log π(y | x) + Σ_t KL(π_ref ‖ π)_t: the difference of two such scores is the reward difference of token-level DPO
/// (TDPO: Zeng et al. 2024, arXiv:2404.11999), TDPO₁ with the logistic link.
struct sequential_divergence {
    static constexpr bool uses_divergence = true;
    token_share operator()(const token_point& token) const {
        return {token.policy + token.divergence, token.reference, 1, 1};
    }
};

/// log π(y | x) + α Σ_t KL(π_ref ‖ π)_t with no gradient through the chosen response's divergence (TDPO₂).
struct stopped_sequential_divergence {
    static constexpr bool uses_divergence = true;
    double alpha = 0.5;
    static constexpr loss_parameter<stopped_sequential_divergence> parameters[]{
        {"alpha", &stopped_sequential_divergence::alpha}};
    void check() const { require(std::isfinite(alpha), "alpha is ", alpha, ", a finite number was expected"); }
    token_share operator()(const token_point& token) const {
        return {token.policy + alpha * token.divergence, token.reference, 1, token.chosen ? 0 : alpha};
    }
};

/// Called with the means over the tokens of log π(y_t) − log Σ_v π(v)² of the chosen and the rejected response, which
/// are 0 unless `W::uses_log_sum_squares`; returns a factor of the pair's weight through which no gradient flows.
template <class W>
concept TokenWeight = requires(const W& weight, double chosen, double rejected) {
    { W::uses_log_sum_squares } -> std::convertible_to<bool>;
    { weight(chosen, rejected) } -> std::same_as<double>;
};

/// The weight column alone.
struct no_token_weight {
    static constexpr bool uses_log_sum_squares = false;
    double operator()(double /*chosen*/, double /*rejected*/) const { return 1; }
};

/// w(y_w) w(y_l), w(y) = exp(mean_t [log π(y_t) − log Σ_v π(v)²]): how likely the policy itself is to write the pair, 1
/// for each token in the mean of its own samples (WPO: Zhou et al. 2024, arXiv:2406.11827, equation 2; TRL since 0.29).
struct policy_likelihood {
    static constexpr bool uses_log_sum_squares = true;
    double operator()(double chosen, double rejected) const { return std::exp(chosen + rejected); }
};

/// The same but at most 1 (the authors' code, TRL until 0.28).
struct clamped_policy_likelihood {
    static constexpr bool uses_log_sum_squares = true;
    double operator()(double chosen, double rejected) const { return std::exp(std::min(chosen + rejected, 0.0)); }
};

} // namespace preflearn
