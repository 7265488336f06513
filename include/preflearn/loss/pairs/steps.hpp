/// \file
/// The loops over a piece that know nothing of the loss, compiled once for a type of number (and those that form
/// scores, once for a score part): what goes in is checked, log-ratios, scores and exponentials are formed. They have
/// no branch, no call and no aliasing inside, so that they become vector code.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <limits>
#include <type_traits>

#include <preflearn/core/numbers/elementary.hpp>
#include <preflearn/loss/pairs/pieces.hpp>
#include <preflearn/loss/parts/score.hpp>

namespace preflearn {

/// a − b as a rounded number and what the rounding lost (Knuth's two-sum).
template <class Real> struct rounded_difference { Real value, lost; };
template <class Real> PREFLEARN_DEVICE_AND_HOST rounded_difference<Real> exact_difference(Real a, Real b) {
    const Real d = a - b, part = a - d;
    return {d, (a - (d + part)) + (part - b)};
}

/// Whether all numbers it has seen were finite, by the largest of their bits: two instructions a number.
template <class Real> class finite_so_far {
  public:
    void see(Real x) { largest_ = std::max(largest_, std::bit_cast<whole>(std::abs(x))); }
    explicit operator bool() const { return largest_ <= std::bit_cast<whole>(std::numeric_limits<Real>::max()); }
    /// The largest size that it has seen; NaN is beyond all.
    [[nodiscard]] Real largest() const { return std::bit_cast<Real>(largest_); }

  private:
    using whole = std::make_signed_t<typename detail::elementary<Real>::bits>;
    whole largest_ = 0;
};

/// Whether all differences it has seen were exact: a − b is when it is not larger than a and b (Sterbenz 1974). Without
/// an addition, of which processors do fewer at a time than of operations on bits.
template <class Real> class exact_so_far {
  public:
    void see(Real a, Real b, Real difference) {
        const whole smaller = std::min(std::bit_cast<whole>(std::abs(a)), std::bit_cast<whole>(std::abs(b)));
        signs_ |= smaller - std::bit_cast<whole>(std::abs(difference));
    }
    explicit operator bool() const { return signs_ >= 0; }

  private:
    using whole = std::make_signed_t<typename detail::elementary<Real>::bits>;
    whole signs_ = 0;
};

/// Whether weights, targets and margins are in their ranges, as the constants for missing columns are.
template <class Real> [[gnu::noinline]] bool are_sound(const piece_columns<Real>& in) {
    constexpr Real largest = std::numeric_limits<Real>::max();
    const piece_columns<Real> c = in;
    if (c.weight == constant_column<Real, 1>.data() && c.target == c.weight &&
        c.margin == constant_column<Real, 0>.data())
        return true;
    unsigned faults = 0;
    // `&`, not `&&`: a branch here would keep the loop from becoming vector code.
    for (std::size_t i = 0; i < c.size; ++i) {
        const Real w = c.weight[i], q = c.target[i];
        const unsigned sound = unsigned{std::abs(c.margin[i]) <= largest} & unsigned{w >= 0} & unsigned{w <= largest} &
                               unsigned{q >= 0} & unsigned{q <= 1};
        faults |= sound ^ 1U;
    }
    return faults == 0;
}

/// Whether no response is empty.
template <class Real> [[gnu::noinline]] bool have_lengths(const piece_columns<Real>& in) {
    const piece_columns<Real> c = in;
    unsigned faults = 0;
    for (std::size_t i = 0; i < c.size; ++i)
        faults |= unsigned{c.chosen_tokens[i] == 0} | unsigned{c.rejected_tokens[i] == 0};
    return faults == 0;
}

/// u, v and u − v, rounded once whatever the four log-probs are; meanwhile it asks for the next piece's columns.
/// Returns whether the differences are finite, as they are not where anything that goes into them is not.
template <class Real>
[[gnu::noinline]] bool form_log_ratios(const piece_columns<Real>& in, piece_steps<Real>& __restrict__ out,
                                       const next_piece<Real>& next) {
    const piece_columns<Real> c = in;
    const bool references = c.reference_chosen != nullptr;
    exact_so_far<Real> exact;
    finite_so_far<Real> finite;
    for (std::size_t begin = 0; begin < c.size; begin += pairs_asked_for<Real>) {
        const std::size_t end = std::min(begin + pairs_asked_for<Real>, c.size);
        next.ask_to_read(begin, end);
        if (references) {
            for (std::size_t i = begin; i < end; ++i) {
                const Real u = c.chosen[i] - c.reference_chosen[i], v = c.rejected[i] - c.reference_rejected[i];
                exact.see(c.chosen[i], c.reference_chosen[i], u);
                exact.see(c.rejected[i], c.reference_rejected[i], v);
                finite.see(u - v);
                out.u[i] = u;
                out.v[i] = v;
                out.difference[i] = u - v;
            }
        } else {
            for (std::size_t i = begin; i < end; ++i) {
                out.u[i] = c.chosen[i];
                out.v[i] = c.rejected[i];
                out.difference[i] = c.chosen[i] - c.rejected[i];
                finite.see(out.difference[i]);
            }
        }
    }
    if (exact) return static_cast<bool>(finite); // as a policy near its reference has it: u − v alone was rounded
    finite = {};
    for (std::size_t i = 0; i < c.size; ++i) {
        const Real u_lost = exact_difference(c.chosen[i], c.reference_chosen[i]).lost,
                   v_lost = exact_difference(c.rejected[i], c.reference_rejected[i]).lost;
        const auto [d, d_lost] = exact_difference(out.u[i], out.v[i]);
        out.difference[i] = d + (d_lost + (u_lost - v_lost));
        finite.see(out.difference[i]);
    }
    return static_cast<bool>(finite);
}

/// s(u) − s(v) and both slopes by a score part, and both scores where they are wanted.
template <bool Both, class Score, class Real>
[[gnu::noinline]] void form_scores(const Score& score, const piece_columns<Real>& in,
                                   piece_steps<Real>& __restrict__ out) {
    if constexpr (requires { score.visit([](const auto& /*one*/) {}); }) {
        score.visit([&](const auto& one) { form_scores<Both>(one, in, out); });
    } else {
        const piece_columns<Real> c = in;
        for (std::size_t i = 0; i < c.size; ++i) {
            const auto [chosen, rejected, difference] = scores_of_pair(score, point_at(c, out, i));
            out.score_difference[i] = difference;
            out.chosen_slope[i] = chosen.derivative;
            out.rejected_slope[i] = rejected.derivative;
            if constexpr (Both) {
                out.chosen_score[i] = chosen.value;
                out.rejected_score[i] = rejected.value;
            }
        }
    }
}

/// e^{−|x|} of numbers, of which the largest has the size `largest`.
template <class Real>
[[gnu::noinline]] void form_exponentials(const Real* __restrict__ numbers, std::size_t count, Real largest,
                                         Real* __restrict__ exponentials) {
    if (largest <= detail::elementary<Real>::normal) {
        for (std::size_t i = 0; i < count; ++i) exponentials[i] = near_exp_of_minus(std::abs(numbers[i]));
    } else {
        for (std::size_t i = 0; i < count; ++i) exponentials[i] = exp_of_minus(std::abs(numbers[i]));
    }
}

} // namespace preflearn
