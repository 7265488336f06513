#include <string>

#include <doctest/doctest.h>

#include <preflearn/pipeline/ranking/json.hpp>

#include "../../files.hpp"

using namespace preflearn;

TEST_CASE("programs read what the tables show") {
    const test::folder folder;
    const auto path = folder.write("games.csv", "left,right,winner\nb,a,left\na,b,left\nb,a,left\nb,a,tie\n");
    const ranking_study study = rank_games(read_games(path), ranking_request{});
    const auto json = ranking_json(study);
    CHECK(json["items"][0]["name"] == "b");
    CHECK(json["items"][0]["wins"] == 2);
    CHECK(json["items"][0]["score"].get<double>() == -json["items"][1]["score"].get<double>());
    CHECK(json["games"]["ties"] == 1);
    CHECK(json["certificate"]["components"] == 1);
    CHECK(json["scale"]["anchor"].is_null());
}

TEST_CASE("without a rating the JSON says why, and names the parts of the board") {
    const test::folder folder;
    const auto path = folder.write("games.csv", "left,right,winner\na,b,left\nc,d,left\n");
    const auto json = ranking_json(rank_games(read_games(path), ranking_request{}));
    CHECK(json["status"] == "disconnected");
    CHECK(json["items"].empty());
    CHECK(json["certificate"]["parts"].size() == 2);
    CHECK(test::contains(json["reason"].get<std::string>(), "a"));
}
