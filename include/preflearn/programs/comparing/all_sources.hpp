/// \file
/// All sources at once: every coefficient of agreement, the pairs on which they say the same and with whom the truth
/// sides on the others, the truth that Dawid & Skene's model sees behind three sources or more without any gold, and
/// whether each source's verdicts on the responses of a prompt are a ranking.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <preflearn/agreement/labels/triads.hpp>
#include <preflearn/agreement/raters/dawid_skene.hpp>
#include <preflearn/agreement/raters/every_coefficient.hpp>
#include <preflearn/agreement/ratings/coded_ratings.hpp>
#include <preflearn/agreement/uncertainty/estimate.hpp>
#include <preflearn/core/matrix_view.hpp>
#include <preflearn/core/preference.hpp>
#include <preflearn/pipeline/teacher_card/card_pairs.hpp>
#include <preflearn/pipeline/teacher_card/symmetric_ratings.hpp>
#include <preflearn/programs/comparing/compared_sources.hpp>

namespace preflearn {

/// What all sources together say of a pair.
enum class all_say : std::uint8_t {
    match,    ///< all of them decide, and alike
    mismatch, ///< all of them decide, not alike
    undecided ///< one has no verdict, or a tie
};

/// The sources that are matched; a single one is matched with the truth.
inline std::vector<all_say> matches_of(const compared_sources& all) {
    std::vector<const compared_source*> each;
    for (const compared_source& source : all.sources) each.push_back(&source);
    if (each.size() < 2 && all.gold) each.push_back(&*all.gold);
    std::vector<all_say> found(all.pairs.size(), all_say::undecided);
    for (std::size_t i = 0; i < found.size(); ++i) {
        std::array<std::size_t, 4> counts{};
        for (const compared_source* source : each) ++counts[static_cast<std::size_t>(source->said[i].decision())];
        if (counts[0] + counts[1] == each.size())
            found[i] = counts[0] == 0 || counts[1] == 0 ? all_say::match : all_say::mismatch;
    }
    return found;
}

/// One row of the table of who says what: the sources that side with the truth, as they do on so many pairs.
struct gold_side {
    /// One a source: whether it sides with the truth.
    std::vector<bool> with_gold{};
    std::size_t pairs = 0;
};

/// Over pairs that all sources and the truth decide; the commonest first.
inline std::vector<gold_side> sides_of_gold(const compared_sources& all) {
    if (!all.gold) return {};
    std::map<std::vector<bool>, std::size_t> counts;
    for (std::size_t i = 0; i < all.pairs.size(); ++i) {
        const auto decided = [&](const compared_source& source) {
            const choice c = source.said[i].decision();
            return c == choice::first || c == choice::second;
        };
        if (!decided(*all.gold) || !std::ranges::all_of(all.sources, decided)) continue;
        std::vector<bool> with;
        for (const compared_source& source : all.sources)
            with.push_back(source.said[i].decision() == all.gold->said[i].decision());
        ++counts[with];
    }
    std::vector<gold_side> sides;
    for (const auto& [with, pairs] : counts) sides.push_back({with, pairs});
    std::ranges::sort(sides, [](const gold_side& a, const gold_side& b) {
        return a.pairs > b.pairs || (a.pairs == b.pairs && a.with_gold > b.with_gold);
    });
    return sides;
}

namespace detail {

inline bool has_ties(const compared_sources& all) {
    return std::ranges::any_of(all.sources, [](const compared_source& source) { return source.ties > 0; }) ||
           (all.sources.size() < 2 && all.gold && all.gold->ties > 0);
}

} // namespace detail

/// Every coefficient of agreement of two sources or more (one: it and the truth), symmetric in the responses.
inline std::vector<named_estimate> coefficients_of(const compared_sources& all, double confidence = 0.95) {
    coded_ratings coded{.names = {"first", "second"}};
    if (detail::has_ties(all)) coded.names.push_back("tie"); // a category is one that occurs
    const auto add = [&](const compared_source& source) {
        std::vector<category>& column = coded.columns.emplace_back();
        for (const preference& said : source.said) column.push_back(detail::rating_of(said));
        for (const preference& said : source.said) column.push_back(detail::rating_of(said.mirrored()));
    };
    for (const compared_source& source : all.sources) add(source);
    if (all.sources.size() < 2 && all.gold) add(*all.gold);
    if (coded.columns.size() < 2) return {};
    std::vector<named_estimate> found =
        every_coefficient(coded, measurement_level::nominal, {.replicates = 2, .confidence = confidence});
    std::erase_if(found, [](const named_estimate& one) { return one.name.starts_with("icc"); });
    for (named_estimate& one : found) one.value = detail::of_doubled(one.value, confidence);
    return found;
}

/// The truth behind three sources or more.
struct latent_truth {
    estimate_status status = estimate_status::too_few;
    std::size_t iterations = 0;
    /// Of each source: the chance to say the truth; NaN where too few others judge pairs that it judges.
    std::vector<double> accuracies{};
    /// P(the first response is the better one) of each pair, a tie half; NaN where no source with an accuracy says
    /// anything.
    std::vector<double> first{};
    /// Of its decisions against the real truth.
    estimate accuracy{};
};

namespace detail {

/// Of each source, whether its accuracy follows from who agrees with whom: it is one of three of which each two judge
/// common pairs, or judges pairs that such a one judges. Any accuracy fits the verdicts of others.
inline std::vector<bool> sources_with_accuracies(const compared_sources& all) {
    const std::size_t count = all.sources.size();
    std::vector<std::vector<bool>> common(count, std::vector<bool>(count, false));
    for (std::size_t a = 0; a < count; ++a)
        for (std::size_t b = 0; b < count; ++b)
            for (std::size_t i = 0; a != b && i < all.pairs.size() && !common[a][b]; ++i)
                common[a][b] = !all.sources[a].said[i].abstained() && !all.sources[b].said[i].abstained();
    std::vector<bool> known(count, false);
    for (std::size_t a = 0; a < count; ++a)
        for (std::size_t b = 0; b < count; ++b)
            for (std::size_t c = 0; c < count; ++c)
                if (common[a][b] && common[b][c] && common[a][c]) known[a] = true;
    for (std::size_t rounds = 0; rounds < count; ++rounds)
        for (std::size_t a = 0; a < count; ++a)
            for (std::size_t b = 0; b < count; ++b)
                if (known[b] && common[a][b]) known[a] = true;
    return known;
}

} // namespace detail

/// Dawid & Skene's model: sources that are independent given the truth. \returns too_few where no three sources judge
/// common pairs
inline latent_truth latent_truth_of(const compared_sources& all, double confidence = 0.95) {
    latent_truth found;
    const std::size_t count = all.sources.size();
    const std::vector<bool> known = detail::sources_with_accuracies(all);
    if (std::ranges::count(known, true) < 3) return found;
    const std::size_t q = detail::has_ties(all) ? 3 : 2;
    rating_counts once(count, q), doubled(count, q);
    std::vector<preference> row(count, preference::abstention());
    const auto fill = [&](std::size_t i) {
        for (std::size_t s = 0; s < count; ++s)
            if (known[s]) row[s] = all.sources[s].said[i];
    };
    for (std::size_t i = 0; i < all.pairs.size(); ++i) {
        fill(i);
        detail::add_both_ways(once, doubled, row);
    }
    const dawid_skene_fit fit = fit_dawid_skene(doubled);
    found.status = fit.status;
    found.iterations = fit.iterations;
    if (fit.prior.empty()) return found;
    for (std::size_t s = 0; s < count; ++s) {
        double right = 0;
        for (std::size_t k = 0; k < q; ++k) right += fit.prior[k] * fit.confusion[(s * q + k) * q + k];
        found.accuracies.push_back(known[s] ? right : undefined);
    }
    std::vector<category> ratings(count);
    std::array<double, 3> posterior{};
    prompt_scores against;
    for (std::size_t i = 0; i < all.pairs.size(); ++i) {
        fill(i);
        std::ranges::transform(row, ratings.begin(), detail::rating_of);
        const bool none = std::ranges::all_of(ratings, [](category c) { return c == no_rating; });
        fit.posterior_of(ratings, std::span(posterior).first(q));
        found.first.push_back(none ? undefined : posterior[0] + posterior[2] / 2);
        if (none || !all.gold || all.gold->said[i].abstained()) continue;
        const double p = found.first.back();
        const preference said = p > 0.5   ? preference::for_first()
                                : p < 0.5 ? preference::for_second()
                                          : preference::tied();
        against.add(agreement_score(said, all.gold->said[i]), all.pairs[i].texts.prompt);
    }
    found.accuracy = against.share(confidence);
    return found;
}

/// The responses of a prompt that are compared at most, for triads: their square is held.
inline constexpr std::size_t most_compared_responses = 2000;

struct source_triads {
    std::uint64_t cyclic = 0, transitive = 0, undecided = 0;
    /// Prompts with three responses or more, and those that had too many.
    std::size_t prompts = 0, too_large = 0;
    /// transitive / (cyclic + transitive).
    estimate transitivity{};
};

/// Triads of the responses of each prompt.
inline source_triads triads_of(const compared_sources& all, const compared_source& source) {
    std::unordered_map<std::uint64_t, std::vector<std::size_t>> prompts;
    for (std::size_t i = 0; i < all.pairs.size(); ++i)
        if (!source.said[i].abstained()) prompts[all.pairs[i].texts.prompt].push_back(i);
    source_triads found;
    for (const auto& [prompt, pairs] : prompts) { // sums of whole numbers, so the order is of no matter
        std::unordered_map<std::uint64_t, std::size_t> places;
        for (const std::size_t i : pairs)
            for (const std::uint64_t response : {all.pairs[i].texts.first, all.pairs[i].texts.second})
                places.try_emplace(response, places.size());
        const std::size_t n = places.size();
        if (n < 3 || pairs.size() < 3) continue;
        if (n > most_compared_responses) {
            ++found.too_large;
            continue;
        }
        ++found.prompts;
        std::vector<double> wins(n * n);
        for (const std::size_t i : pairs) {
            const std::size_t a = places.at(all.pairs[i].texts.first), b = places.at(all.pairs[i].texts.second);
            const choice said = source.said[i].decision();
            if (said == choice::first) ++wins[a * n + b];
            if (said == choice::second) ++wins[b * n + a];
        }
        const triad_result triads = analyse_triads(matrix_view<const double>(wins.data(), n, n));
        found.cyclic += triads.cyclic;
        found.transitive += triads.transitive;
        found.undecided += triads.undecided;
    }
    const std::uint64_t complete = found.cyclic + found.transitive;
    found.transitivity = complete == 0
                             ? estimate::none(estimate_status::too_few)
                             : estimate{.value = static_cast<double>(found.transitive) / static_cast<double>(complete),
                                        .count = complete,
                                        .status = estimate_status::ok};
    return found;
}

} // namespace preflearn
