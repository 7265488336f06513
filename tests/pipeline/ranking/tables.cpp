#include <string>
#include <variant>

#include <doctest/doctest.h>

#include <preflearn/pipeline/ranking/tables.hpp>
#include <preflearn/report/tables/table_text.hpp>

#include "../../files.hpp"

using namespace preflearn;

TEST_CASE("the best item stands first, with its interval, ranks and record") {
    const test::folder folder;
    const auto path = folder.write("games.csv", "left,right,winner\nb,a,left\na,b,left\nb,a,left\nb,a,tie\n");
    const ranking_study study = rank_games(read_games(path), ranking_request{});
    const table ranked = ranked_table(study);
    REQUIRE(ranked.rows.size() == 2);
    const std::string text = to_text(ranked);
    CHECK(std::get<std::string>(ranked.rows[0][1].content) == "b");
    CHECK(test::contains(text, "62.5%"));
    CHECK(test::contains(text, "ranks and tiers hold for all items at once"));
    CHECK(ranked.columns.size() == 10); // no weights
}

TEST_CASE("what happened is shown where there is no rating, in place of scores") {
    const test::folder folder;
    const auto path = folder.write("games.csv", "left,right,winner\na,b,left\nc,d,left\n");
    const ranking_study study = rank_games(read_games(path), ranking_request{});
    CHECK(!study.fit().converged());
    CHECK(record_table(study).rows.size() == 4);
}
