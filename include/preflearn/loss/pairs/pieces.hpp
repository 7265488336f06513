/// \file
/// A loss goes through its pairs in pieces that stay in the first-level cache, and through a piece in several short
/// loops rather than one long one: the chain of operations of one pair is longer than a processor looks ahead, so that
/// in one loop it would wait for each. Here: a piece's columns, the arrays by which one loop hands on to the next, and
/// the request for the next piece's memory.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include <preflearn/core/scores.hpp>
#include <preflearn/loss/parts/score.hpp>

namespace preflearn {

/// 2 KiB of every column.
template <class Real> inline constexpr std::size_t pairs_per_piece = 2048 / sizeof(Real);

/// What stands for a column that is not given: the same number for every pair of a piece.
template <class Number, int Value>
inline constexpr auto constant_column = [] {
    std::array<Number, pairs_per_piece<Number>> filled{};
    filled.fill(Value);
    return filled;
}();

/// The columns of one piece; missing ones point at constants, missing references nowhere.
template <class Real> struct piece_columns {
    std::size_t size;
    const Real *chosen, *rejected, *reference_chosen, *reference_rejected, *weight, *target, *margin;
    const std::uint32_t *chosen_tokens, *rejected_tokens;
};

/// The piece that starts at pair `at`, of no pair beyond `end`.
template <class Real> piece_columns<Real> piece_of(const pair_scores<Real>& scores, std::size_t at, std::size_t end) {
    static_assert(pairs_per_piece<Real> <= pairs_per_piece<std::uint32_t>);
    const auto from = [at]<class Column>(const Column& given, decltype(given.data()) otherwise) {
        return given.empty() ? otherwise : given.data() + at;
    };
    const Real *const zeros = constant_column<Real, 0>.data(), *const ones = constant_column<Real, 1>.data();
    const std::uint32_t* const length_one = constant_column<std::uint32_t, 1>.data();
    return {.size = std::min(pairs_per_piece<Real>, end - at),
            .chosen = scores.chosen.data() + at,
            .rejected = scores.rejected.data() + at,
            .reference_chosen = from(scores.reference_chosen, nullptr),
            .reference_rejected = from(scores.reference_rejected, nullptr),
            .weight = from(scores.weight, ones),
            .target = from(scores.target, ones),
            .margin = from(scores.margin, zeros),
            .chosen_tokens = from(scores.chosen_tokens, length_one),
            .rejected_tokens = from(scores.rejected_tokens, length_one)};
}

/// What every loop over a piece leaves to those after it, an entry per pair. A loss touches only those that it needs.
template <class Real> struct piece_steps {
    /// A cache line longer than a piece: columns at the same place in different pages would compete for the cache.
    using column = std::array<Real, pairs_per_piece<Real> + 64 / sizeof(Real)>;
    /// The log-ratios u and v, and u − v.
    alignas(64) column u, v, difference;
    /// The scores s(u) and s(v), s(u) − s(v), and s'(u) and s'(v).
    alignas(64) column chosen_score, rejected_score, score_difference, chosen_slope, rejected_slope;
    /// What the link takes: z = β (s(u) − s(v)) − margin, or β times both scores and z = a − b.
    alignas(64) column z, a, b;
    /// The numbers of which a link takes exponentials, where they are not z, and e^{−|x|} of them.
    alignas(64) std::array<column, 3> exponent, power;
    /// a φ(z) + b φ(−z) + constant and its derivative in z, or those in a and b.
    alignas(64) column penalty, d_z, d_a, d_b;
    /// weight · [penalty + added].
    alignas(64) column loss;
};

/// Pair i of a piece.
template <class Real>
pair_point<Real> point_at(const piece_columns<Real>& c, const piece_steps<Real>& s, std::size_t i) {
    return {c.chosen[i],
            c.rejected[i],
            s.u[i],
            s.v[i],
            s.difference[i],
            static_cast<Real>(c.chosen_tokens[i]),
            static_cast<Real>(c.rejected_tokens[i])};
}

/// So many pairs of the next piece are asked for at a time.
template <class Real> inline constexpr std::size_t pairs_asked_for = 512 / sizeof(Real);

/// Asks for the next piece's memory, a little at a time while a piece is computed: otherwise memory would rest then,
/// and the processor's own guesses end where a piece's columns do.
template <class Real> class next_piece {
  public:
    next_piece() = default;
    /// The piece that starts at pair `first`, of no pair beyond `end`: the columns that are read and the results that
    /// are wanted.
    next_piece(const pair_scores<Real>& scores, const pair_gradients<Real>& gradients, std::size_t first,
               std::size_t end)
        : size_(std::min(pairs_per_piece<Real>, end - first)) {
        const auto read = [&](std::span<const Real> column) {
            if (!column.empty()) read_[reads_++] = column.data() + first;
        };
        read(scores.chosen);
        read(scores.rejected);
        read(scores.reference_chosen);
        read(scores.reference_rejected);
        read(scores.weight);
        read(scores.target);
        read(scores.margin);
        const auto read_lengths = [&](std::span<const std::uint32_t> column) {
            if (!column.empty()) lengths_[lengths_read_++] = column.data() + first;
        };
        read_lengths(scores.chosen_tokens);
        read_lengths(scores.rejected_tokens);
        const auto written = [&](std::span<Real> column) {
            if (!column.empty()) written_[writes_++] = column.data() + first;
        };
        written(gradients.chosen);
        written(gradients.rejected);
        written(gradients.values);
    }
    /// Asks for what will be read, or written, of its pairs from `begin` to `end`, as far as it has them.
    void ask_to_read(std::size_t begin, std::size_t end) const {
        ask<0>(read_, reads_, begin, end);
        ask<0>(lengths_, lengths_read_, begin, end);
    }
    void ask_to_write(std::size_t begin, std::size_t end) const { ask<1>(written_, writes_, begin, end); }

  private:
    template <int Write, class Columns>
    void ask(const Columns& columns, std::size_t count, std::size_t begin, std::size_t end) const {
        constexpr std::size_t line = 64 / sizeof(*columns[0]);
        for (std::size_t i = begin; i < std::min(end, size_); i += line)
            for (std::size_t k = 0; k < count; ++k) __builtin_prefetch(columns[k] + i, Write);
    }

    std::array<const Real*, 7> read_{};
    std::array<const std::uint32_t*, 2> lengths_{};
    std::array<Real*, 3> written_{};
    std::size_t size_ = 0, reads_ = 0, lengths_read_ = 0, writes_ = 0;
};

} // namespace preflearn
