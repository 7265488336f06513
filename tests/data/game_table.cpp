#include <sstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/core/error.hpp>
#include <preflearn/data/game_table.hpp>

using namespace preflearn;

namespace {

game_table parsed(const std::string& text, const std::string& cluster = "") {
    std::istringstream stream(text);
    return games_of(read_csv(csv_reader(stream, "games.csv")), cluster);
}

std::string sentence_of(const std::string& text, const std::string& cluster = "") {
    try {
        parsed(text, cluster);
    } catch (const input_error& failure) {
        return failure.what();
    }
    return "";
}

using numbers = std::vector<std::uint32_t>;

} // namespace

TEST_CASE("columns in any order, all words for a winner, weights and clusters") {
    const game_table games = parsed("who,winner,weight,right,left\n"
                                    "ann,left,1,b,a\nbob,y,0.5,c,a\nann,draw,2e1,a,\"c\"\nann,tie,0,b,c\n",
                                    "who");
    CHECK(games.items == std::vector<std::string>{"a", "b", "c"});
    CHECK(games.left == numbers{0, 0, 2, 2});
    CHECK(games.right == numbers{1, 2, 0, 1});
    CHECK(games.winners == std::vector<choice>{choice::first, choice::second, choice::tie, choice::tie});
    CHECK(games.weights == std::vector<double>{1, 0.5, 20, 0});
    CHECK(games.clusters == numbers{0, 1, 0, 0});
    CHECK(games.cluster_names == std::vector<std::string>{"ann", "bob"});
    const game_table plain = parsed("left,right,winner\na,b,x\n");
    CHECK(plain.weights.empty());
    CHECK(plain.clusters.empty());
    CHECK(parsed("left,right,winner\n").items.empty());
}

TEST_CASE("what is wrong is named by file and line") {
    CHECK(sentence_of("left,right\na,b\n").find("no column 'winner'") != std::string::npos);
    CHECK(sentence_of("left,right,winner\na,b,left\n", "who").find("no column 'who'") != std::string::npos);
    CHECK(sentence_of("left,right,winner\na,b,left\na,b,a\n").starts_with("games.csv:3: the winner is 'a'"));
    CHECK(sentence_of("left,right,winner\na,a,left\n").starts_with("games.csv:2: item 'a' plays against itself"));
    CHECK(sentence_of("left,right,winner\n,a,left\n").starts_with("games.csv:2: column 'left' is empty"));
    for (const char* weight : {"-1", "nan", "inf", "", "1x"})
        CHECK(sentence_of("left,right,winner,weight\na,b,left," + std::string(weight) + "\n")
                  .starts_with("games.csv:2: the weight is '" + std::string(weight) + "'"));
}

TEST_CASE("covariates are numbers, in the order asked for") {
    const std::string text = "left,right,winner,length,lists\na,b,left,-3,0\nb,a,tie,1e2,0.5\n";
    std::istringstream stream(text), again(text), bad(text + "a,b,y,1,?\n"), empty(text + "a,b,y,1,\n");
    const std::vector<std::string> both{"lists", "length"}, unknown{"words"};
    CHECK(games_of(read_csv(csv_reader(stream, "games.csv")), "", both).covariates ==
          std::vector<double>{0, -3, 0.5, 100});
    CHECK_THROWS_WITH_AS(games_of(read_csv(csv_reader(again, "games.csv")), "", unknown),
                         doctest::Contains("no column 'words'"), input_error);
    CHECK_THROWS_WITH_AS(games_of(read_csv(csv_reader(bad, "games.csv")), "", both),
                         "games.csv:4: column 'lists' holds '?', a finite number was expected", input_error);
    CHECK_THROWS_AS(games_of(read_csv(csv_reader(empty, "games.csv")), "", both), input_error);
}
