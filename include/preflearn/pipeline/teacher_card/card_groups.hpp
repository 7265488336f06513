/// \file
/// Where a teacher is right: by category, by the size of its own margin and of gold's, and by how much longer gold's
/// choice is than the other response. Bins have nearly equal counts; equal values share one, so that the order of the
/// pairs changes nothing.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <preflearn/agreement/uncertainty/estimate.hpp>
#include <preflearn/agreement/uncertainty/holm.hpp>
#include <preflearn/core/numbers/distribution.hpp>
#include <preflearn/pipeline/teacher_card/card_pairs.hpp>

namespace preflearn {

/// Pairs of one category, or whose value lies in [low, high] (the smallest and largest found).
struct card_group {
    std::string name{};
    double low = undefined, high = undefined, mean = undefined;
    std::size_t pairs = 0;
    estimate accuracy{};
    /// Exact, two-sided, of an accuracy of ½ (ties left out); and adjusted for as many tests as there are groups
    /// (Holm). Pairs of one prompt are taken as independent.
    double p = undefined, adjusted_p = undefined;
};

/// The bounds of at most `bins` groups of rising `values`: each ends where the next begins. \returns indices, 0 first,
/// values.size() last
inline std::vector<std::size_t> equal_groups(std::span<const double> rising, std::size_t bins) {
    std::vector<std::size_t> ends{0};
    for (std::size_t b = 0; b < bins && ends.back() < rising.size(); ++b) {
        std::size_t end = (b + 1) * rising.size() / bins;
        if (end <= ends.back()) continue;
        while (end < rising.size() && rising[end] == rising[end - 1]) ++end;
        ends.push_back(end);
    }
    return ends;
}

namespace detail {

inline card_group group_of(const prompt_scores& scores, double confidence) {
    card_group group{.pairs = scores.scores.size(), .accuracy = scores.share(confidence)};
    const auto wins = static_cast<std::size_t>(std::ranges::count(scores.scores, 1.0));
    const auto losses = static_cast<std::size_t>(std::ranges::count(scores.scores, 0.0));
    group.p = sign_test(wins, wins + losses);
    return group;
}

/// Of a margin or of log-odds; nothing where there is neither.
inline std::optional<double> evidence_size(const preference& verdict) {
    const auto known = evidence_of(verdict);
    return known ? std::optional(std::abs(*known)) : std::nullopt;
}

inline void correct(std::vector<card_group>& groups) {
    std::vector<double> p;
    for (const card_group& group : groups) p.push_back(group.pairs == 0 ? undefined : group.p);
    const std::vector<double> adjusted = holm_adjusted(p);
    for (std::size_t g = 0; g < groups.size(); ++g) groups[g].adjusted_p = adjusted[g];
}

} // namespace detail

/// Accuracy by a value of each pair, in at most `bins` groups of rising value; pairs without it or without a verdict
/// are left out.
inline std::vector<card_group> groups_by(std::span<const card_pair> pairs,
                                         const std::function<std::optional<double>(const card_pair&)>& value,
                                         std::size_t bins, double confidence = 0.95) {
    struct placed {
        double value, score;
        std::uint64_t prompt;
    };
    std::vector<placed> all;
    for (const card_pair& pair : pairs) {
        if (!is_judged(pair)) continue;
        if (const auto known = value(pair)) all.push_back({*known, agreement_score(pair.said, pair.gold), pair.prompt});
    }
    std::ranges::sort(all, [](const placed& a, const placed& b) {
        return std::pair(a.value, a.prompt) < std::pair(b.value, b.prompt) ||
               (a.value == b.value && a.prompt == b.prompt && a.score < b.score);
    });
    std::vector<double> values;
    for (const placed& one : all) values.push_back(one.value);
    const std::vector<std::size_t> ends = equal_groups(values, bins);
    std::vector<card_group> groups;
    for (std::size_t g = 1; g < ends.size(); ++g) {
        prompt_scores scores;
        double sum = 0;
        for (std::size_t i = ends[g - 1]; i < ends[g]; ++i) {
            scores.add(all[i].score, all[i].prompt);
            sum += all[i].value;
        }
        card_group group = detail::group_of(scores, confidence);
        group.low = values[ends[g - 1]];
        group.high = values[ends[g] - 1];
        group.mean = std::clamp(sum / static_cast<double>(group.pairs), group.low, group.high); // but for rounding
        groups.push_back(std::move(group));
    }
    detail::correct(groups);
    return groups;
}

inline std::vector<card_group> groups_by_category(const card_subject& subject, double confidence = 0.95) {
    std::vector<prompt_scores> scores(subject.categories.size());
    for (const card_pair& pair : subject.pairs)
        if (is_judged(pair) && !scores.empty())
            scores.at(pair.category).add(agreement_score(pair.said, pair.gold), pair.prompt);
    std::vector<card_group> groups;
    for (std::size_t c = 0; c < scores.size(); ++c) {
        groups.push_back(detail::group_of(scores[c], confidence));
        groups.back().name = subject.categories[c];
    }
    detail::correct(groups);
    return groups;
}

inline std::vector<card_group> groups_by_margin(std::span<const card_pair> pairs, std::size_t bins,
                                                double confidence = 0.95) {
    return groups_by(
        pairs, [](const card_pair& pair) { return detail::evidence_size(pair.said); }, bins, confidence);
}

inline std::vector<card_group> groups_by_gold_margin(std::span<const card_pair> pairs, std::size_t bins,
                                                     double confidence = 0.95) {
    return groups_by(
        pairs, [](const card_pair& pair) { return detail::evidence_size(pair.gold); }, bins, confidence);
}

/// By the length of gold's choice minus that of the other response.
inline std::vector<card_group> groups_by_length(std::span<const card_pair> pairs, std::size_t bins,
                                                double confidence = 0.95) {
    const auto longer = [](const card_pair& pair) -> std::optional<double> {
        const int gold = detail::direction(pair.gold);
        return gold == 0 ? std::nullopt : std::optional(gold * pair.length_difference + 0.0);
    };
    return groups_by(pairs, longer, bins, confidence);
}

} // namespace preflearn
