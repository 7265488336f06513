/// \file
/// Why a board has no rating, in words and in names: the parts that no game joins, the groups between which wins go one
/// way only, the covariates that say nothing of their own.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <span>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <preflearn/core/system/error.hpp>
#include <preflearn/ranking/board/win_graph.hpp>

namespace preflearn {

/// An effect (a feature by its number, or the order effect) that the games cannot tell from the items' strengths and
/// the effects before it: effect = Σ coefficient · other effect [+ a difference of numbers of the two items].
struct aliased_effect {
    /// Nothing: the order effect.
    std::optional<std::size_t> feature{};
    struct term {
        std::optional<std::size_t> feature{};
        double coefficient = 0;
    };
    /// Empty, without items: it is 0 in every game.
    std::vector<term> of{};
    bool of_items = false;
};

/// The items of each component (joined by games) or strong group, by `number` of each item. Parts are in the order of
/// their numbers, items ascending.
inline std::vector<std::vector<item_id>> items_by_part(std::span<const item_id> number, std::size_t parts) {
    std::vector<std::vector<item_id>> items(parts);
    for (std::size_t i = 0; i < number.size(); ++i) items[number[i]].push_back(static_cast<item_id>(i));
    return items;
}

/// A name on one line, its control characters escaped and the rest of a long one left out; without the quotes of a
/// message where there is nothing to mistake.
inline std::string shown_item(item_id item, std::span<const std::string> names) {
    if (names.empty()) return std::to_string(item);
    std::string text = message(excerpt{names[item]});
    const bool plain = text.size() == names[item].size() + 2 && text.compare(1, text.size() - 2, names[item]) == 0 &&
                       names[item].find_first_of(",{};") == std::string::npos && !names[item].empty();
    return plain ? names[item] : text;
}

/// "item 3, 5, 8 and 12 more", or their names.
inline std::string some_items(std::span<const item_id> items, std::span<const std::string> names) {
    constexpr std::size_t most = 8;
    std::string text = names.empty() ? "item " : "";
    for (std::size_t i = 0; i < std::min(most, items.size()); ++i)
        text += (i == 0 ? "" : ", ") + shown_item(items[i], names);
    if (items.size() > most) text += " and " + std::to_string(items.size() - most) + " more";
    return text;
}

/// "{A, B}, {C, D} and 3 more parts"
inline std::string some_parts(const std::vector<std::vector<item_id>>& parts, std::span<const std::string> names,
                              const char* what) {
    constexpr std::size_t most = 6;
    std::string text;
    for (std::size_t p = 0; p < std::min(most, parts.size()); ++p)
        text += (p == 0 ? "{" : ", {") + some_items(parts[p], names) + "}";
    if (parts.size() > most) text += " and " + std::to_string(parts.size() - most) + " more " + what;
    return text;
}

inline std::string disconnection_reason(const win_graph& graph, std::span<const std::string> names = {}) {
    std::vector<std::vector<item_id>> played = items_by_part(graph.component, graph.components);
    std::erase_if(played, [](const auto& part) { return part.size() < 2; });
    std::string text = "no games join the " + std::to_string(graph.components) + " parts of the board";
    if (!played.empty()) text += ": " + some_parts(played, names, "parts");
    if (!graph.unplayed.empty()) text += "; without a game: " + some_items(graph.unplayed, names);
    return text + ". Scores of different parts cannot be compared";
}

/// Groups of several items that never lost to, or never won against, an item of another group (single items are
/// `win_graph::undefeated` and `winless`).
struct one_way_groups {
    std::vector<std::vector<item_id>> unbeaten{}, winless{};
};

inline one_way_groups one_way_groups_of(const win_graph& graph) {
    std::vector<bool> lost(graph.groups), won(graph.groups);
    for (const auto& [winner, loser] : graph.condensation) won[winner] = lost[loser] = true;
    one_way_groups found;
    std::vector<std::vector<item_id>> groups = items_by_part(graph.group, graph.groups);
    for (std::size_t g = 0; g < groups.size(); ++g) {
        if (groups[g].size() < 2 || won[g] == lost[g]) continue;
        (won[g] ? found.unbeaten : found.winless).push_back(std::move(groups[g]));
    }
    return found;
}

inline std::string separation_reason(const win_graph& graph, std::span<const std::string> names = {}) {
    std::string text = "the win graph is not strongly connected: it falls into " + std::to_string(graph.groups) +
                       " groups, and wins between two of them go one way only";
    const one_way_groups several = one_way_groups_of(graph);
    if (!graph.undefeated.empty()) text += "; never beaten: " + some_items(graph.undefeated, names);
    if (!several.unbeaten.empty()) text += "; never beaten by others: " + some_parts(several.unbeaten, names, "groups");
    if (!graph.winless.empty()) text += "; never won: " + some_items(graph.winless, names);
    if (!several.winless.empty()) text += "; never won against others: " + some_parts(several.winless, names, "groups");
    return text + ". A prior, or more games, would make the scores finite";
}

inline std::string effect_name(const std::optional<std::size_t>& feature, std::span<const std::string> names) {
    if (!feature) return "the order effect";
    if (names.empty()) return "feature " + std::to_string(*feature);
    return message(excerpt{names[*feature]});
}

inline std::string alias_reason(std::span<const aliased_effect> aliased, std::span<const std::string> names = {}) {
    std::string text;
    for (const aliased_effect& effect : aliased) {
        const std::string name = effect_name(effect.feature, names);
        text += (text.empty() ? "" : "; ") + name;
        if (effect.of.empty()) {
            text += effect.of_items
                        ? " is determined by the items: in every game it is a number of the left item minus "
                          "one of the right"
                        : " is 0 in every game";
            continue;
        }
        text += " is";
        for (std::size_t k = 0; k < effect.of.size(); ++k) {
            const auto& [other, coefficient] = effect.of[k];
            std::ostringstream number;
            number.precision(4);
            number << std::abs(coefficient);
            text += k == 0 ? (coefficient < 0 ? " −" : " ") : (coefficient < 0 ? " − " : " + ");
            const std::string times = number.str() == "1" ? "" : number.str() + " · ";
            text += other ? times + effect_name(other, names) : number.str() + " (the order effect)";
        }
        text += effect.of_items ? " plus a difference of the items, in every game" : " in every game";
    }
    return "the likelihood is flat: " + text + ". Leave " + (aliased.size() == 1 ? "it" : "these") +
           " out: nothing of " + (aliased.size() == 1 ? "its" : "their") + " own can be estimated";
}

} // namespace preflearn
