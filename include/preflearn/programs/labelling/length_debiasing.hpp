/// \file
/// A teacher's liking for length taken off its scores: r − α |y| with the α at which chosen and rejected responses are
/// equally long on average, as nearly as there is one (Chen et al. 2024, DICE, arXiv:2406.09760). The mean difference
/// of their lengths is a step function of α that never rises, since a larger α favours shorter responses; so the steps
/// are sorted and the best stretch between two of them is found exactly. Of n responses the chosen is the best, the
/// rejected the worst.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <preflearn/core/system/error.hpp>
#include <preflearn/pipeline/teacher_kinds/text_teacher.hpp>
#include <preflearn/programs/labelling/judged_file.hpp>
#include <preflearn/programs/labelling/label_decisions.hpp>

namespace preflearn {

/// The scores of two or more responses, and their lengths.
struct scored_lengths {
    std::vector<double> scores{}, lengths{};
};

struct length_debiasing {
    /// What a unit of length costs.
    double alpha = 0;
    /// The mean length of the chosen less that of the rejected responses, without it and with it.
    double before = 0, after = 0;
    /// Records that it was found by.
    std::size_t records = 0;
};

namespace detail {

/// The length of the best response less that of the worst at some α where no two are equal; ties at α go to those that
/// stand first.
inline double length_difference(const scored_lengths& one, double alpha) {
    std::size_t best = 0, worst = 0;
    const auto at = [&](std::size_t i) { return one.scores[i] - alpha * one.lengths[i]; };
    for (std::size_t i = 1; i < one.scores.size(); ++i) {
        if (at(i) > at(best)) best = i;
        if (at(i) < at(worst)) worst = i;
    }
    return at(best) == at(worst) ? 0 : one.lengths[best] - one.lengths[worst];
}

/// A number between two, near 0 where one of them is infinite.
inline double between(double low, double high) {
    if (std::isinf(low) && std::isinf(high)) return 0;
    const double room = 1e-3;
    if (std::isinf(low)) return high - std::max(std::abs(high), room);
    if (std::isinf(high)) return low + std::max(std::abs(low), room);
    return low + (high - low) / 2;
}

/// Where the order of some two responses changes, and by how much the difference of lengths falls there.
inline void add_steps(std::vector<std::pair<double, double>>& steps, const scored_lengths& one) {
    std::vector<double> crossings;
    for (std::size_t i = 0; i < one.scores.size(); ++i)
        for (std::size_t j = i + 1; j < one.scores.size(); ++j)
            if (one.lengths[i] != one.lengths[j])
                crossings.push_back((one.scores[i] - one.scores[j]) / (one.lengths[i] - one.lengths[j]));
    std::ranges::sort(crossings);
    const auto repeated = std::ranges::unique(crossings);
    crossings.erase(repeated.begin(), repeated.end());
    constexpr double infinite = std::numeric_limits<double>::infinity();
    double known = length_difference(one, between(-infinite, crossings.empty() ? infinite : crossings.front()));
    for (std::size_t c = 0; c < crossings.size(); ++c) {
        const double next =
            length_difference(one, between(crossings[c], c + 1 < crossings.size() ? crossings[c + 1] : infinite));
        if (next != known) steps.emplace_back(crossings[c], next - known);
        known = next;
    }
}

} // namespace detail

/// The α that leaves the smallest |mean difference|; of a stretch of equally good ones 0 if it is one, else its middle.
/// Nothing to debias by: α = 0. \throws numeric_error for a score that is not finite
inline length_debiasing find_length_debiasing(std::span<const scored_lengths> records) {
    length_debiasing found;
    constexpr double infinite = std::numeric_limits<double>::infinity();
    std::vector<std::pair<double, double>> steps;
    double sum = 0;
    for (std::size_t i = 0; i < records.size(); ++i) {
        const scored_lengths& one = records[i];
        require(one.scores.size() == one.lengths.size() && one.scores.size() >= 2, "record ", i, " has ",
                one.scores.size(), " scores and ", one.lengths.size(), " lengths");
        for (const double score : one.scores)
            require<numeric_error>(std::isfinite(score), "a score of record ", i, " is ", score);
        const auto longest = std::ranges::max_element(one.lengths), shortest = std::ranges::min_element(one.lengths);
        if (*longest == *shortest) continue;
        detail::add_steps(steps, one);
        found.before += detail::length_difference(one, 0);
        sum += *longest - *shortest; // at α → −∞
        ++found.records;
    }
    if (found.records == 0) return found;
    std::ranges::sort(steps);
    // sums of whole lengths are exact, so that the order of equal steps leaves no trace
    double best = std::abs(sum), low = -infinite, high = steps.empty() ? infinite : steps.front().first;
    for (std::size_t s = 0; s < steps.size();) {
        const double at = steps[s].first;
        for (; s < steps.size() && steps[s].first == at; ++s) sum += steps[s].second;
        // of two stretches that are as good, the one nearer to 0
        if (std::abs(sum) > best || (std::abs(sum) == best && high > 0)) continue;
        best = std::abs(sum);
        low = at;
        high = s < steps.size() ? steps[s].first : infinite;
    }
    found.alpha = low < 0 && high > 0 ? 0 : detail::between(low, high);
    const auto n = static_cast<double>(found.records);
    found.before /= n;
    for (const scored_lengths& one : records) found.after += detail::length_difference(one, found.alpha) / n;
    return found;
}

namespace detail {

/// The scores of a record as it was shown, and its lengths in that order; nothing where nothing is compared.
inline std::optional<scored_lengths> scores_and_lengths(const judgement& said, const record_facts& record,
                                                        std::uint64_t seed) {
    if (said.unfit || record.identical || record.lengths.size() < 2) return std::nullopt;
    scored_lengths one{.scores = said.scores};
    if (said.verdict) {
        if (said.verdict->abstained()) return std::nullopt;
        const std::optional<double> margin = said.margin();
        require(margin.has_value(), "pair ", record.id, " has no margin to take its length off");
        one.scores = {*margin, 0};
    }
    if (one.scores.size() != record.lengths.size()) return std::nullopt;
    for (const std::size_t place : shown_order(seed, record.id, record.lengths.size()))
        one.lengths.push_back(static_cast<double>(record.lengths[place]));
    return one;
}

} // namespace detail

/// By the judgements of a file. \throws argument_error for a verdict without a margin
inline length_debiasing find_length_debiasing(std::span<const judgement> said, std::span<const record_facts> records,
                                              std::uint64_t seed) {
    std::vector<scored_lengths> all;
    for (std::size_t i = 0; i < said.size(); ++i)
        if (auto one = detail::scores_and_lengths(said[i], records[i], seed)) all.push_back(*std::move(one));
    return find_length_debiasing(all);
}

/// r − α |y| of every response.
inline void debias(std::span<judgement> said, std::span<const record_facts> records, std::uint64_t seed, double alpha) {
    for (std::size_t i = 0; i < said.size() && alpha != 0; ++i) {
        const auto one = detail::scores_and_lengths(said[i], records[i], seed);
        if (!one) continue;
        if (said[i].verdict) {
            said[i].verdict =
                said[i].verdict->with_margin(one->scores[0] - alpha * (one->lengths[0] - one->lengths[1]));
            continue;
        }
        for (std::size_t r = 0; r < one->scores.size(); ++r) said[i].scores[r] -= alpha * one->lengths[r];
    }
}

} // namespace preflearn
