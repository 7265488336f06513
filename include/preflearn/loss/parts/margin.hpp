/// \file
/// The pair's margin as a part of a preference loss: the column of the batch as it is, or a function of it (with a
/// constant, of lengths, of an outer score's gap, …).
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <concepts>
#include <limits>

#include <preflearn/core/numbers/elementary.hpp>
#include <preflearn/loss/parts/score.hpp>

namespace preflearn {

/// Called with the margin column, or with (margin column, pair_point), returns what is subtracted from β (s_w − s_l);
/// no gradient flows through it. One that needs lengths says `static constexpr bool uses_tokens = true`.
template <class M, class Real>
concept MarginPart = std::floating_point<Real> &&(
    requires(const M& margin, Real given) {
        { margin(given) } -> std::same_as<Real>;
    } ||
    requires(const M& margin, Real given, const pair_point<Real>& at) {
        { margin(given, at) } -> std::same_as<Real>;
    });

/// The margin column; zero where it is empty.
struct given_margin {
    template <std::floating_point Real> PREFLEARN_DEVICE_AND_HOST Real operator()(Real given) const { return given; }
};

/// The margin column and a constant: a target margin that every pair has to exceed.
struct constant_margin {
    double gamma = 0;
    template <std::floating_point Real> PREFLEARN_DEVICE_AND_HOST Real operator()(Real given) const {
        return given + static_cast<Real>(gamma);
    }
};

/// The margin column in units of β s for a loss of the scores s themselves: margin / β, which stays at the type's
/// largest number.
struct margin_over_beta {
    double beta = 0.1;
    template <std::floating_point Real> PREFLEARN_DEVICE_AND_HOST Real operator()(Real given) const {
        constexpr Real largest = std::numeric_limits<Real>::max();
        const Real per = detail::smaller_size(static_cast<Real>(1 / beta), largest);
        return std::copysign(detail::smaller_size(std::abs(given) * per, largest), given);
    }
};

/// The margin column less α (|y_w| − |y_l|): z gains α per token by which the chosen response is longer, so that length
/// explains itself and is not learnt (R-DPO: Park et al. 2024, arXiv:2403.19159, equation 9).
struct length_margin {
    static constexpr bool uses_tokens = true;
    double alpha = 0.01;
    template <std::floating_point Real>
    PREFLEARN_DEVICE_AND_HOST Real operator()(Real given, const pair_point<Real>& at) const {
        return given - static_cast<Real>(alpha) * (at.chosen_tokens - at.rejected_tokens);
    }
};

/// α log of the margin column, which then holds gaps of an outer score, r_w − r_l > 0; no margin where it is not
/// positive (ODPO: Amini et al. 2024, arXiv:2402.10571, equation 7).
struct log_gap_margin {
    double alpha = 1;
    template <std::floating_point Real> PREFLEARN_DEVICE_AND_HOST Real operator()(Real given) const {
        return static_cast<Real>(alpha) * log_of(by_sign(Real(0) - given, given, Real(1)));
    }
};

} // namespace preflearn
