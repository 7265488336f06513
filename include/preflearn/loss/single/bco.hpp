/// \file
/// Binary classifier optimisation (Jung et al. 2024, arXiv:2404.04656, equation 10): −log σ(β u − δ) of a desirable
/// and −log σ(δ − β v) of an undesirable response, δ the running mean of the rewards β u, β v over the training so far.
/// As in TRL ≤ 0.28; `coupled/reward_shift.hpp` has the same of pairs and the shift. The running mean is the caller's:
/// it goes into the state as `before` and comes out as `after()`. No gradient flows through δ.
// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <cstddef>
#include <span>

#include <preflearn/loss/coupled/reward_shift.hpp>
#include <preflearn/loss/pairs/slices.hpp>
#include <preflearn/loss/parts/about.hpp>
#include <preflearn/loss/parts/link.hpp>
#include <preflearn/loss/single/completions.hpp>

namespace preflearn {

/// BCO of unpaired responses. Density ratios (the paper's underlying distribution matching) enter as the weights of
/// undesirable responses.
///
///     auto state = loss.reduce(scores); // += the states of other shards
///     state.before = running;           // a running_mean kept between batches
///     loss.map(scores, state, gradient);
///     running = state.after();
struct bco {
    static constexpr bool uses_mismatched = false, uses_scores = true;
    static constexpr loss_about about{"bco", "-log s(beta u - delta) or -log s(delta - beta u), delta = mean of beta u",
                                      "BCO, arXiv:2404.04656; TRL <= 0.28 on its first batch"};
    double beta = 0.1;
    static constexpr loss_parameter<bco> parameters[]{{"beta", &bco::beta}};

    template <std::floating_point Real>
    [[nodiscard]] reward_shift<false> reduce(const completion_scores<Real>& scores) const {
        check_lengths(scores, std::span<const Real>());
        return sum_of_slices<reward_shift<false>>(scores.size(), [&](std::size_t at, std::size_t size) {
            reward_shift<false> shift{.rewards = {}, .count = size};
            const bool references = !scores.reference.empty();
            if (!detail::add_rewards(shift.rewards, beta, scores.log_prob.subspan(at, size),
                                     references ? scores.reference.subspan(at, size) : scores.reference))
                throw_first_fault(scores, at, at + size);
            return shift;
        });
    }
    template <std::floating_point Real>
    unpaired_sums map(const completion_scores<Real>& scores, const reward_shift<false>& state,
                      std::span<Real> gradient) const {
        const double k = state.delta() / beta;
        return singlewise<logistic>{.beta = beta}(scores, {k, k}, gradient);
    }
    template <std::floating_point Real>
    unpaired_sums operator()(const completion_scores<Real>& scores, std::span<Real> gradient) const {
        return map(scores, reduce(scores), gradient);
    }
};

/// BCO at a shift that is computed elsewhere: what a step of a training makes of a batch. 0: no shift.
struct bco_given_delta {
    static constexpr loss_about about{"bco_given_delta", "-log s(beta u - delta) or -log s(delta - beta u)",
                                      "BCO, arXiv:2404.04656, at a running mean kept elsewhere"};
    double beta = 0.1, delta = 0;
    static constexpr loss_parameter<bco_given_delta> parameters[]{{"beta", &bco_given_delta::beta},
                                                                  {"delta", &bco_given_delta::delta}};

    template <std::floating_point Real>
    unpaired_sums operator()(const completion_scores<Real>& scores, std::span<Real> gradient) const {
        return bco{.beta = beta}.map(scores, reward_shift<false>::fixed(delta), gradient);
    }
};

} // namespace preflearn
