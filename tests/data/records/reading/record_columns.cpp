#include <doctest/doctest.h>

#include <string>

#include "../../../files.hpp"
#include "../parsed.hpp"

using namespace preflearn;

namespace {

std::string column_error(const std::string& line, const record_options& options = {}) {
    return test::error_of([&] { test::parsed(line, options); });
}

} // namespace

TEST_CASE("columns are read under the names that options give them, and paths lead into objects") {
    const record_options named{.columns = {.id = "qid", .prompt = "a.question", .chosen = "j", .rejected = "k"}};
    const auto record = test::parsed(R"({"qid": 5, "a": {"question": "p", "x": 1}, "j": "good", "k": "bad"})", named);
    CHECK(record.given.number == 5);
    CHECK(record.prompt == "p");
    CHECK(record.responses[0] == "good");
    CHECK(record.others.dump() == R"({"a":{"question":"p","x":1}})");
    // what stood under the name that is read is kept, under another
    const auto both = test::parsed(R"({"prompt": "old", "question": "p", "chosen": "a", "rejected": "b"})",
                                   {.columns = {.prompt = "question"}});
    CHECK(both.prompt == "p");
    CHECK(both.others.at("source_prompt") == "old");
}

TEST_CASE("usual names are found by themselves, and two that can be meant are refused") {
    for (const std::string name : {"prompt", "instruction", "question"})
        CHECK(test::parsed(R"({")" + name + R"(": "p", "chosen": "a", "rejected": "b"})").prompt == "p");
    for (const std::string name : {"responses", "completions", "answers", "generations", "candidates"})
        CHECK(test::parsed(R"({"prompt": "p", ")" + name + R"(": ["a", "b", "c"]})").responses.size() == 3);
    CHECK(test::contains(column_error(R"({"question": "p", "instruction": "q", "chosen": "a", "rejected": "b"})"),
                         "'instruction' and 'question' can both be meant"));
    CHECK(test::contains(column_error(R"({"instruction": "p", "input": "text", "chosen": "a", "rejected": "b"})"),
                         "'instruction' and 'input' both have content"));
    CHECK(column_error(R"({"instruction": "p", "input": "", "chosen": "a", "rejected": "b"})").empty());
    CHECK(test::contains(column_error(R"({"prompt": "p", "answers": ["a"], "candidates": ["a", "b"]})"),
                         "--responses-field"));
    CHECK(test::contains(column_error(R"({"x": 1, "y": 2})"), "found the fields 'x', 'y', expected chosen"));
}

TEST_CASE("a record that can be read in two ways is refused until it is said which") {
    const std::string line = R"({"prompt": "p", "chosen": "a", "rejected": "b", "responses": ["c", "d"]})";
    CHECK(test::contains(column_error(line), "can be read as pairs and as responses"));
    CHECK(test::parsed(line, {.family = record_family::pairs}).responses[0] == "a");
    CHECK(test::parsed(line, {.family = record_family::pairs}).others.contains("source_responses"));
    CHECK(test::parsed(line, {.family = record_family::responses}).responses[0] == "c");
    CHECK(record_family_named("singles") == record_family::singles);
    CHECK_THROWS_AS(record_family_named("kto"), argument_error);
}
