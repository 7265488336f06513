/// \file
/// Splits pairs into a labelled, an unlabelled and a test part (the setting of Tao & Li 2025), grouped by prompt so
/// that no prompt leaks from one into another, and puts the two responses in a random order so that position says
/// nothing.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <ranges>
#include <span>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include <preflearn/core/comparison.hpp>
#include <preflearn/core/numbers/random.hpp>
#include <preflearn/core/preference.hpp>
#include <preflearn/core/requirements.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/data/selection/prompt_groups.hpp>

namespace preflearn {

/// The sizes of the three parts in pairs. What no part has room for is left out.
struct split_options {
    std::size_t labelled = 0, unlabelled = 0, test = 0;
    std::uint64_t seed = 0;
    /// Groups of equal prompts may leave a part short of its size, by less than the largest group. When true that is
    /// an error, when false it is accepted. A part is never larger than asked.
    bool exact = true;
};

/// Shares of all pairs, each in [0, 1], with a sum of at most 1.
struct split_shares {
    double labelled = 0, unlabelled = 0, test = 0;
};

/// The sizes that the shares mean for so many pairs: rounded down, and shares that sum to one leave no pair over
/// (the remainder goes to the unlabelled part). Not exact, since shares seldom fit groups.
/// \throws argument_error when a share is negative, or their sum is over 1.
inline split_options sizes_of(const split_shares& shares, std::size_t pairs, std::uint64_t seed = 0) {
    const double sum = shares.labelled + shares.unlabelled + shares.test;
    constexpr double rounding = 1e-9;
    require(shares.labelled >= 0 && shares.unlabelled >= 0 && shares.test >= 0 && sum <= 1 + rounding,
            "shares of a split are at least 0 and sum to at most 1, found ", shares.labelled, " labelled, ",
            shares.unlabelled, " unlabelled, ", shares.test, " test");
    const auto size = [&](double share) {
        return std::min(pairs, static_cast<std::size_t>(std::floor(share * static_cast<double>(pairs) + rounding)));
    };
    split_options sizes{.labelled = size(shares.labelled), .test = size(shares.test), .seed = seed, .exact = false};
    sizes.unlabelled =
        sum > 1 - rounding ? pairs - std::min(pairs, sizes.labelled + sizes.test) : size(shares.unlabelled);
    return sizes;
}

template <class C> struct preference_split {
    /// Copies of the pairs, some with their responses swapped. Pairs with one prompt are neighbours.
    std::vector<C> labelled, unlabelled, test;
    /// The labels given, of the pairs in the three parts, for the responses as they now stand.
    label_set labels;
};

/// Whether split_preferences with this seed swaps the responses of the pair.
inline bool is_swapped(std::uint64_t seed, std::uint64_t id) { return generator(seed, "orientation", id)() >> 63 != 0; }

/// Deals the pairs out. Every group of equal prompts has a random rank, drawn from the seed and its smallest id; in
/// that order each group goes, whole, to the first of test, labelled and unlabelled that still has room for it. Hence:
/// - the result depends on the seed and the set of pairs, not on their order or on the machine;
/// - with one seed the test part stays the same when the other sizes change, and (as far as groups fit) a smaller
///   labelled part is the beginning of a larger one;
/// - a part falls short of its size by less than the largest group.
/// Only `first` and `second` are swapped and labels mirrored; other members of C stay as they are (see is_swapped).
/// Labels of other pairs and pairs without a label are fine.
/// \param test_only ids of pairs that may be judged but not learned from (two identical responses): of a group that
/// does not go to the test part they are left out \throws argument_error naming the numbers when there are too few
/// pairs, when a part falls short and `exact` is set; or naming the id that two pairs share.
template <std::ranges::contiguous_range Comparisons>
auto split_preferences(const Comparisons& range, const label_set& labels, const split_options& options,
                       const std::unordered_set<std::uint64_t>& test_only = {}) {
    using C = std::ranges::range_value_t<Comparisons>;
    check_comparison<C>();
    const auto comparisons = view_of(range);
    struct part {
        std::string_view name;
        std::size_t size;
        std::vector<C>* pairs;
        bool takes_all;
    };
    preference_split<C> result;
    const std::array parts{part{"test", options.test, &result.test, true},
                           part{"labelled", options.labelled, &result.labelled, false},
                           part{"unlabelled", options.unlabelled, &result.unlabelled, false}};
    std::size_t left = comparisons.size();
    for (const part& p : parts) {
        require(p.size <= left, "a split into ", options.labelled, " labelled, ", options.unlabelled,
                " unlabelled and ", options.test, " test pairs needs more than the ", comparisons.size(), " given");
        left -= p.size;
    }
    require(test_only.size() <= comparisons.size() &&
                options.labelled + options.unlabelled <= comparisons.size() - test_only.size(),
            "a split into ", options.labelled, " labelled and ", options.unlabelled,
            " unlabelled pairs needs more than the ",
            comparisons.size() - std::min(comparisons.size(), test_only.size()), " that can be learned from");
    const auto id_of = [&](std::size_t i) { return static_cast<std::uint64_t>(comparisons[i].id); };
    std::unordered_set<std::uint64_t> ids;
    for (std::size_t i = 0; i < comparisons.size(); ++i) {
        require(ids.insert(id_of(i)).second, "two comparisons have the id ", id_of(i));
    }

    struct ranked_group {
        std::uint64_t rank, smallest_id;
        std::vector<std::size_t> members;
    };
    std::vector<ranked_group> groups;
    std::size_t largest = 0;
    for (auto& members : group_by_prompt(comparisons)) {
        std::ranges::sort(members, {}, id_of);
        largest = std::max(largest, members.size());
        const std::uint64_t smallest = id_of(members.front());
        groups.push_back({generator(options.seed, "split", smallest)(), smallest, std::move(members)});
    }
    std::ranges::sort(groups, {}, [](const ranked_group& g) { return std::pair(g.rank, g.smallest_id); });

    for (const ranked_group& group : groups) {
        const auto only_test = static_cast<std::size_t>(
            std::ranges::count_if(group.members, [&](std::size_t i) { return test_only.contains(id_of(i)); }));
        const auto home = std::ranges::find_if(parts, [&](const part& p) {
            return p.size - p.pairs->size() >= group.members.size() - (p.takes_all ? 0 : only_test);
        });
        if (home == parts.end()) continue;
        for (const std::size_t i : group.members) {
            if (!home->takes_all && test_only.contains(id_of(i))) continue;
            C& pair = home->pairs->emplace_back(comparisons[i]);
            const bool swap = is_swapped(options.seed, id_of(i));
            if (swap) std::ranges::swap(pair.first, pair.second);
            if (const auto verdict = labels.find(id_of(i))) {
                result.labels.add({id_of(i), swap ? verdict->mirrored() : *verdict});
            }
        }
    }
    for (const part& p : parts) {
        require(!options.exact || p.pairs->size() == p.size, "groups of equal prompts (the largest has ", largest,
                " pairs) fill the ", p.name, " part to ", p.pairs->size(), " of ", p.size,
                " pairs; ask for another size, or set exact = false");
    }
    return result;
}

} // namespace preflearn
