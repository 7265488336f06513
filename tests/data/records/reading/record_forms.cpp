#include <doctest/doctest.h>

#include <cmath>
#include <string>

#include "../../../files.hpp"
#include "../parsed.hpp"

using namespace preflearn;

namespace {

std::string form_error(const std::string& line, const record_options& options = {}) {
    return test::error_of([&] { test::parsed(line, options); });
}

} // namespace

TEST_CASE("ratings are read from UltraFeedback's completions, by another path, and as texts; N/A is no rating") {
    const std::string line =
        R"({"instruction": "i", "completions": [
             {"response": "a", "overall_score": 7.5, "annotations": {"helpfulness": {"Rating": "4"}}},
             {"response": "b", "overall_score": "9", "annotations": {"helpfulness": {"Rating": "N/A"}}},
             {"response": "c", "overall_score": "NaN", "annotations": {"helpfulness": {"Rating": "1"}}}]})";
    const auto record = test::parsed(line);
    CHECK(record.form == record_form::responses);
    CHECK(record.responses[2] == "c");
    CHECK(record.scores[0] == 7.5);
    CHECK(record.scores[1] == 9);
    CHECK(std::isnan(record.scores[2]));
    const auto helpful = test::parsed(line, {.columns = {.score = "annotations.helpfulness.Rating"}});
    CHECK(helpful.scores[0] == 4);
    CHECK(std::isnan(helpful.scores[1]));
}

TEST_CASE("of ranks the least is the best; scores of a list and of the responses exclude each other") {
    const auto ranked = test::parsed(
        R"({"prompt": "p", "answers": [{"answer": "a", "rank": 2}, {"answer": "b", "rank": 1}, {"answer": "c", "rank": 3}]})");
    CHECK(ranked.scores == std::vector<double>{-2, -1, -3});
    CHECK(test::parsed(R"({"prompt": "p", "responses": ["a", "b", "c"], "ranks": [3, 1, 2]})").scores[1] == -1);
    CHECK(test::parsed(R"({"prompt": "p", "responses": ["a", "b", "c"], "place": [3, 1, 2]})",
                       {.columns = {.scores = "place", .lower_is_better = true}})
              .scores[0] == -3);
    CHECK(test::contains(form_error(R"({"prompt": "p", "responses": ["a", "b", "c"], "scores": [1, 2]})"),
                         "field 'scores': found a list of 2, expected a list of one number for each response"));
    CHECK(test::contains(form_error(R"({"prompt": "p", "responses": []})"),
                         "field 'responses': found an empty list, expected a list of at least one response"));
    CHECK(test::contains(
        form_error(R"({"prompt": "p", "responses": [{"text": "a", "score": 1}, "b", "c"], "scores": [1, 2, 3]})"),
        "have scores of their own, too"));
    CHECK(test::contains(form_error(R"({"prompt": "p", "responses": [{"text": "a", "answer": "b"}, "c", "d"]})"),
                         "--response-field"));
}

TEST_CASE("two responses of a list are a pair with its verdict, or without") {
    const auto record = test::parsed(R"({"prompt": "p", "responses": ["a", "b"], "label": 0.25, "margin": -1.1})");
    CHECK(record.label->first() == 0.25);
    CHECK(*record.margin == -1.1);
    CHECK(!test::parsed(R"({"prompt": "p", "responses": ["a", "b"]})").label);
    CHECK(test::parsed(R"({"prompt": "p", "responses": ["a", "b"], "label": 1})",
                       {.reading = {.label_numbers = number_label::preferred_index}})
              .label->decision() == choice::second);
    CHECK(test::contains(form_error(R"({"prompt": "p", "responses": ["a", "b"], "probability": 0.8})"),
                         "field 'probability': is that of the chosen response"));
}

TEST_CASE("TL;DR has the prompt that its models read, and the summary by choice") {
    const auto record = test::parsed(
        R"({"info": {"id": "x", "post": "Text.", "title": "T", "subreddit": "r"}, "summaries": [{"text": " one"}, {"text": " two"}], "choice": 1, "worker": "w"})");
    CHECK(record.prompt == "SUBREDDIT: r/r\n\nTITLE: T\n\nPOST: Text.\n\nTL;DR:");
    CHECK(record.label->decision() == choice::second);
    CHECK(record.others.at("worker") == "w");
    CHECK(as_conversations(record).responses[0][0].at("content") == "one"); // the space belongs to the prompt's text
    CHECK(test::contains(
        form_error(R"({"info": {"article": "a"}, "summaries": [{"text": "x"}, {"text": "y"}], "choice": 2})"),
        "field 'choice': found number 2, expected 0"));
}

TEST_CASE("a single completion has a label, a score or nothing") {
    CHECK(test::parsed(R"({"prompt": "p", "completion": "a", "label": true})").scores[0] == 1);
    CHECK(test::parsed(R"({"prompt": "p", "completion": "a", "label": 0})").scores[0] == 0);
    CHECK(test::parsed(R"({"prompt": "p", "completion": "a", "score": 3.5})").scores[0] == 3.5);
    CHECK(test::parsed(R"({"prompt": "p", "completion": "a"})").scores.empty());
    CHECK(test::contains(form_error(R"({"prompt": "p", "completion": "a", "label": 0.5})"), "expected true or false"));
    const auto turns = test::parsed(
        R"({"prompt": [{"role": "user", "content": "p"}], "completion": [{"role": "assistant", "content": "a"}], "label": false})");
    CHECK(turns.responses[0][0].at("content") == "a");
}

TEST_CASE("turns may be ShareGPT's, and the prompt may stand in front of the responses once more") {
    const auto record = test::parsed(
        R"({"conversations": [{"from": "human", "value": "q"}], "chosen": {"from": "gpt", "value": "good"}, "rejected": {"from": "gpt", "value": "bad"}})");
    CHECK(record.prompt.dump() == R"([{"content":"q","role":"user"}])");
    CHECK(record.responses[0][0].at("role") == "assistant");
    const auto repeated = test::parsed(R"({"prompt": "Say:", "responses": ["Say: a", "Say: b", "Say: c"]})");
    CHECK(repeated.repeats_prompt);
    CHECK(repeated.responses[2] == " c");
    const auto whole = test::parsed(
        R"({"prompt": "q", "chosen": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}], "rejected": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "b"}], "messages": []})");
    CHECK(whole.prompt.size() == 1);
    CHECK(whole.responses[1].size() == 1);
    for (const char* const bad : {R"([{"role": "user", "content": "u"}, {"content": "x"}])", "[]", R"([["a"]])", "5",
                                  R"([{"role": "user", "content": 5}])",
                                  R"([{"role": "user", "content": "u"}, {"role": "assistant", "content": "a"}])"})
        CHECK(!form_error(std::string(R"({"chosen": "a", "rejected": "b", "prompt": )") + bad + "}").empty());
}
