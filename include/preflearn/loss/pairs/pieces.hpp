/// \file
/// How a loss goes through its pairs: in blocks that threads share, each in pieces that stay in the first-level cache.
/// A piece passes through several short loops rather than one long one: the chain of operations of one pair is longer
/// than a processor looks ahead, so that in one loop it would wait for each. Sums are taken in double in an order fixed
/// by the number of pairs, so the bits do not depend on the number of threads.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <type_traits>

#include <preflearn/core/numbers/elementary.hpp>
#include <preflearn/core/scores.hpp>

namespace preflearn::detail {

/// 2 KiB of every column.
template <class Real> inline constexpr std::size_t pairs_per_piece = 2048 / sizeof(Real);

/// The columns of one piece; missing ones point at constants, missing references nowhere.
template <class Real> struct piece_columns {
    std::size_t size;
    const Real *chosen, *rejected, *reference_chosen, *reference_rejected, *weight, *target, *margin;
    const std::uint32_t *chosen_tokens, *rejected_tokens;
};

/// The piece that starts at pair `at`, of no pair beyond `end`.
template <class Real> piece_columns<Real> piece_of(const pair_scores<Real>& scores, std::size_t at, std::size_t end) {
    static constexpr auto constants = [] {
        std::array<std::array<Real, pairs_per_piece<Real>>, 2> filled{};
        filled[1].fill(1);
        return filled;
    }();
    static constexpr auto ones = [] {
        std::array<std::uint32_t, pairs_per_piece<Real>> filled{};
        filled.fill(1);
        return filled;
    }();
    const auto column = [at](std::span<const Real> values, std::size_t otherwise) {
        return values.empty() ? constants[otherwise].data() : values.data() + at;
    };
    const auto if_there = [at](const auto& values) { return values.empty() ? nullptr : values.data() + at; };
    const auto length = [at](std::span<const std::uint32_t> values) {
        return values.empty() ? ones.data() : values.data() + at;
    };
    return {.size = std::min(pairs_per_piece<Real>, end - at),
            .chosen = scores.chosen.data() + at,
            .rejected = scores.rejected.data() + at,
            .reference_chosen = if_there(scores.reference_chosen),
            .reference_rejected = if_there(scores.reference_rejected),
            .weight = column(scores.weight, 1),
            .target = column(scores.target, 1),
            .margin = column(scores.margin, 0),
            .chosen_tokens = length(scores.chosen_tokens),
            .rejected_tokens = length(scores.rejected_tokens)};
}

/// So many pairs of the next piece are asked for at a time.
template <class Real> inline constexpr std::size_t pairs_asked_for = 512 / sizeof(Real);

/// Asks for the next piece's memory, a little at a time while a piece is computed: otherwise memory would rest then,
/// and the processor's own guesses end where a piece's columns do.
template <class Real> class piece_ahead {
  public:
    piece_ahead() = default;
    /// The piece that starts at pair `first`, of no pair beyond `end`: the columns that are read and the results that
    /// are wanted.
    piece_ahead(const pair_scores<Real>& scores, const pair_gradients<Real>& gradients, std::size_t first,
                std::size_t end)
        : size_(std::min(pairs_per_piece<Real>, end - first)) {
        for (const std::span<const Real> column :
             {scores.chosen, scores.rejected, scores.reference_chosen, scores.reference_rejected, scores.weight,
              scores.target, scores.margin})
            if (!column.empty()) read_[reads_++] = column.data() + first;
        for (const std::span<const std::uint32_t> column : {scores.chosen_tokens, scores.rejected_tokens})
            if (!column.empty()) lengths_[lengths_read_++] = column.data() + first;
        for (const std::span<Real> column : {gradients.chosen, gradients.rejected, gradients.values})
            if (!column.empty()) written_[writes_++] = column.data() + first;
    }
    /// Asks for what will be read, or written, of its pairs from `begin` to `end`, as far as it has them.
    [[gnu::always_inline]] void ask_to_read(std::size_t begin, std::size_t end) const {
        ask<0>(read_, reads_, begin, end);
        ask<0>(lengths_, lengths_read_, begin, end);
    }
    [[gnu::always_inline]] void ask_to_write(std::size_t begin, std::size_t end) const {
        ask<1>(written_, writes_, begin, end);
    }

  private:
    template <int Write, class Columns>
    [[gnu::always_inline]] void ask(const Columns& columns, std::size_t count, std::size_t begin,
                                    std::size_t end) const {
        constexpr std::size_t line = 64 / sizeof(*columns[0]);
        for (std::size_t i = begin; i < std::min(end, size_); i += line)
            for (std::size_t k = 0; k < count; ++k) __builtin_prefetch(columns[k] + i, Write);
    }

    std::array<const Real*, 7> read_{};
    std::array<const std::uint32_t*, 2> lengths_{};
    std::array<Real*, 3> written_{};
    std::size_t size_ = 0, reads_ = 0, lengths_read_ = 0, writes_ = 0;
};

/// What one loop over a piece leaves to the next, per pair. The gradients go straight to the caller.
template <class Real> struct piece_results {
    /// A cache line longer than a piece: columns at the same place in different pages would compete for the cache.
    using column = std::array<Real, pairs_per_piece<Real> + 64 / sizeof(Real)>;
    /// The log-ratios u and v and their difference; z, or β times both scores where the link takes both.
    alignas(64) column u, v, difference, z, chosen_score, rejected_score;
    /// The loss and its derivative in z, or in both scores; numbers on their way to an exponential.
    alignas(64) column loss, slope, rejected_slope, exponent;
};

/// a − b as a rounded number and what the rounding lost (Knuth's two-sum).
template <class Real> struct rounded { Real value, lost; };
template <class Real> [[gnu::always_inline]] inline rounded<Real> exact_difference(Real a, Real b) {
    const Real d = a - b, part = a - d;
    return {d, (a - (d + part)) + (part - b)};
}

/// Whether all numbers it has seen were finite, by the largest of their bits: two instructions a number.
template <class Real> class finite_so_far {
  public:
    [[gnu::always_inline]] void see(Real x) { largest_ = std::max(largest_, std::bit_cast<whole>(std::abs(x))); }
    explicit operator bool() const { return largest_ <= std::bit_cast<whole>(std::numeric_limits<Real>::max()); }
    /// The largest size that it has seen; NaN is beyond all.
    [[nodiscard]] Real largest() const { return std::bit_cast<Real>(largest_); }

  private:
    using whole = std::make_signed_t<typename elementary<Real>::bits>;
    whole largest_ = 0;
};

/// Whether all differences it has seen were exact: a − b is when it is not larger than a and b (Sterbenz 1974). Without
/// an addition, of which processors do fewer at a time than of operations on bits.
template <class Real> class exact_so_far {
  public:
    [[gnu::always_inline]] void see(Real a, Real b, Real difference) {
        const whole smaller = std::min(std::bit_cast<whole>(std::abs(a)), std::bit_cast<whole>(std::abs(b)));
        signs_ |= smaller - std::bit_cast<whole>(std::abs(difference));
    }
    explicit operator bool() const { return signs_ >= 0; }

  private:
    using whole = std::make_signed_t<typename elementary<Real>::bits>;
    whole signs_ = 0;
};

/// u, v and u − v, rounded once whatever the four log-probs are; meanwhile it asks for the next piece's columns.
/// Returns whether the differences are finite, as they are not where anything that goes into them is not. It is
/// compiled once for all losses.
template <class Real>
[[gnu::noinline]] bool form_differences(const piece_columns<Real>& in, piece_results<Real>& __restrict__ out,
                                        const piece_ahead<Real>& ahead) {
    const piece_columns<Real> c = in;
    const bool references = c.reference_chosen != nullptr;
    exact_so_far<Real> exact;
    finite_so_far<Real> finite;
    for (std::size_t begin = 0; begin < c.size; begin += pairs_asked_for<Real>) {
        const std::size_t end = std::min(begin + pairs_asked_for<Real>, c.size);
        ahead.ask_to_read(begin, end);
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

/// e^{−|x|} of numbers, of which the largest has the size `largest`.
template <class Real>
[[gnu::noinline]] void form_exponentials(const Real* __restrict__ numbers, std::size_t count, Real largest,
                                         Real* __restrict__ exponentials) {
    if (largest <= elementary<Real>::normal) {
        for (std::size_t i = 0; i < count; ++i) exponentials[i] = near_exp_of_minus(std::abs(numbers[i]));
    } else {
        for (std::size_t i = 0; i < count; ++i) exponentials[i] = exp_of_minus(std::abs(numbers[i]));
    }
}

/// A sum in lanes: the order of its terms is fixed, and loops that add to it become vector code. Several sums in one
/// loop would not fit into the registers.
template <class Sum> class lane_sum {
  public:
    /// Adds term(i) for i in [0, size).
    template <class Term> void add(std::size_t size, const Term& term) {
        alignas(64) std::array<Sum, lanes> sums = sums_; // in registers
        const std::size_t whole = size / lanes * lanes;
        for (std::size_t i = 0; i < whole; i += lanes) {
            for (std::size_t lane = 0; lane < lanes; ++lane) sums[lane] += term(i + lane);
        }
        for (std::size_t i = whole; i < size; ++i) sums[i - whole] += term(i);
        sums_ = sums;
    }
    [[nodiscard]] Sum total() const {
        std::array<Sum, lanes> sums = sums_;
        for (std::size_t half = lanes / 2; half > 0; half /= 2) {
            for (std::size_t lane = 0; lane < half; ++lane) sums[lane] += sums[lane + half];
        }
        return sums[0];
    }

  private:
    static constexpr std::size_t lanes = 16;
    alignas(64) std::array<Sum, lanes> sums_{};
};

/// The sums of a block of pieces.
template <class Real> class block_sums {
  public:
    /// `weight` is the pairs' weights, null where all are 1. Without `metrics` only losses and weights are added up.
    [[gnu::noinline]] void add(const piece_columns<Real>& in, const piece_results<Real>& results, const Real* weight,
                               bool metrics) {
        const auto add_to = [&](lane_sum<double>& sum, const Real* values) {
            sum.add(in.size, [=](std::size_t i) { return static_cast<double>(values[i]); });
        };
        add_to(loss_, results.loss.data());
        if (weight != nullptr) add_to(weight_, weight);
        unit_weights_ += weight != nullptr ? 0 : in.size;
        pairs_ += in.size;
        if (!metrics) return;
        const Real* const u = results.u.data();
        const Real* const v = results.v.data();
        add_to(chosen_ratios_, u);
        add_to(rejected_ratios_, v);
        add_to(chosen_log_probs_, in.chosen);
        add_to(rejected_log_probs_, in.rejected);
        correct_.add(in.size, [=](std::size_t i) { return whole{u[i] > v[i]}; });
        ties_.add(in.size, [=](std::size_t i) { return whole{u[i] == v[i]}; });
    }
    /// With rewards of β times the log-ratios; NaN for metrics that were not asked for.
    [[nodiscard]] loss_sums total(double beta, bool metrics) const {
        const auto wanted = [=](double sum) { return metrics ? sum : std::numeric_limits<double>::quiet_NaN(); };
        return {.loss = loss_.total(),
                .weight = weight_.total() + static_cast<double>(unit_weights_),
                .pairs = pairs_,
                .chosen_rewards = wanted(beta * chosen_ratios_.total()),
                .rejected_rewards = wanted(beta * rejected_ratios_.total()),
                .chosen_log_probs = wanted(chosen_log_probs_.total()),
                .rejected_log_probs = wanted(rejected_log_probs_.total()),
                .correct = correct_.total(),
                .ties = ties_.total()};
    }

  private:
    /// Counts are as wide as the compared numbers, so that a comparison's mask is the count.
    using whole = typename elementary<Real>::bits;
    lane_sum<double> loss_, weight_, chosen_ratios_, rejected_ratios_, chosen_log_probs_, rejected_log_probs_;
    lane_sum<whole> correct_, ties_;
    std::size_t pairs_ = 0, unit_weights_ = 0;
};

} // namespace preflearn::detail
