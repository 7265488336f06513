/// \file
/// Files of labels compared: with each other, with a truth, and what follows for each of them (its card).
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include <preflearn/agreement/raters/every_coefficient.hpp>
#include <preflearn/core/preference.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/pipeline/teacher_card/card_categories.hpp>
#include <preflearn/pipeline/teacher_card/card_consistency.hpp>
#include <preflearn/pipeline/teacher_card/teacher_card.hpp>
#include <preflearn/programs/comparing/all_sources.hpp>
#include <preflearn/programs/comparing/compare_options.hpp>
#include <preflearn/programs/comparing/compared_sources.hpp>
#include <preflearn/programs/comparing/comparing_work.hpp>
#include <preflearn/programs/comparing/ranked_lists.hpp>
#include <preflearn/programs/comparing/source_pairs.hpp>

namespace preflearn {

struct label_comparison {
    compared_sources input{};
    double confidence = 0.95;
    std::string category_field{}, length_unit{};
    /// Of each pair: of all sources, and how many of each.
    std::vector<all_say> matches{};
    std::size_t match = 0, mismatch = 0, undecided = 0;
    std::vector<source_pair> pairs{};
    std::vector<gold_side> sides{};
    std::vector<named_estimate> coefficients{};
    latent_truth truth{};
    /// One a source.
    std::vector<source_triads> triads{};
    std::vector<list_agreement> lists{};
    /// Of every teacher that has several files.
    std::vector<std::pair<std::string, card_consistency>> consistency{};
    /// One a source where there is a truth, else none.
    std::vector<teacher_card> cards{};

    /// The name of a place of `source_pair`.
    [[nodiscard]] const std::string& name(std::size_t place) const {
        static const std::string truth_name = "gold";
        return place < input.sources.size() ? input.sources[place].name : truth_name;
    }
};

namespace detail {

inline pair_categories categories_of_pairs(const compared_sources& all, const std::string& field) {
    if (field.empty()) return {};
    std::vector<std::string> names;
    for (const matched_pair& pair : all.pairs) names.push_back(pair.category);
    return categories_named(names, field, " (--columns names a file that has)");
}

inline card_subject subject_of(const compared_sources& all, const compared_source& source,
                               const pair_categories& categories, const compare_options& options) {
    card_subject subject{.name = source.name,
                         .truth = all.gold->name,
                         .length_unit = options.length,
                         .pairs = {},
                         .category_field = options.category,
                         .categories = categories.names};
    for (std::size_t i = 0; i < all.pairs.size(); ++i) {
        if (source.lines[i] == 0 || all.gold->lines[i] == 0) continue;
        const matched_pair& pair = all.pairs[i];
        subject.pairs.push_back({.prompt = pair.texts.prompt,
                                 .said = source.said[i],
                                 .gold = all.gold->said[i],
                                 .length_difference = pair.first_length - pair.second_length,
                                 .first_shown_first = source.first_stands_first[i],
                                 .first_listed_first = all.gold->first_stands_first[i],
                                 .category = categories.of_pair.empty() ? 0 : categories.of_pair[i]});
    }
    return subject;
}

inline std::vector<std::pair<std::string, card_consistency>> consistencies_of(const compared_sources& all,
                                                                              std::size_t bins, double confidence) {
    std::vector<std::pair<std::string, card_consistency>> found;
    for (std::size_t s = 0; s < all.sources.size(); ++s) {
        std::vector<std::string> names;
        std::vector<const compared_source*> repeats;
        for (const compared_source& source : all.sources)
            if (source.group == all.sources[s].group) {
                repeats.push_back(&source);
                names.push_back(source.name);
            }
        if (repeats.size() < 2 || repeats.front() != &all.sources[s]) continue;
        std::vector<repeated_pair> pairs;
        for (std::size_t i = 0; i < all.pairs.size(); ++i) {
            repeated_pair& pair = pairs.emplace_back(all.pairs[i].texts.prompt);
            if (all.gold) pair.gold = all.gold->said[i];
            for (const compared_source* repeat : repeats) pair.said.push_back(repeat->said[i]);
        }
        found.emplace_back(all.sources[s].group, consistency_of(std::move(names), pairs, bins, confidence));
    }
    return found;
}

inline std::vector<list_agreement> compare_all_lists(const compared_sources& all, double confidence) {
    std::vector<const compared_source*> each;
    for (const compared_source& source : all.sources) each.push_back(&source);
    if (all.gold) each.push_back(&*all.gold);
    std::vector<list_agreement> found;
    for (std::size_t a = 0; a < each.size(); ++a)
        for (std::size_t b = a + 1; b < each.size(); ++b) {
            if (each[a]->lists.empty() || each[b]->lists.empty()) continue;
            found.push_back(compare_lists(each[a]->lists, each[a]->path, each[b]->lists, each[b]->path, confidence));
            found.back().first = a;
            found.back().second = b;
        }
    return found;
}

inline std::vector<std::pair<std::string, std::string>> facts_of_source(const compared_source& source) {
    std::vector<std::pair<std::string, std::string>> facts;
    if (!source.path.empty()) facts.emplace_back("file", source.path);
    facts.emplace_back("pairs", message(source.pairs, ", of which decided ", source.decided, ", ties ", source.ties));
    std::string left;
    for (const auto& [reason, count] : source.left_out) left += message(left.empty() ? "" : ", ", reason, " ", count);
    if (!left.empty()) facts.emplace_back("left out when it was made", left);
    return facts;
}

inline void make_cards(label_comparison& found, const pair_categories& categories, const compare_options& options,
                       comparing_work& work) {
    std::unordered_set<std::uint64_t> learned;
    if (!options.learned.empty()) learned = prompts_of(options.learned, options);
    for (const compared_source& source : found.input.sources) {
        const card_subject subject = subject_of(found.input, source, categories, options);
        teacher_card card = card_of(subject, options.bins, options.confidence);
        card.facts = facts_of_source(source);
        if (!options.learned.empty()) card.overlap = overlap_of(subject, learned);
        for (const auto& [group, consistency] : found.consistency)
            if (group == source.group) card.consistency = consistency;
        found.cards.push_back(std::move(card));
        work.piece();
    }
}

} // namespace detail

/// \throws input_error as `read_sources` does, and where a category was asked for that no file has
inline label_comparison compare_sources(compared_sources input, const compare_options& options, comparing_work& work) {
    label_comparison found{.input = std::move(input),
                           .confidence = options.confidence,
                           .category_field = options.category,
                           .length_unit = options.length};
    const compared_sources& all = found.input;
    const pair_categories categories = detail::categories_of_pairs(all, options.category);
    found.matches = matches_of(all);
    for (const all_say said : found.matches)
        ++(said == all_say::match ? found.match : said == all_say::mismatch ? found.mismatch : found.undecided);
    const std::size_t sources = all.sources.size(), voices = sources + (all.gold ? 1 : 0);
    work.begin_comparing(voices * (voices - 1) / 2 + (all.gold ? sources : 0));
    found.pairs = compare_all(all, categories, options.bins, options.confidence, work);
    found.sides = sides_of_gold(all);
    found.coefficients = coefficients_of(all, options.confidence);
    found.truth = latent_truth_of(all, options.confidence);
    for (const compared_source& source : all.sources) found.triads.push_back(triads_of(all, source));
    found.lists = detail::compare_all_lists(all, options.confidence);
    found.consistency = detail::consistencies_of(all, options.bins, options.confidence);
    if (all.gold) detail::make_cards(found, categories, options, work);
    return found;
}
inline label_comparison compare_sources(compared_sources input, const compare_options& options) {
    comparing_work unwatched;
    return compare_sources(std::move(input), options, unwatched);
}

/// Sentences: what was asked for and cannot be told, as files have no pair in common.
inline std::vector<std::string> undefined_results(const label_comparison& found) {
    const compared_sources& all = found.input;
    const std::size_t files = all.sources.size() - (all.human_is_source ? 1 : 0);
    // Whether two places below both ends have something in common; that of the truth lies behind the sources.
    const auto any = [&](std::size_t end, std::size_t begin_of_second, std::size_t end_of_second) {
        const auto within = [&](std::size_t first, std::size_t second) {
            return first < end && second >= begin_of_second && second < end_of_second;
        };
        return std::ranges::any_of(
                   found.pairs,
                   [&](const source_pair& pair) { return pair.pairs > 0 && within(pair.first, pair.second); }) ||
               std::ranges::any_of(found.lists, [&](const list_agreement& lists) {
                   return lists.lists > 0 && within(lists.first, lists.second);
               });
    };
    std::vector<std::string> told;
    const std::size_t sources = all.sources.size();
    if (all.gold && !any(sources, sources, sources + 1))
        told.push_back(message("no source has a verdict on a pair of which ", all.gold->name,
                               ", the truth, has one: no accuracy is defined"));
    if (files > 1 && !any(files, 0, files))
        told.emplace_back("no two of the files have verdicts on a common pair: how far they agree is not defined");
    if (files == 1 && !all.gold && !any(sources, 0, sources))
        told.emplace_back("one file, and no truth or people's verdicts on its pairs: nothing is compared");
    return told;
}

/// Whether what was asked for is defined: files have pairs in common, with each other and with the truth.
inline bool has_result(const label_comparison& found) { return undefined_results(found).empty(); }

} // namespace preflearn
