/// \file
/// The implicit reward of a policy trained by DPO, r(x, y) = β (log π(y | x) − log π_ref(y | x)): what a weak language
/// model thinks of a response once it was aligned (Tao & Li 2025, arXiv:2409.08813, equation 4). It is the reward of
/// Rafailov et al. 2023 (arXiv:2305.18290, equation 5) up to β log Z(x), which no two responses to a prompt can tell.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include <preflearn/core/comparison.hpp>
#include <preflearn/core/concepts.hpp>
#include <preflearn/core/held.hpp>
#include <preflearn/core/many.hpp>
#include <preflearn/core/system/error.hpp>

namespace preflearn {

/// β (log π − log π_ref) of every response, from log-probs in nats that are known already (cached ones of a reference,
/// say). \throws argument_error when the counts differ or β is not positive and finite; numeric_error naming the first
/// response whose reward is not finite.
inline std::vector<double> implicit_rewards(std::span<const double> policy_log_probs,
                                            std::span<const double> reference_log_probs, double beta) {
    require(beta > 0 && std::isfinite(beta), "beta is ", beta, ", a positive number was expected");
    require(policy_log_probs.size() == reference_log_probs.size(), "implicit rewards: ", policy_log_probs.size(),
            " log-probs of the policy and ", reference_log_probs.size(), " of the reference");
    std::vector<double> all(policy_log_probs.size());
    for (std::size_t i = 0; i < all.size(); ++i) {
        all[i] = beta * (policy_log_probs[i] - reference_log_probs[i]);
        require<numeric_error>(std::isfinite(all[i]), "completion ", i, ": its implicit reward is ", all[i],
                               " (log-prob ", policy_log_probs[i], " under the policy, ", reference_log_probs[i],
                               " under the reference)");
    }
    return all;
}

/// A RewardModel of whatever both policies score. A policy or reference that is passed as an lvalue, or in std::cref,
/// is referred to and must outlive this object and its copies, so a function that returns one moves its own policies
/// in; one that is moved in is owned: `implicit_reward{weak, sft, 0.1}`, `implicit_reward{std::move(weak), sft, 0.1}`.
/// One policy may serve in both places; its reward is zero.
template <class Trained, class Reference = Trained> class implicit_reward {
  public:
    /// \param beta the strength of DPO's KL anchor; any positive number gives the same hard labels.
    /// \throws argument_error unless beta is positive and finite.
    implicit_reward(Trained policy, Reference reference, double beta = 0.1)
        : policy_(std::forward<Trained>(policy)), reference_(std::forward<Reference>(reference)), beta_(beta) {
        require(beta > 0 && std::isfinite(beta), "beta is ", beta, ", a positive number was expected");
    }

    /// In nats times β. \throws numeric_error when it is not finite.
    template <class Prompt, class Response>
        requires Policy<Trained, comparison<Prompt, Response>> && Policy<Reference, comparison<Prompt, Response>>
    double operator()(const Prompt& prompt, const Response& response) const {
        const auto under_policy = static_cast<double>(policy_.log_prob(prompt, response));
        const auto under_reference = static_cast<double>(reference_.log_prob(prompt, response));
        return implicit_rewards({&under_policy, 1}, {&under_reference, 1}, beta_).front();
    }

    /// The rewards of many completions, one batch per policy.
    template <class Prompt, class Response>
    std::vector<double> rewards(std::span<const completion<Prompt, Response>> completions) const {
        return implicit_rewards(log_probs(policy_, completions), log_probs(reference_, completions), beta_);
    }

  private:
    Trained policy_;
    Reference reference_;
    double beta_;
};

template <class Trained, class Reference>
implicit_reward(Trained&&, Reference&&) -> implicit_reward<held<Trained>, held<Reference>>;
template <class Trained, class Reference>
implicit_reward(Trained&&, Reference&&, double) -> implicit_reward<held<Trained>, held<Reference>>;

} // namespace preflearn
