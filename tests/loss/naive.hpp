/// \file
/// Every named loss once more, as its paper writes it, on one pair: the readable form that checks the fast one.
// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <string>

#include <preflearn/loss/by_name/list.hpp>

#include "dual.hpp"

/// One pair, in long double.
struct naive_pair {
    extended chosen, rejected, reference_chosen, reference_rejected, chosen_tokens, rejected_tokens, weight, target,
        margin;
};

namespace naive {

using namespace preflearn;

/// The pair's numbers in the letters of the papers.
struct letters {
    dual c, r, u, v, mean_c, mean_r;
    extended length_w, length_l, q, m;

    explicit letters(const naive_pair& p)
        : c{p.chosen, 1, 0}, r{p.rejected, 0, 1}, u(c - p.reference_chosen), v(r - p.reference_rejected),
          mean_c(c / p.chosen_tokens), mean_r(r / p.rejected_tokens), length_w(p.chosen_tokens),
          length_l(p.rejected_tokens), q(p.target), m(p.margin) {}
};

/// q f(z) + (1 − q) f(−z), without the term that does not count.
template <class F> dual mixed(extended q, dual z, const F& f) {
    dual sum = 0;
    if (q != 0) sum = sum + dual(q) * f(z);
    if (q != 1) sum = sum + dual(1 - q) * f(-z);
    return sum;
}
template <class F> dual swappable(extended q, dual a, dual b, const F& f) {
    dual sum = 0;
    if (q != 0) sum = sum + dual(q) * f(a, b);
    if (q != 1) sum = sum + dual(1 - q) * f(b, a);
    return sum;
}
inline dual cross_entropy(extended q, dual z) {
    return mixed(q, z, [](dual x) { return -log_sigma(x); });
}
inline dual square(dual x) { return x * x; }

inline dual score(const reverse_kl&, dual u) { return u; }
inline dual score(const forward_kl&, dual u) { return 1 - exp(-u); }
inline dual score(const js_divergence&, dual u) { return log(dual(2)) + log_sigma(u); }
inline dual score(const alpha_divergence& d, dual u) {
    const extended k = extended(d.coefficient) - 1;
    return (exp(k * u) - 1) / k;
}
inline dual score(const chi_squared_kl&, dual u) { return exp(u) - 1 + u; }
template <class Loss> dual z_of(const Loss& loss, const letters& p) {
    return extended(loss.beta) * (score(loss.divergence, p.u) - score(loss.divergence, p.v)) - p.m;
}

template <class D> dual loss(const basic_dpo<D>& l, const letters& p) { return cross_entropy(p.q, z_of(l, p)); }
inline dual loss(const cdpo& l, const letters& p) {
    const extended e = l.label_smoothing;
    return cross_entropy(p.q * (1 - e) + (1 - p.q) * e, extended(l.beta) * (p.u - p.v) - p.m);
}
template <class D> dual loss(const basic_robust_dpo<D>& l, const letters& p) {
    const extended e = l.label_smoothing;
    const dual z = z_of(l, p);
    dual sum = 0;
    if (p.q != e) sum = sum - (p.q - e) * log_sigma(z);
    if (1 - p.q != e) sum = sum - (1 - p.q - e) * log_sigma(-z);
    return sum / (1 - 2 * e);
}
template <class D> dual loss(const basic_hinge<D>& l, const letters& p) {
    return mixed(p.q, z_of(l, p), [](dual z) { return positive_part(1 - z); });
}
template <class D> dual loss(const basic_ipo_sum<D>& l, const letters& p) {
    const extended beta = l.beta;
    const dual z = z_of(l, p) / beta;
    return mixed(p.q, z, [=](dual x) { return square(x - 1 / (2 * beta)); });
}
template <class D> dual loss(const basic_ipo_mean<D>& l, const letters& p) {
    const extended beta = l.beta;
    const dual z = score(l.divergence, p.u) / p.length_w - score(l.divergence, p.v) / p.length_l - p.m / beta;
    return mixed(p.q, z, [=](dual x) { return square(x - 1 / (2 * beta)); });
}
template <class D> dual loss(const basic_dpo_mean<D>& l, const letters& p) {
    return cross_entropy(
        p.q, extended(l.beta) * (score(l.divergence, p.u) / p.length_w - score(l.divergence, p.v) / p.length_l) - p.m);
}
template <class D> dual loss(const basic_exo<D>& l, const letters& p) {
    const extended e = l.label_smoothing;
    return mixed(p.q, z_of(l, p), [=](dual z) {
        return sigma(z) * (log_sigma(z) - std::log1p(-e)) + sigma(-z) * (log_sigma(-z) - std::log(e));
    });
}
template <class D> dual loss(const basic_discopop<D>& l, const letters& p) {
    return mixed(p.q, z_of(l, p), [&](dual z) {
        const dual x = z / extended(l.discopop_tau);
        return -sigma(-x) * log_sigma(z) + exp(log_sigma(x) - z);
    });
}
inline dual loss(const exponential_dpo& l, const letters& p) {
    return mixed(p.q, extended(l.beta) * (p.u - p.v) - p.m, [](dual z) { return exp(-z); });
}
inline dual loss(const probit_dpo& l, const letters& p) {
    return mixed(p.q, extended(l.beta) * (p.u - p.v) - p.m, [](dual z) { return -log_normal_cdf(z); });
}
inline dual loss(const nca& l, const letters& p) {
    return swappable(p.q, extended(l.beta) * p.u, extended(l.beta) * p.v, [](dual a, dual b) {
        return -log_sigma(a) - extended(0.5) * log_sigma(-a) - extended(0.5) * log_sigma(-b);
    });
}
inline dual loss(const bco_pair& l, const letters& p) {
    return swappable(p.q, extended(l.beta) * p.u, extended(l.beta) * p.v,
                     [](dual a, dual b) { return -log_sigma(a) - log_sigma(-b); });
}
inline dual loss(const sppo_hard& l, const letters& p) {
    const extended half = 1 / (2 * extended(l.beta));
    return swappable(p.q, p.u, p.v, [=](dual a, dual b) { return square(a - half) + square(b + half); });
}
inline dual loss(const apo_zero& l, const letters& p) {
    return swappable(p.q, extended(l.beta) * p.u, extended(l.beta) * p.v,
                     [](dual a, dual b) { return sigma(-a) + sigma(b); });
}
inline dual loss(const apo_down& l, const letters& p) {
    return swappable(p.q, extended(l.beta) * p.u, extended(l.beta) * p.v,
                     [](dual a, dual b) { return sigma(a) + sigma(b - a); });
}
inline dual loss(const length_regularised_dpo& l, const letters& p) {
    return cross_entropy(p.q, extended(l.beta) * (p.u - p.v) + extended(l.alpha) * (p.length_w - p.length_l) - p.m);
}
inline dual loss(const dpo_positive& l, const letters& p) {
    return cross_entropy(p.q, extended(l.beta) * (p.u - p.v - extended(l.lambda) * positive_part(-p.u)) - p.m);
}
inline dual loss(const rpo& l, const letters& p) {
    return cross_entropy(p.q, extended(l.beta) * (p.u - p.v) - p.m) - extended(l.rpo_alpha) * p.mean_c;
}
inline dual loss(const odpo& l, const letters& p) {
    return cross_entropy(p.q, extended(l.beta) * (p.u - p.v) - (p.m > 0 ? extended(l.alpha) * std::log(p.m) : 0));
}
inline dual loss(const ropo& l, const letters& p) {
    const extended a = l.alpha, square_of = (1 + a) * (1 + a);
    return mixed(p.q, extended(l.beta) * (p.u - p.v) - p.m,
                 [=](dual z) { return -4 * a / square_of * log_sigma(z) + 4 * a * a / square_of * sigma(-z); });
}
inline dual loss(const confidence_weighted_dpo& l, const letters& p) {
    return -std::abs(2 * p.q - 1) * log_sigma(extended(l.beta) * (p.u - p.v) - p.m);
}
inline dual loss(const robust_dpo_by_pair& l, const letters& p) {
    const dual z = extended(l.beta) * (p.u - p.v) - p.m;
    const extended e = p.q > 0.5 ? 1 - p.q : p.q, weight = (1 - 2 * e) * (1 - 2 * e);
    const auto corrected = [e](dual as_labelled) {
        return (-(1 - e) * log_sigma(as_labelled) + e * log_sigma(-as_labelled)) * (1 / (1 - 2 * e));
    };
    return e == 0.5 ? dual(0) * z : weight * (p.q > 0.5 ? corrected(z) : corrected(-z));
}
inline dual loss(const confident_dpo& l, const letters& p) {
    const dual z = extended(l.beta) * (p.u - p.v) - p.m;
    return cross_entropy((1 - extended(l.alpha)) * p.q + extended(l.alpha) * (z.value > extended(l.threshold) ? 1 : 0),
                         z);
}
inline dual loss(const distilled_dpo& l, const letters& p) {
    return mixed(p.q, extended(l.beta) * (p.u - p.v) - p.m, [](dual z) { return square(z); });
}
inline dual loss(const geometric_dpo& l, const letters& p) {
    return -log_sigma((2 * p.q - 1) * (extended(l.beta) * (p.u - p.v) - p.m));
}
inline dual loss(const reward_aware_forward_kl& l, const letters& p) {
    const dual z = extended(l.beta) * (p.u - p.v) - p.m;
    return sigma(z) * (log_sigma(z) - std::log(p.q)) + sigma(-z) * (log_sigma(-z) - std::log1p(-p.q));
}
inline dual loss(const reward_aware_backward_kl& l, const letters& p) {
    const auto x_log_x = [](extended x) { return x > 0 ? x * std::log(x) : 0; };
    return x_log_x(p.q) + x_log_x(1 - p.q) + cross_entropy(p.q, extended(l.beta) * (p.u - p.v) - p.m);
}
inline dual loss(const mpo& l, const letters& p) {
    return extended(l.preference_weight) * loss(dpo{.beta = l.beta}, p) +
           extended(l.quality_weight) * loss(bco_pair{.beta = l.beta}, p) -
           extended(l.generation_weight) * (p.q * p.mean_c + (1 - p.q) * p.mean_r);
}
inline dual loss(const cpo& l, const letters& p) {
    const extended e = l.label_smoothing;
    return cross_entropy(p.q * (1 - e) + (1 - p.q) * e, extended(l.beta) * (p.c - p.r) - p.m) -
           extended(l.cpo_alpha) * p.mean_c;
}
inline dual loss(const simpo& l, const letters& p) {
    return cross_entropy(p.q, extended(l.beta) * (p.mean_c - p.mean_r) - extended(l.simpo_gamma) - p.m);
}
inline dual loss(const simpo_ratio& l, const letters& p) {
    return cross_entropy(p.q, extended(l.beta) * (p.mean_c - p.mean_r - extended(l.gamma_beta_ratio)) - p.m);
}
inline dual loss(const alphapo& l, const letters& p) {
    const extended a = l.alpha;
    const auto power = [a](dual mean) { return a == 0 ? mean : (1 - exp(-a * mean)) / a; };
    return cross_entropy(p.q, extended(l.beta) * (power(p.mean_c) - power(p.mean_r)) - extended(l.simpo_gamma) - p.m);
}
inline dual loss(const orpo& l, const letters& p) {
    const auto odds = [](dual mean) { return mean - log1m_exp(mean); };
    return extended(l.beta) * cross_entropy(p.q, odds(p.mean_c) - odds(p.mean_r) - p.m) - p.mean_c;
}
inline dual loss(const slic& l, const letters& p) {
    const dual gap = p.c - p.r - p.m;
    dual sum = p.q * positive_part(extended(l.delta) - gap);
    // The swapped pair has the scores' difference with the other sign, the constant margin with it.
    sum = sum + (1 - p.q) * positive_part(2 - extended(l.delta) + gap);
    return sum - extended(l.lambda) * p.mean_c;
}
inline dual loss(const chosen_likelihood&, const letters& p) { return -(p.q * p.mean_c + (1 - p.q) * p.mean_r); }
inline dual loss(const bradley_terry&, const letters& p) { return cross_entropy(p.q, p.c - p.r - p.m); }
inline dual loss(const smoothed_bradley_terry& l, const letters& p) {
    const extended e = l.label_smoothing;
    return cross_entropy(p.q * (1 - e) + (1 - p.q) * e, p.c - p.r - p.m);
}
inline dual loss(const centred_bradley_terry& l, const letters& p) {
    return cross_entropy(p.q, p.c - p.r - p.m) + extended(l.center_rewards_coefficient) * square(p.c + p.r);
}
inline dual loss(const rao_kupper& l, const letters& p) {
    const extended eta = l.eta, tie = 1 - std::abs(2 * p.q - 1);
    const dual z = p.c - p.r - p.m, win = -log_sigma(z - eta), lost = -log_sigma(-z - eta);
    const dual tied = win + lost - std::log(std::expm1(2 * eta));
    return (p.q > extended(0.5) ? (2 * p.q - 1) * win : (1 - 2 * p.q) * lost) + tie * tied;
}
inline dual loss(const davidson& l, const letters& p) {
    const extended tie = 1 - std::abs(2 * p.q - 1);
    const dual z = p.c - p.r - p.m, sum = exp(z / 2) + exp(-z / 2) + extended(l.nu);
    const dual win = log1p(extended(l.nu) * exp(-z / 2) + exp(-z)), lost = log1p(extended(l.nu) * exp(z / 2) + exp(z));
    return (p.q > extended(0.5) ? (2 * p.q - 1) * win : (1 - 2 * p.q) * lost) +
           tie * (log(sum) - std::log(extended(l.nu)));
}
inline dual loss(const reward_regression&, const letters& p) {
    return mixed(p.q, p.c - p.r - p.m, [](dual z) { return square(z); });
}
inline dual loss(const pair_classifier&, const letters& p) {
    return swappable(p.q, p.c, p.r, [](dual a, dual b) { return -log_sigma(a) - log_sigma(-b); });
}

} // namespace naive

template <class Loss> dual naive_loss(const Loss& loss, const naive_pair& p) {
    return dual(p.weight) * naive::loss(loss, naive::letters(p));
}
