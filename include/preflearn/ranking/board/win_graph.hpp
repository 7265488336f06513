/// \file
/// Whether a rating exists. The Bradley-Terry likelihood has a finite maximum exactly when the win graph (an edge from
/// every winner to every loser) is strongly connected (Ford 1957); scores of items that no chain of games joins cannot
/// be compared at all. The graph's strong groups and the edges between them (Tarjan 1972) say what is missing.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <utility>
#include <vector>

#include <preflearn/ranking/board/counts.hpp>

namespace preflearn {

/// Whether a tie is an edge both ways (it is evidence against either side's infinite superiority) or no edge.
enum class tie_edges : bool { none, both_ways };

struct win_graph {
    /// Items joined by games in any direction: their number, and each item's, numbered by smallest item.
    std::size_t components = 0;
    std::vector<item_id> component{};
    /// Strongly connected groups, numbered so that wins lead from lower to higher numbers.
    std::size_t groups = 0;
    std::vector<item_id> group{};
    /// The condensation: pairs (winning group, losing group), sorted, each once. It has no cycle.
    std::vector<std::pair<item_id, item_id>> condensation{};
    /// Items that met others but never lost, or never won, a part of a game, and items that met nobody; ascending.
    std::vector<item_id> undefeated{}, winless{}, unplayed{};

    [[nodiscard]] bool connected() const { return components == 1; }
    [[nodiscard]] bool strongly_connected() const { return groups == 1; }
};

namespace detail {

/// Edges of each winner, back to back.
struct edge_lists {
    std::vector<std::size_t> start;
    std::vector<item_id> to;
};

inline edge_lists win_edges(const pair_counts& counts, tie_edges ties) {
    edge_lists edges{std::vector<std::size_t>(counts.items + 1), {}};
    const auto each = [&](auto&& visit) {
        for (const pair_cell& c : counts.cells) {
            const bool tied = ties == tie_edges::both_ways && c.ties > 0;
            if (c.left_wins > 0 || tied) visit(c.left, c.right);
            if (c.right_wins > 0 || tied) visit(c.right, c.left);
        }
    };
    each([&](item_id from, item_id) { ++edges.start[from + 1]; });
    std::partial_sum(edges.start.begin(), edges.start.end(), edges.start.begin());
    edges.to.resize(edges.start.back());
    std::vector<std::size_t> next(edges.start.begin(), edges.start.end() - 1);
    each([&](item_id from, item_id to) { edges.to[next[from]++] = to; });
    return edges;
}

/// Tarjan's algorithm with its own stack; groups come out last first.
inline std::size_t strong_groups(const edge_lists& edges, std::vector<item_id>& group) {
    const std::size_t n = edges.start.size() - 1;
    constexpr item_id unseen = std::numeric_limits<item_id>::max();
    std::vector<item_id> order(n, unseen), low(n), stack, path;
    std::vector<std::size_t> next(edges.start.begin(), edges.start.end() - 1);
    group.assign(n, unseen);
    item_id seen = 0, groups = 0;
    for (item_id root = 0; root < n; ++root) {
        if (order[root] != unseen) continue;
        path.push_back(root);
        while (!path.empty()) {
            const item_id v = path.back();
            if (order[v] == unseen) {
                order[v] = low[v] = seen++;
                stack.push_back(v);
            }
            bool deeper = false;
            for (; next[v] < edges.start[v + 1] && !deeper; ++next[v]) {
                const item_id w = edges.to[next[v]];
                if (order[w] == unseen) {
                    path.push_back(w);
                    deeper = true;
                    break; // this edge is read again on the way back, for low[w]
                }
                if (group[w] == unseen) low[v] = std::min(low[v], low[w]);
            }
            if (deeper) continue;
            path.pop_back();
            if (low[v] != order[v]) continue;
            item_id w = unseen;
            do {
                w = stack.back();
                stack.pop_back();
                group[w] = groups;
            } while (w != v);
            ++groups;
        }
    }
    for (item_id& g : group) g = groups - 1 - g;
    return groups;
}

/// Whether item 0 reaches all others and is reached by all, when a few passes over the cells show it: on a board where
/// everybody meets many others the first pass ends after a few rows.
inline bool plainly_strong(const pair_counts& counts, tie_edges ties) {
    if (counts.items == 0) return false;
    for (const bool forward : {true, false}) {
        std::vector<std::uint8_t> reached(counts.items);
        reached[0] = 1;
        std::size_t left_over = counts.items - 1;
        for (int pass = 0; pass < 4 && left_over > 0; ++pass) {
            for (const pair_cell& c : counts.cells) {
                if (reached[c.left] == reached[c.right]) continue;
                const bool tied = ties == tie_edges::both_ways && c.ties > 0;
                const bool from_left = reached[c.left] != 0;
                const double wins = from_left == forward ? c.left_wins : c.right_wins;
                if (!(wins > 0 || tied)) continue;
                reached[c.left] = reached[c.right] = 1;
                if (--left_over == 0) break;
            }
        }
        if (left_over > 0) return false;
    }
    return true;
}

} // namespace detail

inline win_graph analyse_wins(const pair_counts& counts, tie_edges ties = tie_edges::both_ways) {
    win_graph graph;
    const std::size_t n = counts.items;
    if (detail::plainly_strong(counts, ties)) {
        graph.components = graph.groups = 1;
        graph.component.resize(n);
        graph.group.resize(n);
        // a single item without a game is strongly connected with itself
        if (n == 1) graph.unplayed.push_back(0);
        return graph;
    }
    const detail::edge_lists edges = detail::win_edges(counts, ties);
    graph.groups = detail::strong_groups(edges, graph.group);

    std::vector<item_id> parent(n);
    std::iota(parent.begin(), parent.end(), item_id{0});
    const auto root_of = [&](item_id i) {
        while (parent[i] != i) i = parent[i] = parent[parent[i]];
        return i;
    };
    std::vector<bool> beaten(n), wins(n);
    for (item_id i = 0; i < n; ++i) {
        for (std::size_t e = edges.start[i]; e < edges.start[i + 1]; ++e) {
            const item_id j = edges.to[e];
            wins[i] = beaten[j] = true;
            const item_id a = root_of(i), b = root_of(j);
            parent[std::max(a, b)] = std::min(a, b);
            if (graph.group[i] != graph.group[j]) graph.condensation.emplace_back(graph.group[i], graph.group[j]);
        }
    }
    std::ranges::sort(graph.condensation);
    const auto repeated = std::ranges::unique(graph.condensation);
    graph.condensation.erase(repeated.begin(), repeated.end());

    graph.component.resize(n);
    for (item_id i = 0; i < n; ++i) {
        const item_id root = root_of(i);
        graph.component[i] = root == i ? static_cast<item_id>(graph.components++) : graph.component[root];
        if (!wins[i] && !beaten[i])
            graph.unplayed.push_back(i);
        else if (!beaten[i])
            graph.undefeated.push_back(i);
        else if (!wins[i])
            graph.winless.push_back(i);
    }
    return graph;
}

} // namespace preflearn
