#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/core/system/error.hpp>
#include <preflearn/ranking/board/counts.hpp>

#include "../boards.hpp"

using namespace test;

namespace {

/// The naive form: a map from pairs to sums.
std::vector<pair_cell> counted_by_map(const game_columns& games, sides orientation) {
    std::map<std::pair<item_id, item_id>, pair_cell> cells;
    for (std::size_t g = 0; g < games.left.size(); ++g) {
        item_id l = games.left[g], r = games.right[g];
        game_result result = games.results[g];
        if (orientation == sides::merged && l > r) {
            std::swap(l, r);
            if (result != game_result::tie)
                result = result == game_result::left ? game_result::right : game_result::left;
        }
        pair_cell& c = cells[{l, r}];
        c.left = l;
        c.right = r;
        const double w = games.weights.empty() ? 1 : games.weights[g];
        (result == game_result::left ? c.left_wins : result == game_result::right ? c.right_wins : c.ties) += w;
    }
    std::vector<pair_cell> list;
    for (const auto& [pair, cell] : cells)
        if (cell.games() > 0) list.push_back(cell);
    return list;
}

template <class Call> std::string sentence_of(const Call& call) {
    try {
        call();
    } catch (const argument_error& failure) {
        return failure.what();
    }
    return "";
}

} // namespace

TEST_CASE("counts are those of a map, on small, sparse and large boards, with and without sides") {
    for (const auto& [items, games] :
         {std::pair<std::size_t, std::size_t>{2, 1}, {3, 10}, {7, 500}, {4000, 300}, {90, 200'000}}) {
        game_columns columns = random_games(items, games, items);
        for (const sides orientation : {sides::merged, sides::kept}) {
            CHECK(count_games(columns.list(), orientation).cells == counted_by_map(columns, orientation));
        }
        generator random(3, "weights");
        for (std::size_t g = 0; g < games; ++g) columns.weights.push_back(static_cast<double>(random.below(4)) / 4);
        CHECK(count_games(columns.list()).cells == counted_by_map(columns, sides::merged)); // quarters add up exactly
    }
}

TEST_CASE("any integer type is counted, and only valid items") {
    const std::vector<std::int64_t> left{0, 2}, right{1, 0};
    const std::vector<game_result> results{game_result::left, game_result::tie};
    const pair_counts counts = count_games(3, left, right, results);
    REQUIRE(counts.cells.size() == 2);
    CHECK(counts.cells[0] == pair_cell{0, 1, 1, 0, 0});
    CHECK(counts.cells[1] == pair_cell{0, 2, 0, 0, 1});
    CHECK(counts.games() == 2);

    const std::vector<std::int64_t> negative{0, -1};
    CHECK(sentence_of([&] { count_games(3, negative, right, results); }) == "game 1: item -1 is not among the 3 items");
    CHECK(sentence_of([&] { count_games(2, left, right, results); }) == "game 1: item 2 is not among the 2 items");
    CHECK(sentence_of([&] { count_games(3, right, right, results); }) == "game 0: item 1 plays against itself");
    const double nan = std::numeric_limits<double>::quiet_NaN();
    for (const double bad : {nan, -1.0, std::numeric_limits<double>::infinity()}) {
        const std::vector<double> weights{1, bad};
        CHECK(sentence_of([&] { count_games(3, left, right, results, weights); }).starts_with("game 1: weight "));
        const std::vector<double> shares{bad, 1};
        CHECK(sentence_of([&] { count_shares(3, left, right, shares); }).starts_with("game 0: share "));
    }
    CHECK_THROWS_AS(count_games(3, left, right, std::span(results).first(1)), argument_error);
    CHECK(count_games(5, std::vector<int>{}, std::vector<int>{}, {}).cells.empty());
}

TEST_CASE("shares of a win go to both sides") {
    const std::vector<int> left{0, 1}, right{1, 0};
    const std::vector<double> shares{0.75, 0.5}, weights{2, 1};
    CHECK(count_shares(2, left, right, shares, weights).cells == std::vector<pair_cell>{{0, 1, 2.0, 1.0, 0}});
}

TEST_CASE("shards add up, whatever the order of games, and so does a stream") {
    const game_columns all = random_games(40, 12'000, 5);
    const game_list list = all.list();
    const auto part = [&](std::size_t begin, std::size_t count) {
        return count_games(list.items, list.left.subspan(begin, count), list.right.subspan(begin, count),
                           list.results.subspan(begin, count));
    };
    const pair_counts whole = count_games(list);
    CHECK(merge_counts(part(7000, 5000), part(0, 7000)) == whole);

    game_counter stream(40);
    for (std::size_t g = 5000; g < 12'000; ++g) stream.add(all.left[g], all.right[g], all.results[g]);
    stream.add(part(0, 5000));
    CHECK(stream.counts() == whole);
    CHECK_THROWS_AS(stream.add(3, 40, game_result::tie), argument_error);
    CHECK_THROWS_AS(stream.add(3, 4, game_result::tie, -1), argument_error);
    CHECK(stream.counts() == whole);
    CHECK_THROWS_AS(merge_counts(whole, count_games(list, sides::kept)), argument_error);
}

TEST_CASE("a typed matrix is checked entry by entry") {
    const pair_counts counts = citations();
    REQUIRE(counts.cells.size() == 6);
    CHECK(counts.cells[0] == pair_cell{0, 1, 730, 33, 0});
    CHECK(counts.games() == 3727);
    CHECK(sentence_of([] {
              counts_of_matrix(2, std::vector<double>{0, 1, -2, 0});
          }).starts_with("win matrix, row 1, column 0: -2"));
    CHECK(sentence_of([] {
              counts_of_matrix(2, std::vector<double>{3, 1, 2, 0});
          }).starts_with("win matrix, row 0, column 0: 3"));
    CHECK_THROWS_AS(counts_of_matrix(2, std::vector<double>{0, 1, 2}), argument_error);
}
