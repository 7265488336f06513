#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <variant>

#include <preflearn/core/preference.hpp>
#include <preflearn/data/tables/game_table.hpp>
#include <preflearn/programs/evaluating/evaluation_rows.hpp>
#include <preflearn/report/tables/table_data.hpp>

#include "../../files.hpp"
#include "evaluated_case.hpp"

using namespace preflearn;

TEST_CASE("rank's reader reads the games: one a prompt and pair by scores, one an order by comparisons") {
    const test::folder f;
    const evaluation of = test::evaluated_case();
    const game_table games = read_games(f.write("g.csv", to_csv(game_rows(of, 3))),
                                        {.cluster = "prompt", .judge = "judge", .covariates = {"length_difference"}});
    CHECK(games.items.size() == 3);
    CHECK(games.judges.names.size() == 2);
    CHECK(games.clusters.names.size() == 4);
    CHECK(games.winners.size() == 12 + 3 * 3 * 2);
    std::size_t weak = 0, sft = 0;
    for (std::size_t g = 0; g < games.winners.size(); ++g) {
        if (games.judges.names[games.judges.codes[g]] != "gold:1") continue;
        const std::string &left = games.items[games.left[g]], &right = games.items[games.right[g]];
        const std::string& winner = games.winners[g] == choice::first ? left : right;
        const bool them = (left == "weak" && right == "sft") || (left == "sft" && right == "weak");
        weak += them && winner == "weak";
        sft += them && winner == "sft";
    }
    CHECK(weak == 4);
    CHECK(sft == 0);
    evaluation named = test::evaluated_case();
    named.students.names[0] = "draw";
    CHECK(test::contains(test::error_of([&] { game_rows(named, 3); }), "a word for a winner"));
}

TEST_CASE("every response has a row with its length and its rewards") {
    const table rows = response_rows(test::evaluated_case());
    REQUIRE(rows.rows.size() == 4 * 3 * 2);
    CHECK(rows.columns.back().name == "reward by gold:1");
    CHECK(std::get<double>(rows.rows[1].back().content) == 1);
    CHECK(std::get<std::string>(rows.rows[1][6].content) == "length");
}
