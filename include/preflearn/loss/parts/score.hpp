/// \file
/// How a response's score is formed from its log-ratio u = log π(y|x) − log π_ref(y|x) and its length: the part of a
/// preference loss that stands before the link. A score part is a small type called with (u, tokens) that returns the
/// score and its derivative in u, and says which columns of the batch it needs. Where the difference of two scores can
/// be had more accurately than by subtracting them, or where chosen and rejected are scored differently, the part also
/// has `pair(point)`. A part that stands for one of several, chosen at run time, has `visit(use)` too, which calls
/// `use` with that one: loops over pairs are compiled for each. Divergences are in `divergence.hpp`.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <limits>
#include <string>

#include <preflearn/core/numbers/elementary.hpp>
#include <preflearn/core/system/error.hpp>

namespace preflearn {

/// One pair as parts see it: log π of both responses, their log-ratios u and v (log π itself where the score uses no
/// reference), u − v rounded once, and lengths in tokens (meaningless unless asked for by `uses_tokens`).
template <class Real> struct pair_point { Real chosen, rejected, u, v, difference, chosen_tokens, rejected_tokens; };

/// A response's score and d score / d log π(y|x).
template <class Real> struct response_score { Real value, derivative; };

/// Both scores and their difference.
template <class Real> struct pair_score {
    response_score<Real> chosen, rejected;
    Real difference;
};

/// A part that forms scores: `S::uses_reference` (else the reference columns are ignored and u = log π),
/// `S::uses_tokens` (else lengths may be missing and the second argument means nothing), and `s(u, tokens)`.
template <class S, class Real>
concept ScorePart = std::floating_point<Real> && requires(const S& score, Real log_ratio, Real tokens) {
    { S::uses_reference } -> std::convertible_to<bool>;
    { S::uses_tokens } -> std::convertible_to<bool>;
    { score(log_ratio, tokens) } -> std::same_as<response_score<Real>>;
};

/// The scores of a pair by `score.pair(point)` where the part has it, else by two calls and a subtraction.
template <class Score, class Real>
[[gnu::always_inline]] PREFLEARN_DEVICE_AND_HOST inline pair_score<Real> scores_of_pair(const Score& score,
                                                                                        const pair_point<Real>& at) {
    if constexpr (requires { score.pair(at); }) {
        return score.pair(at);
    } else {
        const response_score<Real> u = score(at.u, at.chosen_tokens), v = score(at.v, at.rejected_tokens);
        return {u, v, u.value - v.value};
    }
}

/// A score part that is infinite where a response is certain: `is_certain(u)`, and `limit_slope(tokens, v,
/// other_tokens)`, what e^{s(v) − s(u)} ds/du tends to as u gets there.
template <class S, class Real>
concept CertainScore = requires(const S& score, Real x) {
    { score.is_certain(x) } -> std::same_as<bool>;
    { score.limit_slope(x, x, x) } -> std::same_as<Real>;
};

/// Where a score is known up to a constant per prompt, only differences mean something, and links of both scores
/// (NCA, BCO, …) do not: such a part says `static constexpr bool only_differences = true`.
template <class S> inline constexpr bool only_differences = requires { requires S::only_differences; };

/// s = log π(y|x) − log π_ref(y|x), summed over tokens (Rafailov et al. 2023, arXiv:2305.18290, equation 5 without β).
struct log_ratio {
    static constexpr bool uses_reference = true, uses_tokens = false;
    template <std::floating_point Real>
    PREFLEARN_DEVICE_AND_HOST response_score<Real> operator()(Real u, Real /*tokens*/) const {
        return {u, 1};
    }
    template <class Real> PREFLEARN_DEVICE_AND_HOST pair_score<Real> pair(const pair_point<Real>& at) const {
        return {{at.u, 1}, {at.v, 1}, at.difference};
    }
};

/// s = log π(y|x), or a reward r(x, y): the reference columns are ignored.
struct reference_free {
    static constexpr bool uses_reference = false, uses_tokens = false;
    template <std::floating_point Real>
    PREFLEARN_DEVICE_AND_HOST response_score<Real> operator()(Real u, Real /*tokens*/) const {
        return {u, 1};
    }
    template <class Real> PREFLEARN_DEVICE_AND_HOST pair_score<Real> pair(const pair_point<Real>& at) const {
        return {{at.u, 1}, {at.v, 1}, at.difference};
    }
};

/// Whether the score is the log-ratio itself, so that its slope is 1.
template <class S> inline constexpr bool is_log_ratio = std::same_as<S, log_ratio> || std::same_as<S, reference_free>;

/// Another score divided by the response's length: the mean over its tokens.
template <class Score> struct per_token {
    static constexpr bool uses_reference = Score::uses_reference, uses_tokens = true;
    static constexpr bool only_differences = preflearn::only_differences<Score>;
    Score score{};

    template <std::floating_point Real>
    [[gnu::always_inline]] PREFLEARN_DEVICE_AND_HOST inline response_score<Real> operator()(Real u, Real tokens) const {
        const response_score<Real> whole = score(u, tokens);
        return {whole.value / tokens, whole.derivative / tokens};
    }
    template <class Use>
        requires requires(const Score& s, const Use& use) { s.visit(use); }
    auto visit(const Use& use) const {
        return score.visit([&]<class One>(const One& one) { return use(per_token<One>{one}); });
    }
};

/// Whether the score is so simple that it is computed where it is used: the log-ratio, or its mean over tokens. Others
/// have a loop of their own, compiled once for all losses.
template <class S> inline constexpr bool is_simple_score = is_log_ratio<S>;
template <class S> inline constexpr bool is_simple_score<per_token<S>> = is_simple_score<S>;

/// The log-odds of the mean token probability p̄ = e^{log π(y|x) / |y|}: s = log p̄ − log(1 − p̄) (Hong et al. 2024,
/// arXiv:2403.07691, equations 4 and 7). Without a reference. 1 − p̄ stays at the type's smallest normal number, below
/// which the slope 1 / (1 − p̄) would exceed the range. At log π = 0 the odds are infinite: where the chosen response
/// alone is certain, penalties that vanish fast enough have a limit, which `pairwise` takes; where the rejected one is,
/// the loss is infinite or undefined, an error, and so is a positive log π.
struct mean_log_odds {
    static constexpr bool uses_reference = false, uses_tokens = true;
    template <std::floating_point Real>
    [[gnu::always_inline]] PREFLEARN_DEVICE_AND_HOST inline response_score<Real> operator()(Real u, Real tokens) const {
        const Real miss = miss_of(u, tokens);
        const auto [mean, slope] = mean_and_slope(u, tokens, miss);
        return {mean - log_of(miss) + certain(mean), slope};
    }
    /// The difference with one logarithm instead of two.
    template <class Real>
    [[gnu::always_inline]] PREFLEARN_DEVICE_AND_HOST inline pair_score<Real> pair(const pair_point<Real>& at) const {
        const Real miss_u = miss_of(at.u, at.chosen_tokens), miss_v = miss_of(at.v, at.rejected_tokens);
        const auto [mean_u, slope_u] = mean_and_slope(at.u, at.chosen_tokens, miss_u);
        const auto [mean_v, slope_v] = mean_and_slope(at.v, at.rejected_tokens, miss_v);
        return {{mean_u - log_of(miss_u), slope_u},
                {mean_v - log_of(miss_v), slope_v},
                (mean_u - mean_v) - log_of(miss_u / miss_v) + certain(std::max(mean_u, mean_v))};
    }

    template <std::floating_point Real> [[nodiscard]] PREFLEARN_DEVICE_AND_HOST bool is_certain(Real u) const {
        return u == 0;
    }
    /// Odds of the other response over this one's length: e^{−s(u)} s'(u) → 1 / |y|.
    template <std::floating_point Real>
    [[nodiscard]] PREFLEARN_DEVICE_AND_HOST Real limit_slope(Real tokens, Real v, Real other_tokens) const {
        return std::exp(v / other_tokens) / miss_of(v, other_tokens) / tokens;
    }
    /// Says what is wrong with a pair whose scores are no finite numbers though its log-probs are.
    template <class Real> [[nodiscard]] static std::string refusal(const pair_point<Real>& at) {
        if (at.u > 0 || at.v > 0)
            return message(at.u > 0 ? "chosen" : "rejected", " is ", at.u > 0 ? at.u : at.v,
                           ": a log-probability is positive, at most 0 was expected");
        if (at.u == 0 && at.v == 0)
            return "both responses are certain (log-prob 0): the ratio of their odds is not defined";
        if (at.v == 0)
            return "the rejected response is certain (log-prob 0): its odds are infinite, and with them the loss";
        if (at.u == 0)
            return "the chosen response is certain (log-prob 0): its odds are infinite, and this loss has no finite "
                   "limit there";
        return {};
    }

  private:
    /// 1 − p̄.
    template <std::floating_point Real>
    [[gnu::always_inline]] PREFLEARN_DEVICE_AND_HOST static Real miss_of(Real u, Real tokens) {
        return detail::larger_size(one_minus_exp_of_minus(std::abs(u / tokens)), std::numeric_limits<Real>::min());
    }
    /// log p̄ and the slope, by one division: 1 / |y| is the slope times 1 − p̄.
    template <class Real>
    [[gnu::always_inline]] PREFLEARN_DEVICE_AND_HOST static response_score<Real> mean_and_slope(Real u, Real tokens,
                                                                                                Real miss) {
        const Real slope = 1 / (miss * tokens);
        return {u * (miss * slope), slope};
    }
    /// ∞ where p̄ is not below 1.
    template <class Real> PREFLEARN_DEVICE_AND_HOST static Real certain(Real mean) {
        return mean < 0 ? Real(0) : std::numeric_limits<Real>::infinity();
    }
};

/// (1 − p̄^{−α}) / α of the mean token probability p̄, log p̄ at α = 0 (AlphaPO, Gupta et al. 2025, arXiv:2501.03884,
/// equation 7). The slope e^{−α log p̄} grows without bound for unlikely responses and saturates at the type's range.
struct alpha_mean_log_prob {
    static constexpr bool uses_reference = false, uses_tokens = true;
    double alpha = 0;

    template <std::floating_point Real>
    [[gnu::always_inline]] PREFLEARN_DEVICE_AND_HOST inline response_score<Real> operator()(Real u, Real tokens) const {
        const Real a = static_cast<Real>(alpha), mean = u / tokens, slope = saturated_exp(-a * mean);
        const Real powers = (1 - slope) / a, smallest = std::numeric_limits<Real>::min();
        return {by_sign(std::abs(a) - smallest, mean, powers), slope / tokens};
    }
    template <class Real>
    [[gnu::always_inline]] PREFLEARN_DEVICE_AND_HOST inline pair_score<Real> pair(const pair_point<Real>& at) const {
        const Real a = static_cast<Real>(alpha), mean_u = at.u / at.chosen_tokens, mean_v = at.v / at.rejected_tokens;
        const Real up = saturated_exp(-a * mean_u), down = saturated_exp(-a * mean_v), gap = mean_u - mean_v;
        // The larger of the two powers times 1 − e^{−|a gap|}: close scores do not cancel.
        constexpr Real smallest = std::numeric_limits<Real>::min();
        const Real most = std::numeric_limits<Real>::max() / 4 * std::min(std::abs(a), Real(1));
        const Real size =
            detail::smaller_size(std::max(up, down), most) * (one_minus_exp_of_minus(std::abs(a * gap)) / std::abs(a));
        const auto scored = [=](Real mean, Real power) {
            return by_sign(std::abs(a) - smallest, mean, (1 - power) / a);
        };
        return {{scored(mean_u, up), up / at.chosen_tokens},
                {scored(mean_v, down), down / at.rejected_tokens},
                by_sign(std::abs(a) - smallest, gap, std::copysign(size, gap))};
    }
};

/// The chosen log-ratio less λ max(0, −u), the rejected as it is (DPO-Positive: Pal et al. 2024, arXiv:2402.13228,
/// equation 3): a chosen response that becomes less likely than under the reference costs λ times more.
struct chosen_kept_likely {
    static constexpr bool uses_reference = true, uses_tokens = false;
    double lambda = 50;

    template <std::floating_point Real>
    PREFLEARN_DEVICE_AND_HOST response_score<Real> operator()(Real u, Real /*tokens*/) const {
        return {u, 1};
    }
    template <class Real> PREFLEARN_DEVICE_AND_HOST pair_score<Real> pair(const pair_point<Real>& at) const {
        const Real l = static_cast<Real>(lambda), lost = by_sign(at.u, at.u, Real(0));
        return {{at.u + l * lost, by_sign(at.u, 1 + l, Real(1))}, {at.v, 1}, at.difference + l * lost};
    }
};

} // namespace preflearn
