/// \file
/// Kahneman-Tversky optimisation (Ethayarajh et al. 2024, arXiv:2402.01306, equation 7): a response is worth what its
/// reward exceeds a reference point, the KL divergence k of the policy from the reference. The estimator of k is a part
/// of its own: implementations differ in it. No gradient flows through k. And APO-zero, which has k = 0.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>

#include <preflearn/core/numbers/exact_sum.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/loss/parts/about.hpp>
#include <preflearn/loss/parts/margin_links.hpp>
#include <preflearn/loss/single/completions.hpp>

namespace preflearn {

/// A mean whose shards merge to the bits of the whole.
struct exact_mean {
    exact_sum sum;
    std::uint64_t count = 0;
    exact_mean& operator+=(const exact_mean& other) {
        sum += other.sum;
        count += other.count;
        return *this;
    }
    /// 0 of nothing.
    [[nodiscard]] double value() const { return count > 0 ? sum.value() / static_cast<double>(count) : 0; }
};

/// What an estimate of the KL divergence, which may come out negative, becomes.
struct at_least_zero {
    double operator()(double k) const { return std::max(k, 0.0); }
};
struct unclamped {
    double operator()(double k) const { return k; }
};

/// An estimator of the reference point: `reduce(scores)` gives a mergeable state, `baselines(state)` the k of both
/// classes. `uses_mismatched`: it needs that column; `uses_scores`: it needs the policy's log-probs of the batch.
template <class E, class Real>
concept KlEstimator = requires(const E& estimator, const completion_scores<Real>& scores,
                               decltype(estimator.reduce(scores)) state) {
    { E::uses_mismatched } -> std::convertible_to<bool>;
    { E::uses_scores } -> std::convertible_to<bool>;
    state += estimator.reduce(scores);
    { estimator.baselines(state) } -> std::same_as<class_baselines>;
};

/// The mean log-ratio of responses to other prompts, the column `mismatched` (the paper; TRL, HALOs).
template <class Clamp = at_least_zero> struct mismatched_kl {
    static constexpr bool uses_mismatched = true, uses_scores = false;
    Clamp clamp{};

    template <std::floating_point Real> [[nodiscard]] static exact_mean reduce(const completion_scores<Real>& scores) {
        require(scores.size() == 0 || !scores.mismatched.empty(),
                "this estimate of the KL divergence needs the column mismatched: log-ratios of responses to other "
                "prompts");
        exact_mean mean{.sum = {}, .count = scores.mismatched.size()};
        for (std::size_t i = 0; i < scores.mismatched.size(); ++i) {
            require<numeric_error>(std::isfinite(scores.mismatched[i]), "mismatched response ", i,
                                   ": its log-ratio is ", scores.mismatched[i], ", a finite number was expected");
            mean.sum += static_cast<double>(scores.mismatched[i]);
        }
        return mean;
    }
    [[nodiscard]] class_baselines baselines(const exact_mean& mean) const {
        const double k = clamp(mean.value());
        return {k, k};
    }
};

/// The mean log-ratio of the batch's undesirable responses for the desirable ones, and the other way round: the first
/// version of the authors' code and TRL's `kto_pair` (≤ 0.9). A class without the other has k = 0.
template <class Clamp = at_least_zero> struct class_mean_kl {
    static constexpr bool uses_mismatched = false, uses_scores = true;
    Clamp clamp{};

    struct means {
        exact_mean desirable, undesirable;
        means& operator+=(const means& other) {
            desirable += other.desirable;
            undesirable += other.undesirable;
            return *this;
        }
    };
    template <std::floating_point Real> [[nodiscard]] static means reduce(const completion_scores<Real>& scores) {
        check_lengths(scores, std::span<const Real>());
        means both;
        for (std::size_t i = 0; i < scores.size(); ++i) {
            const Real u = scores.log_prob[i] - (scores.reference.empty() ? 0 : scores.reference[i]);
            if (!std::isfinite(u)) throw_first_fault(scores, i, i + 1);
            exact_mean& mean = scores.desirable[i] != 0 ? both.desirable : both.undesirable;
            mean.sum += static_cast<double>(u);
            ++mean.count;
        }
        return both;
    }
    [[nodiscard]] class_baselines baselines(const means& both) const {
        return {clamp(both.undesirable.value()), clamp(both.desirable.value())};
    }
};

/// A number computed elsewhere (Liger-Kernel's `kl`), not clamped.
struct given_kl {
    static constexpr bool uses_mismatched = false, uses_scores = false;
    double value = 0;
    static constexpr loss_parameter<given_kl> parameters[]{{"kl", &given_kl::value}};

    struct nothing {
        nothing& operator+=(nothing) { return *this; }
    };
    template <std::floating_point Real> [[nodiscard]] static nothing reduce(const completion_scores<Real>& /*scores*/) {
        return {};
    }
    [[nodiscard]] class_baselines baselines(nothing /*state*/) const { return {value, value}; }
};

/// KTO: w_D σ(−β (u − k)) of a desirable and w_U σ(−β (k − u)) of an undesirable response, w_D, w_U = desirable_weight
/// and undesirable_weight. TRL's mean over all responses is the sum over `completions`.
template <class Estimator = mismatched_kl<>> struct kto {
    static constexpr bool uses_mismatched = Estimator::uses_mismatched, uses_scores = Estimator::uses_scores;
    double beta = 0.1, desirable_weight = 1, undesirable_weight = 1;
    static constexpr loss_parameter<kto> parameters[3]{{"beta", &kto::beta},
                                                       {"desirable_weight", &kto::desirable_weight},
                                                       {"undesirable_weight", &kto::undesirable_weight}};
    Estimator estimator{};

    template <std::floating_point Real> [[nodiscard]] auto reduce(const completion_scores<Real>& scores) const {
        static_assert(
            KlEstimator<Estimator, Real>,
            "a KlEstimator has uses_mismatched, uses_scores, reduce(completion_scores<Real>), which returns a "
            "state with +=, and baselines(state), which returns class_baselines");
        return estimator.reduce(scores);
    }
    template <std::floating_point Real, class State>
    unpaired_sums map(const completion_scores<Real>& scores, const State& state, std::span<Real> gradient) const {
        return singlewise<sigmoid_link>{beta, desirable_weight, undesirable_weight}(scores, estimator.baselines(state),
                                                                                    gradient);
    }
    template <std::floating_point Real>
    unpaired_sums operator()(const completion_scores<Real>& scores, std::span<Real> gradient) const {
        return map(scores, reduce(scores), gradient);
    }
};

template <>
inline constexpr loss_about description_of<kto<>>{
    "kto", "desirable_weight s(-beta (u - k)) or undesirable_weight s(beta (u - k)), k = max(0, mean u of mismatched)",
    "KTO, arXiv:2402.01306; TRL's kto"};
template <>
inline constexpr loss_about description_of<kto<class_mean_kl<>>>{
    "kto_class_mean", "that of kto, k = max(0, mean u of the other class)",
    "KTO, arXiv:2402.01306, the authors' first code; TRL <= 0.9 kto_pair", "kto_pair vanilla_kto kto_vanilla"};
template <>
inline constexpr loss_about description_of<kto<given_kl>>{
    "kto_given_kl", "that of kto, k = kl", "KTO, arXiv:2402.01306, at an estimate made elsewhere; Liger-Kernel"};

/// APO-zero for unpaired data (D'Oosterlinck et al. 2024, arXiv:2408.06266; TRL's `apo_zero_unpaired`): w_D σ(−β u)
/// and w_U σ(β u).
struct apo_zero_unpaired {
    static constexpr loss_about about{"apo_zero_unpaired",
                                      "desirable_weight s(-beta u) or undesirable_weight s(beta u)",
                                      "APO, arXiv:2408.06266; TRL's apo_zero_unpaired"};
    double beta = 0.1, desirable_weight = 1, undesirable_weight = 1;
    static constexpr loss_parameter<apo_zero_unpaired> parameters[]{
        {"beta", &apo_zero_unpaired::beta},
        {"desirable_weight", &apo_zero_unpaired::desirable_weight},
        {"undesirable_weight", &apo_zero_unpaired::undesirable_weight}};

    template <std::floating_point Real>
    unpaired_sums operator()(const completion_scores<Real>& scores, std::span<Real> gradient) const {
        return singlewise<sigmoid_link>{beta, desirable_weight, undesirable_weight}(scores, class_baselines{},
                                                                                    gradient);
    }
};

} // namespace preflearn
