#include <sstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/core/system/error.hpp>
#include <preflearn/data/files/csv.hpp>
#include <preflearn/data/tables/game_table.hpp>

using namespace preflearn;

namespace {

game_table games_in(const std::string& text, const game_column_names& wanted = {}) {
    std::istringstream stream(text);
    return read_games(csv_file(csv_reader(stream, "games.csv")), wanted);
}

std::string sentence_of(const std::string& text, const game_column_names& wanted = {}) {
    try {
        games_in(text, wanted);
    } catch (const input_error& failure) {
        return failure.what();
    }
    return "";
}

using numbers = std::vector<std::uint32_t>;

} // namespace

TEST_CASE("columns in any order, all words for a winner, weights, clusters and judges") {
    const game_table games = games_in("who, winner,weight,right,left,prompt\n"
                                      "ann,left,1,b,a,7\nbob,y,0.5, c,a,5\nann,draw,2e1,a,\"c\",5\nann,tie,0,b,c,7\n",
                                      {.cluster = "prompt", .judge = "who"});
    CHECK(games.items == std::vector<std::string>{"a", "b", "c"});
    CHECK(games.left == numbers{0, 0, 2, 2});
    CHECK(games.right == numbers{1, 2, 0, 1});
    CHECK(games.winners == std::vector<choice>{choice::first, choice::second, choice::tie, choice::tie});
    CHECK(games.weights == std::vector<double>{1, 0.5, 20, 0});
    CHECK(games.clusters.codes == numbers{0, 1, 1, 0});
    CHECK(games.clusters.names == std::vector<std::string>{"7", "5"});
    CHECK(games.judges.codes == numbers{0, 1, 0, 0});
    CHECK(games.judges.names == std::vector<std::string>{"ann", "bob"});
    const game_table plain = games_in("left,right,winner\na,b,x\n");
    CHECK(plain.weights.empty());
    CHECK(plain.clusters.codes.empty());
    CHECK(plain.judges.names.empty());
    CHECK(games_in("left,right,winner\n").items.empty());
}

TEST_CASE("what is wrong is named by file and line") {
    CHECK(sentence_of("left,right\na,b\n") == "games.csv: there is no column 'winner' among 'left', 'right'");
    CHECK(sentence_of("left,right,winner\na,b,left\n", {.cluster = "who"}).find("no column 'who'") !=
          std::string::npos);
    CHECK(sentence_of("left,right,winner\na,b,left\na,b,c\n").starts_with("games.csv:3: the winner is 'c'"));
    CHECK(sentence_of("left,right,winner\na,b,\n").starts_with("games.csv:2: the winner is ''"));
    CHECK(sentence_of("left,right,winner\na,a,left\n").starts_with("games.csv:2: item 'a' plays against itself"));
    CHECK(sentence_of("left,right,winner\n,a,left\n").starts_with("games.csv:2: column 'left' is empty"));
    CHECK(sentence_of("left,right,winner,who\na,b,left,x\na,b,left, \n", {.judge = "who"}) ==
          "games.csv:3: column 'who' is empty, a judge's name was expected");
    CHECK(
        sentence_of("left,right,winner,who\na,b,left,\n", {.cluster = "who"}).starts_with("games.csv:2: column 'who'"));
    CHECK(sentence_of("left,right,winner,weight\na,b,left,-1\n") ==
          "games.csv:2: the weight is -1, a number of at least 0 was expected");
    for (const char* weight : {"nan", "inf", "", "1x"})
        CHECK(sentence_of("left,right,winner,weight\na,b,left," + std::string(weight) + "\n") ==
              "games.csv:2: column 'weight' holds '" + std::string(weight) + "', a finite number was expected");
}

TEST_CASE("covariates are numbers, in the order asked for") {
    const std::string text = "left,right,winner,length,lists\na,b,left,-3,0\nb,a,tie,1e2,0.5\n";
    const game_column_names both{.covariates = {"lists", "length"}};
    CHECK(games_in(text, both).covariates == std::vector<double>{0, -3, 0.5, 100});
    CHECK(sentence_of(text, {.covariates = {"words"}}).find("no column 'words'") != std::string::npos);
    CHECK(sentence_of(text + "a,b,y,1,?\n", both) ==
          "games.csv:4: column 'lists' holds '?', a finite number was expected");
    CHECK_THROWS_AS(games_in(text + "a,b,y,1,\n", both), input_error);
}

TEST_CASE("Chatbot Arena's columns and words, named columns, other separators") {
    const game_table arena = games_in("model_a,model_b,winner\ngpt,llama,model_a\ngpt,llama,model_b\n"
                                      "gpt,llama,tie\nllama,gpt,tie (bothbad)\nllama,gpt,both_bad\n");
    CHECK(arena.items == std::vector<std::string>{"gpt", "llama"});
    CHECK(arena.winners == std::vector<choice>{choice::first, choice::second, choice::tie, choice::tie, choice::tie});
    CHECK(arena.left_column == "model_a");
    CHECK(arena.weight_column.empty());
    const std::string own = "q1;q2;who;w\nA;B;A;2\nB;A;A;0.5\n";
    const game_table named = games_in(own, {.left = "q1", .right = "q2", .winner = "who", .weight = "w"});
    CHECK(named.winners == std::vector<choice>{choice::first, choice::second});
    CHECK(named.weights == std::vector<double>{2, 0.5});
    CHECK(named.weight_column == "w");
    CHECK(named.recognised == "separated by semicolons");
    CHECK(sentence_of(own, {.left = "q1", .winner = "who"}).find("both columns") != std::string::npos);
    CHECK(sentence_of("left,right,model_a,winner\na,b,c,left\n").find("'left' and 'model_a'") != std::string::npos);
}

TEST_CASE("rows that hold no game are left out and counted by reason, when that is asked for") {
    const std::string text = "left,right,winner,weight\na,b,a,1\na,a,tie,1\n,b,b,1\na,b,c,1\nb,b,left,1\na,b,b\n"
                             "a,c,tie,-1\nb,a,x,many\na,b,b,2\n";
    const game_table games = games_in(text, {.skip_unusable = true});
    CHECK(games.items == std::vector<std::string>{"a", "b"}); // c is in no game
    CHECK(games.winners == std::vector<choice>{choice::first, choice::second});
    CHECK(games.weights == std::vector<double>{1, 2});
    CHECK(games.games_left_out() == 7);
    REQUIRE(games.left_out.size() == 6);
    CHECK(games.left_out[0].reason == "an item plays against itself");
    CHECK(games.left_out[0].count == 2);
    CHECK(games.left_out[0].first == "games.csv:3: item 'a' plays against itself");
    CHECK(games.left_out[3].reason == "the row has another number of fields");
    CHECK(sentence_of(text).starts_with("games.csv:3"));
    CHECK(sentence_of("left,right,winner\na,a,tie\n", {.skip_unusable = true}).find("no game can be used") !=
          std::string::npos);
    CHECK(games_in("left,right,winner\n", {.skip_unusable = true}).items.empty());
}
