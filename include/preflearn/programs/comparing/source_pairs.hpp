/// \file
/// Every source of labels against every other: how often they agree, whether one is nearer to the truth (McNemar's
/// exact test), with whom the truth sides where they disagree, how large its margins are there (Tao & Li 2025, section
/// 4), and whether their margins go together.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <preflearn/agreement/labels/mismatch.hpp>
#include <preflearn/agreement/labels/position_bias.hpp>
#include <preflearn/agreement/raters/chance_corrected.hpp>
#include <preflearn/agreement/raters/krippendorff.hpp>
#include <preflearn/agreement/uncertainty/clustered.hpp>
#include <preflearn/agreement/uncertainty/estimate.hpp>
#include <preflearn/agreement/uncertainty/holm.hpp>
#include <preflearn/core/preference.hpp>
#include <preflearn/pipeline/teacher_card/card_categories.hpp>
#include <preflearn/pipeline/teacher_card/card_groups.hpp>
#include <preflearn/pipeline/teacher_card/card_pairs.hpp>
#include <preflearn/pipeline/teacher_card/difference_correlation.hpp>
#include <preflearn/pipeline/teacher_card/symmetric_ratings.hpp>
#include <preflearn/programs/comparing/compared_sources.hpp>
#include <preflearn/programs/comparing/comparing_work.hpp>

namespace preflearn {

/// McNemar's test of two sources within one category.
struct category_test {
    std::string category{};
    mismatch_result result{};
    /// Holm's, over all categories and pairs of sources.
    double adjusted_p = undefined;
};

/// Two sources, by their places; the truth is the place behind the last source.
struct source_pair {
    std::size_t first = 0, second = 0;
    /// Pairs of which both say something.
    std::size_t pairs = 0;
    /// Ties half, over prompts; and chance-corrected.
    estimate agreement{}, kappa{}, alpha{};
    /// Of their margins or log-odds.
    estimate margin_pearson{}, margin_spearman{};
    /// Against the truth, where there is one and neither is it. The difference of accuracies over prompts.
    std::optional<mismatch_result> against_gold{};
    estimate difference_over_prompts{};
    /// Of McNemar's p-value, over all pairs of sources.
    double adjusted_p = undefined;
    /// |Margin of the truth| where the two agree, and where they disagree; and in bins the share of agreement.
    estimate gold_margin_match{}, gold_margin_mismatch{};
    std::vector<card_group> match_by_gold_margin{};
    std::vector<category_test> by_category{};
    /// Of the pairs that the two were shown in opposite orders, where that is known.
    std::optional<swap_result> swapped{};
};

namespace detail {

/// Match or mismatch of one pair.
inline void count_mismatch(mismatch_counts& counts, const preference& a, const preference& b, const preference& gold) {
    if (a.abstained() || b.abstained() || gold.abstained() || direction(a) == 0 || direction(b) == 0) {
        ++counts.undecided;
        return;
    }
    count_agreement(direction(a) == direction(b) ? counts.match : counts.mismatch, direction(a), direction(gold));
}

inline void compare_with_gold(source_pair& found, const compared_sources& all, const pair_categories& categories,
                              std::size_t bins, double confidence) {
    const std::vector<preference>&a = all.sources[found.first].said, &b = all.sources[found.second].said,
          &gold = all.gold->said;
    mismatch_counts counts;
    std::vector<mismatch_counts> by_category(categories.names.size());
    std::vector<double> first, second;
    std::vector<std::uint64_t> prompts;
    std::array<moments, 2> margins; // mismatch, match
    std::vector<card_pair> matches;
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (a[i].abstained() || b[i].abstained() || gold[i].abstained()) continue;
        count_mismatch(counts, a[i], b[i], gold[i]);
        if (!by_category.empty()) count_mismatch(by_category[categories.of_pair[i]], a[i], b[i], gold[i]);
        first.push_back(agreement_score(a[i], gold[i]));
        second.push_back(agreement_score(b[i], gold[i]));
        prompts.push_back(all.pairs[i].texts.prompt);
        const auto margin = evidence_of(gold[i]);
        if (!margin || direction(a[i]) == 0 || direction(b[i]) == 0) continue;
        const bool match = direction(a[i]) == direction(b[i]);
        margins[match].add(std::abs(*margin));
        matches.push_back({.prompt = prompts.back(),
                           .said = (match ? preference::for_first() : preference::for_second()).with_margin(*margin),
                           .gold = preference::for_first()});
    }
    found.against_gold = analyse_mismatch(counts, confidence);
    found.difference_over_prompts =
        clustered_difference(std::span<const double>(first), std::span<const double>(second),
                             std::span<const std::uint64_t>(prompts), confidence);
    found.gold_margin_mismatch = mean_estimate(margins[0], confidence);
    found.gold_margin_match = mean_estimate(margins[1], confidence);
    found.match_by_gold_margin = groups_by_margin(matches, bins, confidence);
    for (std::size_t c = 0; c < by_category.size(); ++c)
        found.by_category.push_back({categories.names[c], analyse_mismatch(by_category[c], confidence)});
}

inline source_pair compare_two_sources(const compared_sources& all, const compared_source& a, const compared_source& b,
                                       double confidence) {
    source_pair found;
    prompt_scores agreement;
    rating_counts once(2, 3), doubled(2, 3);
    std::vector<double> x, y;
    swap_counts swaps;
    for (std::size_t i = 0; i < a.said.size(); ++i) {
        if (a.said[i].abstained() || b.said[i].abstained()) continue;
        agreement.add(agreement_score(a.said[i], b.said[i]), all.pairs[i].texts.prompt);
        add_both_ways(once, doubled, std::array{a.said[i], b.said[i]});
        const auto in_a = evidence_of(a.said[i]), in_b = evidence_of(b.said[i]);
        if (in_a && in_b) x.push_back(*in_a), y.push_back(*in_b);
        const auto first_in_a = a.first_stands_first[i], first_in_b = b.first_stands_first[i];
        if (first_in_a && first_in_b && *first_in_a != *first_in_b)
            swaps.add(*first_in_a ? a.said[i] : a.said[i].mirrored(), *first_in_b ? b.said[i] : b.said[i].mirrored());
    }
    found.pairs = agreement.scores.size();
    found.agreement = agreement.share(confidence);
    found.kappa = of_doubled(cohen_kappa(doubled, identity_weights{}, confidence).coefficient, confidence);
    found.alpha = of_doubled(krippendorff_alpha(doubled, nominal_distance{}, confidence).coefficient, confidence);
    found.margin_pearson = pearson_of_differences(x, y, confidence);
    found.margin_spearman = spearman_of_differences(x, y, confidence);
    if (swaps.total() > 0) found.swapped = analyse_swaps(swaps, confidence);
    return found;
}

/// Holm's correction over the pairs of sources, and over these and the categories.
inline void correct_for_many(std::vector<source_pair>& pairs) {
    std::vector<double> p, by_category;
    for (const source_pair& pair : pairs) {
        p.push_back(pair.against_gold ? pair.against_gold->p_value : undefined);
        for (const category_test& test : pair.by_category) by_category.push_back(test.result.p_value);
    }
    p = holm_adjusted(p);
    by_category = holm_adjusted(by_category);
    std::size_t next = 0;
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        pairs[i].adjusted_p = p[i];
        for (category_test& test : pairs[i].by_category) test.adjusted_p = by_category[next++];
    }
}

} // namespace detail

/// All pairs, the first source's first; with the truth last.
inline std::vector<source_pair> compare_all(const compared_sources& all, const pair_categories& categories,
                                            std::size_t bins, double confidence, comparing_work& work) {
    std::vector<const compared_source*> each;
    for (const compared_source& source : all.sources) each.push_back(&source);
    if (all.gold) each.push_back(&*all.gold);
    std::vector<source_pair> pairs;
    for (std::size_t a = 0; a < each.size(); ++a)
        for (std::size_t b = a + 1; b < each.size(); ++b) {
            pairs.push_back(detail::compare_two_sources(all, *each[a], *each[b], confidence));
            pairs.back().first = a;
            pairs.back().second = b;
            if (all.gold && b < all.sources.size())
                detail::compare_with_gold(pairs.back(), all, categories, bins, confidence);
            work.piece();
        }
    detail::correct_for_many(pairs);
    return pairs;
}
inline std::vector<source_pair> compare_all(const compared_sources& all, const pair_categories& categories,
                                            std::size_t bins = 10, double confidence = 0.95) {
    comparing_work unwatched;
    return compare_all(all, categories, bins, confidence, unwatched);
}

} // namespace preflearn
