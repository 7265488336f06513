/// \file
/// Losses made of other losses go through the pairs in pieces that stay in the first-level cache, so that what the
/// inner losses write needs no memory of the batch's size.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

#include <preflearn/core/error.hpp>
#include <preflearn/core/parallel.hpp>
#include <preflearn/core/scores.hpp>
#include <preflearn/loss/columns.hpp>

namespace preflearn::detail {

/// A multiple of the pieces that the inner losses take.
inline constexpr std::size_t pairs_of_part = 2048;

/// The entries [at, at + size) of every column that is there.
template <class Real> pair_scores<Real> part_of(const pair_scores<Real>& whole, std::size_t at, std::size_t size) {
    const auto part = [=](const auto& column) { return column.empty() ? column : column.subspan(at, size); };
    return {part(whole.chosen),
            part(whole.rejected),
            part(whole.reference_chosen),
            part(whole.reference_rejected),
            part(whole.chosen_tokens),
            part(whole.rejected_tokens),
            part(whole.weight),
            part(whole.target),
            part(whole.margin)};
}
template <class Real>
pair_gradients<Real> part_of(const pair_gradients<Real>& whole, std::size_t at, std::size_t size) {
    const auto part = [=](const auto& column) { return column.empty() ? column : column.subspan(at, size); };
    return {part(whole.chosen), part(whole.rejected), part(whole.values)};
}

/// Calls `of_part(at, size)` for all parts of `pairs` pairs, on any thread, and adds up what it returns, in an order
/// that the number of pairs fixes. A fault in a part is said by the pair's place among all.
template <class Sums, class Real, class OfPart> Sums sum_of_parts(const pair_scores<Real>& scores, OfPart&& of_part) {
    constexpr std::size_t most = 64;
    const std::size_t parts = (scores.size() + pairs_of_part - 1) / pairs_of_part;
    const std::size_t grain = std::max<std::size_t>(4, (parts + most - 1) / most) * pairs_of_part;
    std::array<Sums, most> blocks{};
    parallel_blocks(scores.size(), grain, [&](std::size_t begin, std::size_t end) {
        for (std::size_t at = begin; at < end; at += pairs_of_part) {
            const std::size_t size = std::min(pairs_of_part, end - at);
            try {
                blocks[begin / grain] += of_part(at, size);
            } catch (const argument_error&) {
                refuse_first_fault(scores, at, at + size); // by the pair's place in the batch
                throw;
            } catch (const numeric_error& failure) {
                refuse_first_fault(scores, at, at + size);
                throw numeric_error(message("among the pairs from ", at, " on: ", failure.what()));
            }
        }
    });
    Sums total{};
    for (const Sums& sums : blocks) total += sums;
    return total;
}

} // namespace preflearn::detail
