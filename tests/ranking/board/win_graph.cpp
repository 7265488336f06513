#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/core/numbers/random.hpp>
#include <preflearn/ranking/board/win_graph.hpp>

#include "../boards.hpp"

using namespace test;

namespace {

using ids = std::vector<item_id>;

/// A board of single wins (winner, loser).
pair_counts board(std::size_t items, const std::vector<std::pair<item_id, item_id>>& wins) {
    game_columns games{.items = items};
    for (const auto& [winner, loser] : wins) games.add(winner, loser, game_result::left);
    return count_games(games.list());
}

} // namespace

TEST_CASE("a cycle is strongly connected; a chain is not") {
    const win_graph cycle = analyse_wins(board(3, {{0, 1}, {1, 2}, {2, 0}}));
    CHECK(cycle.strongly_connected());
    CHECK(cycle.connected());
    CHECK(cycle.undefeated.empty());
    CHECK(cycle.condensation.empty());

    const win_graph chain = analyse_wins(board(4, {{2, 1}, {1, 0}, {0, 3}}));
    CHECK(chain.connected());
    CHECK(chain.groups == 4);
    CHECK(chain.group == ids{2, 1, 0, 3});
    CHECK(chain.undefeated == ids{2});
    CHECK(chain.winless == ids{3});
    CHECK(chain.condensation == std::vector<std::pair<item_id, item_id>>{{0, 1}, {1, 2}, {2, 3}});
}

TEST_CASE("two cycles joined by one-way wins fall into two groups, although nobody is undefeated") {
    const win_graph graph = analyse_wins(board(5, {{0, 1}, {1, 0}, {2, 3}, {3, 4}, {4, 2}, {3, 0}, {4, 1}}));
    CHECK(graph.connected());
    CHECK(graph.groups == 2);
    CHECK(graph.group == ids{1, 1, 0, 0, 0});
    CHECK(graph.condensation == std::vector<std::pair<item_id, item_id>>{{0, 1}});
    CHECK(graph.undefeated.empty());
    CHECK(graph.winless.empty());
}

TEST_CASE("parts of the board and items without a game are told") {
    const win_graph graph = analyse_wins(board(6, {{4, 1}, {1, 4}, {0, 5}}));
    CHECK(graph.components == 4);
    CHECK(graph.component == ids{0, 1, 2, 3, 1, 0});
    CHECK(graph.unplayed == ids{2, 3});
    CHECK(graph.undefeated == ids{0});
    CHECK(graph.winless == ids{5});
}

TEST_CASE("a tie joins both ways, or not at all when ties are dropped") {
    game_columns games{.items = 2};
    games.add(0, 1, game_result::tie);
    const pair_counts counts = count_games(games.list());
    CHECK(analyse_wins(counts, tie_edges::both_ways).strongly_connected());
    const win_graph dropped = analyse_wins(counts, tie_edges::none);
    CHECK(dropped.components == 2);
    CHECK(dropped.unplayed == ids{0, 1});
}

TEST_CASE("groups are those of reachability, on random sparse boards") {
    for (std::uint64_t seed = 0; seed < 60; ++seed) {
        constexpr std::size_t n = 12;
        const game_columns games = random_games(n, 6 + seed % 20, seed, 0);
        const win_graph graph = analyse_wins(count_games(games.list()));
        bool reach[n][n] = {};
        for (std::size_t i = 0; i < n; ++i) reach[i][i] = true;
        for (std::size_t g = 0; g < games.left.size(); ++g) {
            const bool left = games.results[g] == game_result::left;
            reach[left ? games.left[g] : games.right[g]][left ? games.right[g] : games.left[g]] = true;
        }
        for (std::size_t k = 0; k < n; ++k)
            for (std::size_t i = 0; i < n; ++i)
                for (std::size_t j = 0; j < n; ++j) reach[i][j] = reach[i][j] || (reach[i][k] && reach[k][j]);
        for (std::size_t i = 0; i < n; ++i) {
            for (std::size_t j = 0; j < n; ++j) {
                CHECK((graph.group[i] == graph.group[j]) == (reach[i][j] && reach[j][i]));
                if (reach[i][j] && !reach[j][i]) CHECK(graph.group[i] < graph.group[j]);
            }
        }
    }
}
