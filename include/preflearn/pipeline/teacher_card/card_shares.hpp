/// \file
/// How often a teacher is right, beside what would be right without reading: taking the longer response, or the one
/// shown first. Accuracies count a tie on one side half; their intervals are over prompts.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include <preflearn/agreement/raters/chance_corrected.hpp>
#include <preflearn/agreement/raters/krippendorff.hpp>
#include <preflearn/agreement/ratings/ratings.hpp>
#include <preflearn/agreement/uncertainty/clustered.hpp>
#include <preflearn/agreement/uncertainty/estimate.hpp>
#include <preflearn/core/numbers/distribution.hpp>
#include <preflearn/core/preference.hpp>
#include <preflearn/pipeline/teacher_card/card_pairs.hpp>
#include <preflearn/pipeline/teacher_card/difference_correlation.hpp>
#include <preflearn/pipeline/teacher_card/symmetric_ratings.hpp>

namespace preflearn {

/// Pairs without a verdict of the teacher or of gold are counted and left out of everything else.
struct card_shares {
    std::size_t pairs = 0, judged = 0, abstained = 0, gold_abstained = 0, ties = 0, gold_ties = 0;
    estimate accuracy{};
    /// Of the same pairs: the longer response (equal lengths half), and the one shown first where that is known.
    estimate length_only{}, position_only{};
    /// accuracy - length_only, pair by pair.
    estimate above_length{};
    /// Chance-corrected, categories first, second and tie; both are 2 accuracy - 1 but for ties and chance.
    estimate kappa{}, alpha{};
    /// Of the pairs of unequal lengths that are decided: how often the longer response wins, by the teacher and by
    /// gold.
    estimate longer_said{}, longer_gold{};
    /// Of the teacher's evidence with the difference of lengths, and of gold's where it has margins.
    estimate evidence_length_pearson{}, evidence_length_spearman{}, gold_length_pearson{};
    /// P(the response shown first is preferred) - ½ where that is known, with the exact p-value of no bias.
    estimate position_bias{};
    double position_p = undefined;
};

namespace detail {

inline void measure_length(card_shares& shares, std::span<const card_pair> pairs, double confidence) {
    prompt_scores said, gold;
    std::vector<double> evidence, lengths, gold_evidence, gold_lengths;
    for (const card_pair& pair : pairs) {
        if (!is_judged(pair)) continue;
        const auto count = [&](prompt_scores& to, const preference& verdict) {
            const int d = direction(verdict);
            if (d != 0 && pair.length_difference != 0) to.add((d > 0) == (pair.length_difference > 0), pair.prompt);
        };
        count(said, pair.said);
        count(gold, pair.gold);
        const auto put = [&](std::vector<double>& x, std::vector<double>& y, const preference& verdict) {
            if (const auto known = evidence_of(verdict)) x.push_back(*known), y.push_back(pair.length_difference);
        };
        put(evidence, lengths, pair.said);
        put(gold_evidence, gold_lengths, pair.gold);
    }
    shares.longer_said = said.share(confidence);
    shares.longer_gold = gold.share(confidence);
    shares.evidence_length_pearson = pearson_of_differences(evidence, lengths, confidence);
    shares.evidence_length_spearman = spearman_of_differences(evidence, lengths, confidence);
    shares.gold_length_pearson = pearson_of_differences(gold_evidence, gold_lengths, confidence);
}

} // namespace detail

/// \throws numeric_error for lengths that are not finite
inline card_shares shares_of(std::span<const card_pair> pairs, double confidence = 0.95) {
    card_shares shares{.pairs = pairs.size()};
    prompt_scores right, longer, first;
    std::vector<double> bias;
    std::vector<std::uint64_t> bias_prompts;
    std::size_t firsts = 0, placed = 0;
    rating_counts once(2, 3), ratings(2, 3);
    for (const card_pair& pair : pairs) {
        shares.abstained += pair.said.abstained();
        shares.gold_abstained += pair.gold.abstained();
        if (!is_judged(pair)) continue;
        ++shares.judged;
        detail::add_both_ways(once, ratings, std::array{pair.said, pair.gold});
        const int said = detail::direction(pair.said), gold = detail::direction(pair.gold);
        shares.ties += said == 0;
        shares.gold_ties += gold == 0;
        right.add(agreement_score(pair.said, pair.gold), pair.prompt);
        const preference by_length = pair.length_difference > 0   ? preference::for_first()
                                     : pair.length_difference < 0 ? preference::for_second()
                                                                  : preference::tied();
        longer.add(agreement_score(by_length, pair.gold), pair.prompt);
        const std::optional<bool> listed = pair.first_listed_first ? pair.first_listed_first : pair.first_shown_first;
        if (listed) first.add(gold == 0 ? 0.5 : (gold > 0) == *listed, pair.prompt);
        if (!pair.first_shown_first) continue;
        const int shown = *pair.first_shown_first ? 1 : -1;
        bias.push_back(said == 0 ? 0 : said == shown ? 0.5 : -0.5);
        bias_prompts.push_back(pair.prompt);
        placed += said != 0;
        firsts += said == shown;
    }
    shares.accuracy = right.share(confidence);
    shares.length_only = longer.share(confidence);
    shares.position_only = first.share(confidence);
    shares.above_length =
        clustered_difference(std::span<const double>(right.scores), std::span<const double>(longer.scores),
                             std::span<const std::uint64_t>(right.prompts), confidence);
    if (!bias.empty()) {
        shares.position_bias =
            clustered_mean(std::span<const double>(bias), std::span<const std::uint64_t>(bias_prompts), confidence);
        shares.position_p = sign_test(firsts, placed);
    }
    shares.kappa = detail::of_doubled(cohen_kappa(ratings, identity_weights{}, confidence).coefficient, confidence);
    shares.alpha =
        detail::of_doubled(krippendorff_alpha(ratings, nominal_distance{}, confidence).coefficient, confidence);
    detail::measure_length(shares, pairs, confidence);
    return shares;
}

} // namespace preflearn
