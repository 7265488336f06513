/// \file
/// Penalties of both scores a = β u and b = β v (β times the log-ratio of the chosen and the rejected response) that
/// are no function of a − b: what they pull to is the absolute size of the rewards.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <limits>

#include <preflearn/core/numbers/elementary.hpp>
#include <preflearn/loss/parts/link.hpp>

namespace preflearn {

/// −log σ(a) − ½ log σ(−a) − ½ log σ(−b) (NCA for two responses: Chen et al. 2024, arXiv:2402.05369, equation 10 with
/// K = 2). The chosen part is least at a = log 2. Grows like |a| and |b|.
struct noise_contrast {
    template <std::floating_point Real>
    [[gnu::always_inline]] PREFLEARN_DEVICE_AND_HOST inline pair_penalty<Real> operator()(Real a, Real b) const {
        return at(points_of(std::array{a, b}));
    }
    template <std::floating_point Real>
    [[gnu::always_inline]] PREFLEARN_DEVICE_AND_HOST inline pair_penalty<Real>
    at(const std::array<margin_point<Real>, 2>& points) const {
        const logistic_terms<Real> chosen(points[0]), rejected(points[1]);
        return {chosen.loss + (chosen.swapped_loss + rejected.swapped_loss) / 2, chosen.up / 2 - chosen.down,
                rejected.up / 2};
    }
};

/// −log σ(a − δ) − log σ(−(b − δ)): a classifier of single responses (BCO, Jung et al. 2024, arXiv:2404.04656,
/// equation 10). δ is the paper's reward shift; TRL ≥ 0.29 and Liger leave it at 0.
struct binary_classifier {
    double shift = 0;
    template <std::floating_point Real>
    [[gnu::always_inline]] PREFLEARN_DEVICE_AND_HOST inline pair_penalty<Real> operator()(Real a, Real b) const {
        return at(points_of(exponents(a, b, a - b)));
    }
    template <std::floating_point Real>
    PREFLEARN_DEVICE_AND_HOST std::array<Real, 2> exponents(Real a, Real b, Real /*z*/) const {
        return {a - static_cast<Real>(shift), b - static_cast<Real>(shift)};
    }
    template <std::floating_point Real>
    [[gnu::always_inline]] PREFLEARN_DEVICE_AND_HOST inline pair_penalty<Real>
    at(const std::array<margin_point<Real>, 2>& points) const {
        const logistic_terms<Real> chosen(points[0]), rejected(points[1]);
        return {chosen.loss + rejected.swapped_loss, -chosen.down, rejected.up};
    }
};

/// (a − t)² + (b + t)²; with t = 1/(2β), of log-ratios, SPPO with hard labels (Wu et al. 2024, arXiv:2405.00675,
/// equation 4.7 at P = 1). The value stays at the type's largest number, and t at a quarter of it.
struct self_play_squares {
    double target = 0.5;
    template <std::floating_point Real> PREFLEARN_DEVICE_AND_HOST pair_penalty<Real> operator()(Real a, Real b) const {
        constexpr Real largest = std::numeric_limits<Real>::max();
        const Real t = detail::smaller_size(static_cast<Real>(target), largest / 4), x = a - t, y = b + t;
        return {detail::smaller_size(x * x + y * y, largest), 2 * x, 2 * y};
    }
};

/// σ(−a) + σ(b): the chosen up, the rejected down (APO-zero: D'Oosterlinck et al. 2024, arXiv:2408.06266, table 1).
struct anchored_zero {
    template <std::floating_point Real>
    [[gnu::always_inline]] PREFLEARN_DEVICE_AND_HOST inline pair_penalty<Real> operator()(Real a, Real b) const {
        return at(points_of(std::array{a, b}));
    }
    template <std::floating_point Real>
    [[gnu::always_inline]] PREFLEARN_DEVICE_AND_HOST inline pair_penalty<Real>
    at(const std::array<margin_point<Real>, 2>& points) const {
        const logistic_terms<Real> chosen(points[0]), rejected(points[1]);
        return {chosen.down + rejected.up, -chosen.slope(), rejected.slope()};
    }
};

/// σ(a) + σ(b − a): both down, the rejected more (APO-down, same table).
struct anchored_down {
    template <std::floating_point Real>
    [[gnu::always_inline]] PREFLEARN_DEVICE_AND_HOST inline pair_penalty<Real> operator()(Real a, Real b) const {
        const Real c = a - b;
        const logistic_terms<Real> chosen(a), margin(c);
        // σ'(a) − σ'(c) without cancellation where |a| is close to |c|, which is at b = 0 and at b = 2 a:
        // with t = e^{−|x|}, σ'(x) = t / (1 + t)², it is (t_a − t_c) (1 − t_a t_c) / ((1 + t_a)² (1 + t_c)²).
        const Real sign_a = by_sign(a, Real(-1), Real(1)), sign_c = by_sign(c, Real(-1), Real(1)), across = 2 * a - b;
        const Real gap = sign_a * by_sign(sign_a * sign_c, across, b);                                    // |a| − |c|
        const Real high = by_sign(a, chosen.down, chosen.up), other = by_sign(c, margin.down, margin.up); // 1 / (1 + t)
        const Real nearer = exp_of_minus(std::min(std::abs(a), std::abs(c)));
        const Real size = nearer * one_minus_exp_of_minus(std::abs(gap)) *
                          one_minus_exp_of_minus(std::abs(a) + std::abs(c)) * (high * high * other * other);
        return {chosen.up + margin.down, by_sign(gap, size, -size), margin.slope()};
    }
};

/// w_p [−log σ(z)] + w_q [−log σ(a) − log σ(−b)], z = a − b: the preference between the responses and the quality of
/// each (MPO, Wang et al. 2024, arXiv:2411.10442, equations 6 and 7 with δ = 0).
struct preference_and_quality {
    double preference = 0.8, quality = 0.2;
    template <std::floating_point Real>
    [[gnu::always_inline]] PREFLEARN_DEVICE_AND_HOST inline pair_penalty<Real> operator()(Real a, Real b,
                                                                                          Real z) const {
        return at(points_of(exponents(a, b, z)));
    }
    template <std::floating_point Real>
    PREFLEARN_DEVICE_AND_HOST std::array<Real, 3> exponents(Real a, Real b, Real z) const {
        return {a, b, z};
    }
    template <std::floating_point Real>
    [[gnu::always_inline]] PREFLEARN_DEVICE_AND_HOST inline pair_penalty<Real>
    at(const std::array<margin_point<Real>, 3>& points) const {
        const Real p = static_cast<Real>(preference), q = static_cast<Real>(quality);
        const margin_penalty<Real> between = logistic{}.at(points[2]);
        const pair_penalty<Real> each = binary_classifier{}.at(std::array{points[0], points[1]});
        return {p * between.value + q * each.value, p * between.derivative + q * each.d_chosen,
                q * each.d_rejected - p * between.derivative};
    }
};

/// −w a: the likelihood of the chosen response alone (supervised fine-tuning on it), w = 1 if nothing else is said.
struct chosen_only {
    static constexpr bool ignores_rejected = true;
    double factor = 1;
    template <std::floating_point Real>
    PREFLEARN_DEVICE_AND_HOST pair_penalty<Real> operator()(Real a, Real /*b*/) const {
        const Real slope = -static_cast<Real>(factor);
        return {slope * a, slope, 0};
    }
};

} // namespace preflearn
