#include <cmath>
#include <filesystem>
#include <string>
#include <utility>

#include <doctest/doctest.h>

#include <preflearn/pipeline/ranking/study.hpp>

#include "../../files.hpp"

using namespace preflearn;

TEST_CASE("games of a file are rated on the scale asked for, from the anchor asked for") {
    const test::folder folder;
    const auto path = folder.write("games.csv", "left,right,winner\na,b,left\na,b,left\na,b,right\n");
    const ranking_study plain = rank_games(read_games(path), ranking_request{});
    REQUIRE(plain.fit().converged());
    CHECK(plain.report.scores[0] - plain.report.scores[1] == doctest::Approx(std::log(2.0)));
    CHECK(plain.scale_words() == "Scores are natural logits with mean zero");
    CHECK(plain.records[0].wins == 2);

    const ranking_study elo = rank_games(read_games(path), ranking_request{.elo = true, .anchor = "b", .zero = 1500});
    CHECK(elo.scale.score(elo.report.scores[1]) == 1500);
    CHECK(elo.scale.score(elo.report.scores[0]) == doctest::Approx(1500 + 400 * std::log10(2.0)));
    CHECK(test::contains(elo.scale_words(), "with 'b' at 1500"));
    CHECK(test::error_of([&] { (void)rank_games(read_games(path), ranking_request{.anchor = "c"}); }) ==
          "there is no item 'c' among the 2: 'a', 'b'");
}

TEST_CASE("errors of sampling weights do not depend on their scale") {
    const test::folder folder;
    std::string once = "left,right,winner,weight\n", tenfold = once;
    for (const auto& [game, weight] :
         {std::pair{"a,b,left", "1"}, {"a,b,left", "2"}, {"a,b,right", "1"}, {"b,a,left", "2"}, {"a,b,left", "3"}}) {
        once += message(game, ',', weight, '\n');
        tenfold += message(game, ',', weight, "0\n");
    }
    const auto plain = folder.write("once.csv", once), ten = folder.write("ten.csv", tenfold);
    const auto error = [](const std::filesystem::path& path, bool sampling) {
        return rank_games(read_games(path), ranking_request{.sampling_weights = sampling}).report.standard_errors[0];
    };
    CHECK(error(ten, true) == doctest::Approx(error(plain, true)));
    CHECK(error(ten, false) == doctest::Approx(error(plain, false) / std::sqrt(10.0)));
}
