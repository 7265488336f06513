/// \file
/// A teacher asked several times, or taught with several seeds: does it repeat itself? Chance-corrected agreement of
/// its repeats, how large the majority is and how uncertain the answers are (Tao & Li 2025), and how often the repeats
/// are not all the same against the size of the mean margin.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <preflearn/agreement/raters/chance_corrected.hpp>
#include <preflearn/agreement/raters/krippendorff.hpp>
#include <preflearn/agreement/raters/repeats.hpp>
#include <preflearn/agreement/ratings/ratings.hpp>
#include <preflearn/agreement/uncertainty/estimate.hpp>
#include <preflearn/agreement/uncertainty/moments.hpp>
#include <preflearn/core/preference.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/pipeline/teacher_card/card_groups.hpp>
#include <preflearn/pipeline/teacher_card/card_pairs.hpp>
#include <preflearn/pipeline/teacher_card/symmetric_ratings.hpp>

namespace preflearn {

/// What the repeats say of one pair, in one order of its responses; an abstention where one says nothing.
struct repeated_pair {
    std::uint64_t prompt = 0;
    std::vector<preference> said{};
    /// The truth of the pair; an abstention where it is not known.
    preference gold = preference::abstention();
};

/// Pairs that fewer than two repeats judge are left out.
struct card_consistency {
    std::vector<std::string> names{};
    std::size_t pairs = 0;
    repeat_consistency repeats{};
    /// Mean entropy of a pair's answers in bits.
    estimate entropy{};
    estimate fleiss{}, alpha{};
    /// |Mean margin| of the repeats in bins; `accuracy` is the share of pairs on which all repeats say the same, `p` is
    /// not used.
    std::vector<card_group> unanimous_by_margin{};
    /// Every repeat with every other: agreement (ties half), names.size()² numbers, row by row.
    std::vector<estimate> agreement{};
    /// Of each repeat against the truth, over prompts, and their mean over repeats, whose standard error and interval
    /// (Student's t) are those of other seeds. None where no truth is known.
    std::vector<estimate> accuracy{};
    estimate mean_accuracy{};
    /// Standard deviation of the repeats' accuracies.
    double accuracy_deviation = undefined;
};

namespace detail {

inline double entropy_in_bits(std::span<const double> counts) {
    double total = 0, bits = 0;
    for (const double count : counts) total += count;
    for (const double count : counts)
        if (count > 0) bits -= count / total * std::log2(count / total);
    return bits;
}

/// Of every repeat, on the pairs that it and the truth judge.
inline void put_accuracies(card_consistency& found, std::span<const repeated_pair> pairs, double confidence) {
    std::vector<prompt_scores> scores(found.names.size());
    for (const repeated_pair& pair : pairs)
        for (std::size_t r = 0; r < scores.size(); ++r)
            if (!pair.gold.abstained() && !pair.said[r].abstained())
                scores[r].add(agreement_score(pair.said[r], pair.gold), pair.prompt);
    if (std::ranges::all_of(scores, [](const prompt_scores& of) { return of.scores.empty(); })) return;
    moments over_repeats;
    for (const prompt_scores& of : scores) {
        found.accuracy.push_back(of.share(confidence));
        if (found.accuracy.back().defined()) over_repeats.add(found.accuracy.back().value);
    }
    found.mean_accuracy = mean_estimate(over_repeats, confidence);
    found.accuracy_deviation = std::sqrt(over_repeats.variance());
}

} // namespace detail

/// \throws argument_error where a pair has not one verdict for every name
inline card_consistency consistency_of(std::vector<std::string> names, std::span<const repeated_pair> pairs,
                                       std::size_t bins = 10, double confidence = 0.95) {
    card_consistency found{.names = std::move(names)};
    const std::size_t count = found.names.size();
    require(count >= 2, "consistency needs two repeats, found ", count);
    rating_counts ratings(count, 3), mirrored(count, 3);
    moments bits;
    std::vector<card_pair> unanimous;
    std::vector<prompt_scores> cells(count * count);
    for (const repeated_pair& pair : pairs) {
        require(pair.said.size() == count, "a pair has ", pair.said.size(), " verdicts of ", count, " repeats");
        std::array<double, 3> answers{};
        double margins = 0, known = 0;
        for (const preference& said : pair.said) {
            if (said.abstained()) continue;
            ++answers[static_cast<std::size_t>(detail::direction(said) + 1)];
            if (const auto margin = evidence_of(said)) margins += *margin, ++known;
        }
        const double given = answers[0] + answers[1] + answers[2];
        if (given < 2) continue;
        ++found.pairs;
        detail::add_both_ways(ratings, mirrored, pair.said);
        bits.add(detail::entropy_in_bits(answers));
        const bool same = *std::ranges::max_element(answers) == given;
        if (known > 0)
            unanimous.push_back({.prompt = pair.prompt,
                                 .said = same ? preference::for_first().with_margin(margins / known)
                                              : preference::for_second().with_margin(margins / known),
                                 .gold = preference::for_first()});
        for (std::size_t a = 0; a < count; ++a)
            for (std::size_t b = 0; b < count; ++b)
                if (!pair.said[a].abstained() && !pair.said[b].abstained())
                    cells[a * count + b].add(agreement_score(pair.said[a], pair.said[b]), pair.prompt);
    }
    found.repeats = consistency_of_repeats(ratings, confidence);
    found.entropy = mean_estimate(bits, confidence);
    found.fleiss = detail::of_doubled(fleiss_kappa(mirrored, identity_weights{}, confidence).coefficient, confidence);
    found.alpha =
        detail::of_doubled(krippendorff_alpha(mirrored, nominal_distance{}, confidence).coefficient, confidence);
    found.unanimous_by_margin = groups_by_margin(unanimous, bins, confidence);
    for (const prompt_scores& cell : cells) found.agreement.push_back(cell.share(confidence));
    detail::put_accuracies(found, pairs, confidence);
    return found;
}

} // namespace preflearn
