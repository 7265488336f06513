/// \file
/// Strengths as differences along a maximum spanning tree of the games. Where weights lie many orders apart, the
/// derivative of an item's score is a sum in which its heavy games drown its light ones. A difference along an edge of
/// this tree touches only games that cross the edge, none of which is heavier than the edge itself (the cut property:
/// Kruskal 1956), so that gradient and information, scaled to a unit diagonal, keep their digits at any spread.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include <preflearn/ranking/board/games.hpp>

namespace preflearn {

/// Two nodes and how much joins them.
struct weighted_pair {
    item_id left, right;
    double weight;
};

class strength_tree {
  public:
    /// \param pairs of distinct nodes, in any order, each once
    strength_tree(std::size_t nodes, std::vector<weighted_pair> pairs, item_id root) : parent_(nodes), depth_(nodes) {
        std::ranges::sort(pairs, [](const weighted_pair& a, const weighted_pair& b) {
            return std::tuple(-a.weight, a.left, a.right) < std::tuple(-b.weight, b.left, b.right);
        });
        std::vector<item_id> leader(nodes);
        std::iota(leader.begin(), leader.end(), item_id{0});
        const auto leader_of = [&](item_id i) {
            while (leader[i] != i) i = leader[i] = leader[leader[i]];
            return i;
        };
        std::vector<std::vector<item_id>> joined(nodes);
        for (const weighted_pair& p : pairs) {
            const item_id a = leader_of(p.left), b = leader_of(p.right);
            if (a == b || !(p.weight > 0)) continue;
            leader[std::max(a, b)] = std::min(a, b);
            joined[p.left].push_back(p.right);
            joined[p.right].push_back(p.left);
        }
        order_.push_back(root);
        parent_[root] = root;
        for (std::size_t k = 0; k < order_.size(); ++k) {
            const item_id at = order_[k];
            for (const item_id next : joined[at]) {
                if (next == parent_[at]) continue;
                parent_[next] = at;
                depth_[next] = depth_[at] + 1;
                order_.push_back(next);
            }
        }
        edge_.assign(nodes, 0);
        for (std::size_t k = 1; k < order_.size(); ++k) edge_[order_[k]] = static_cast<Eigen::Index>(k - 1);
    }

    /// Whether every node was reached.
    [[nodiscard]] bool spans() const { return order_.size() == parent_.size(); }
    [[nodiscard]] Eigen::Index edges() const { return static_cast<Eigen::Index>(parent_.size()) - 1; }

    /// Calls visit(edge, sign): strength of `left` − strength of `right` = Σ sign · difference along the edge.
    template <class Visit> void path(item_id left, item_id right, const Visit& visit) const {
        while (left != right) {
            if (depth_[left] >= depth_[right]) {
                visit(edge_[left], 1.0);
                left = parent_[left];
            } else {
                visit(edge_[right], -1.0);
                right = parent_[right];
            }
        }
    }

    /// The strengths of all nodes; the root's is 0.
    [[nodiscard]] Eigen::VectorXd strengths(const Eigen::VectorXd& differences) const {
        Eigen::VectorXd of_node = Eigen::VectorXd::Zero(edges() + 1);
        for (std::size_t k = 1; k < order_.size(); ++k)
            of_node[order_[k]] = of_node[parent_[order_[k]]] + differences[static_cast<Eigen::Index>(k - 1)];
        return of_node;
    }

  private:
    std::vector<item_id> parent_, depth_;
    /// From the root outwards; the edge above order_[k] has number k − 1.
    std::vector<item_id> order_;
    std::vector<Eigen::Index> edge_;
};

} // namespace preflearn
