/// \file
/// A judge asked the same question several times: does it repeat itself? The repeats of a question are its unit's
/// "raters" in `rating_counts`; questions answered fewer than twice are left out.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include <preflearn/agreement/raters/chance_corrected.hpp>
#include <preflearn/agreement/ratings/ratings.hpp>
#include <preflearn/agreement/ratings/unit_profile.hpp>
#include <preflearn/agreement/uncertainty/estimate.hpp>
#include <preflearn/agreement/uncertainty/moments.hpp>

namespace preflearn {

struct repeat_consistency {
    /// Chance that two repeats of a question agree, and that they do not.
    estimate self_agreement{}, flip_rate{};
    /// Share of questions on which the repeats are not all the same.
    estimate ever_flipped{};
    /// Mean share of the commonest answer: max(n₁, n₂) / T for T repeats with two answers (Tao & Li 2025).
    estimate majority_share{};
};

inline repeat_consistency consistency_of_repeats(const rating_counts& repeats, double confidence = 0.95) {
    repeat_consistency result;
    result.self_agreement = raw_agreement(repeats, identity_weights{}, confidence);
    const estimate& same = result.self_agreement;
    result.flip_rate = same;
    if (same.defined()) {
        result.flip_rate.value = 1 - same.value;
        result.flip_rate.bounds = {1 - same.bounds.high, 1 - same.bounds.low};
    }
    std::size_t questions = 0, flipped = 0;
    moments shares;
    detail::unit_profile unit;
    repeats.for_each_given([&](std::span<const given_rating> given, std::uint64_t count) {
        unit.assign(given);
        if (unit.ratings() < 2) return;
        double most = 0;
        for (const auto& [answer, times] : unit.counts()) most = std::max(most, times);
        const double share = most / unit.ratings();
        questions += count;
        flipped += share < 1 ? count : 0;
        shares += {static_cast<std::size_t>(count), share, 0};
    });
    result.ever_flipped = result.majority_share = estimate::none(same.status, questions);
    if (questions == 0) return result;
    result.ever_flipped = proportion(flipped, questions, confidence);
    result.majority_share = mean_estimate(shares, confidence);
    return result;
}

} // namespace preflearn
