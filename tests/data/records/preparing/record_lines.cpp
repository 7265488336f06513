#include <doctest/doctest.h>

#include <string>

#include <preflearn/data/records/preparing/record_lines.hpp>

#include "../parsed.hpp"

using namespace preflearn;

namespace {

std::string written_as(const std::string& line, std::string_view name) {
    const record_target target = record_target_named(name);
    return line_of(styled(test::parsed(line), target, {}), target, 7, {}, "probability").dump();
}

} // namespace

TEST_CASE("a pair in every format") {
    const std::string pair =
        R"({"prompt": "p", "chosen": "a", "rejected": "b", "probability": 0.75, "label_tie": 0.125, "score_chosen": 2, "score_rejected": 1, "margin": 1, "human": 0.25, "weight": 1, "k": null})";
    CHECK(
        written_as(pair, "trl") ==
        R"({"id":7,"prompt":"p","chosen":"a","rejected":"b","probability":0.75,"label_tie":0.125,"score_chosen":2.0,"score_rejected":1.0,"margin":1.0,"human":0.25,"k":null,"weight":1})");
    CHECK(written_as(pair, "explicit") == written_as(pair, "trl"));
    const std::string bare = R"({"prompt": "p", "chosen": "a", "rejected": "b"})";
    CHECK(
        written_as(bare, "trl-conversational") ==
        R"({"id":7,"prompt":[{"role":"user","content":"p"}],"chosen":[{"role":"assistant","content":"a"}],"rejected":[{"role":"assistant","content":"b"}]})");
    CHECK(written_as(bare, "hh") ==
          R"({"id":7,"chosen":"\n\nHuman: p\n\nAssistant: a","rejected":"\n\nHuman: p\n\nAssistant: b"})");
    CHECK(written_as(bare, "responses") == R"({"id":7,"prompt":"p","responses":["a","b"],"label":1.0})");
    CHECK(written_as(bare, "prompts-conversational") == R"({"id":7,"prompt":[{"role":"user","content":"p"}]})");
    CHECK(written_as(R"({"prompt": "p", "responses": ["a", "b", "c"], "scores": [1, null, 0.5]})", "scored") ==
          R"({"id":7,"prompt":"p","responses":["a","b","c"],"scores":[1.0,null,0.5]})");
    CHECK(written_as(R"({"prompt": "p", "completion": "a", "label": false})", "kto") ==
          R"({"id":7,"prompt":"p","completion":"a","label":false})");
    CHECK_THROWS_AS(record_target_named("hh-conversational"), argument_error);
}

TEST_CASE("every line has the columns of all, and a certain verdict beside uncertain ones is 1") {
    line_columns columns;
    const auto first = nlohmann::ordered_json::parse(R"({"id":1,"label":0.7})");
    const auto second = nlohmann::ordered_json::parse(R"({"id":2,"margin":3.0})");
    columns.add(first);
    columns.add(second);
    CHECK(columns.filled(first, true).dump() == R"({"id":1,"label":0.7,"margin":null})");
    CHECK(columns.filled(second, true).dump() == R"({"id":2,"label":1.0,"margin":3.0})");
    CHECK(columns.filled(second, false).dump() == R"({"id":2,"label":null,"margin":3.0})");
    columns.rename("label", "probability");
    CHECK(columns.names() == std::vector<std::string>{"id", "probability", "margin"});
    columns.rename("margin", "probability");
    CHECK(columns.names() == std::vector<std::string>{"id", "probability"});
}
