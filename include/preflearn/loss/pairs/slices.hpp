/// \file
/// Losses made of other losses go through the pairs in slices that stay in the cache, so that what the inner losses
/// write needs no memory of the batch's size.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <vector>

#include <preflearn/core/scores.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/core/system/parallel.hpp>
#include <preflearn/loss/pairs/fault_place.hpp>
#include <preflearn/loss/pairs/faults.hpp>

namespace preflearn {

/// A multiple of the pieces in which the inner losses go on.
inline constexpr std::size_t pairs_per_slice = 2048;

/// The entries [at, at + size) of every column that is there.
template <class Real> pair_scores<Real> slice_of(const pair_scores<Real>& whole, std::size_t at, std::size_t size) {
    const auto slice = [=](const auto& column) { return column.empty() ? column : column.subspan(at, size); };
    return {slice(whole.chosen),
            slice(whole.rejected),
            slice(whole.reference_chosen),
            slice(whole.reference_rejected),
            slice(whole.chosen_tokens),
            slice(whole.rejected_tokens),
            slice(whole.weight),
            slice(whole.target),
            slice(whole.margin)};
}
template <class Real>
pair_gradients<Real> slice_of(const pair_gradients<Real>& whole, std::size_t at, std::size_t size) {
    const auto slice = [=](const auto& column) { return column.empty() ? column : column.subspan(at, size); };
    return {slice(whole.chosen), slice(whole.rejected), slice(whole.values), whole.metrics};
}

/// Calls `of_slice(at, size)` for the slices of [0, count), on any thread, and adds up what it returns, in an order
/// that `count` fixes.
template <class Sums, class OfSlice> Sums sum_of_slices(std::size_t count, const OfSlice& of_slice) {
    constexpr std::size_t most = 64;
    const std::size_t slices = (count + pairs_per_slice - 1) / pairs_per_slice;
    const std::size_t grain = std::max<std::size_t>(4, (slices + most - 1) / most) * pairs_per_slice;
    std::vector<Sums> blocks((count + grain - 1) / grain);
    parallel_blocks(count, grain, [&](std::size_t begin, std::size_t end) {
        for (std::size_t at = begin; at < end; at += pairs_per_slice)
            blocks[begin / grain] += of_slice(at, std::min(pairs_per_slice, end - at));
    });
    Sums total{};
    for (const Sums& sums : blocks) total += sums;
    return total;
}

/// The same of pairs. A fault in a slice is said by the pair's place among all.
template <class Sums, class Real, class OfSlice>
Sums sum_of_slices(const pair_scores<Real>& scores, const OfSlice& of_slice) {
    return sum_of_slices<Sums>(scores.size(), [&](std::size_t at, std::size_t size) {
        return with_renamed_places(
            "pair", size, [at](std::size_t i) { return message("pair ", at + i); },
            [&] {
                try {
                    return of_slice(at, size);
                } catch (const numeric_error& failure) {
                    if (at == 0 || std::string_view(failure.what()).starts_with("pair ")) throw;
                    throw numeric_error(message("among the pairs from ", at, " on: ", failure.what()));
                }
            });
    });
}

} // namespace preflearn
