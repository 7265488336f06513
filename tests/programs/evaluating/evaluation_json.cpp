#include <doctest/doctest.h>

#include <cstddef>

#include <nlohmann/json.hpp>

#include <preflearn/programs/evaluating/evaluation_json.hpp>

#include "evaluated_case.hpp"

using namespace preflearn;

TEST_CASE("the JSON holds what the tables hold, with names, intervals and states") {
    const nlohmann::ordered_json json = to_json(test::evaluated_case());
    CHECK(json["students"][0]["model"] == "m:1");
    CHECK(json["students"][0]["cut_off"]["value"] == 0.5);
    CHECK_FALSE(json["students"][1].contains("model"));
    CHECK(json["roles"]["weak_teacher"].is_null());
    const auto& gold = json["evaluators"][0];
    CHECK(gold["gra"][0]["student"] == "weak");
    CHECK(gold["gra"][0]["gra"]["value"] == doctest::Approx(1));
    CHECK(gold["best_of"].size() == 4);
    CHECK(gold["wins"].size() == 3);
    for (const auto& win : gold["wins"]) CHECK(win["holm_p"].get<double>() >= win["sign_test_p"].get<double>());
    CHECK_FALSE(gold["wins"][0].contains("orders"));
    const auto& judge = json["evaluators"][1];
    CHECK(judge["way"] == "compares");
    CHECK_FALSE(judge.contains("rewards"));
    CHECK_FALSE(judge.contains("gra"));
    CHECK(judge["wins"][0]["orders"]["both_first"] == 1);
    CHECK(judge["left_out"]["no_label"]["prompts"] == 1);
    CHECK(json["panel"]["worst"].size() == 6);
    CHECK_FALSE(json.contains("notes"));
}
