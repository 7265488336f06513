#include <doctest/doctest.h>

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/programs/labelling/label_record.hpp>

#include "../../files.hpp"

using namespace preflearn;

namespace {

using json = nlohmann::json;

label_record record_of(const json& line) { return detail::label_record_of(line, {}); }
json turn_of(const char* role, const char* content) { return {{"role", role}, {"content", content}}; }

} // namespace

TEST_CASE("what a human said is kept apart, and a teacher's label is no human's") {
    const json pair{{"prompt", "p"}, {"chosen", "x"}, {"rejected", "y"}};
    CHECK(record_of(pair).human->first() == 1);
    json with_margin = pair;
    with_margin["margin"] = 3;
    CHECK_FALSE(record_of(with_margin).human->margin().has_value());
    json labelled = pair;
    labelled["probability"] = 1;
    labelled["teacher"] = "t:1";
    labelled["human"] = nullptr;
    CHECK_FALSE(record_of(labelled).human.has_value());
    labelled["human"] = 0.0;
    CHECK(record_of(labelled).human->decision() == choice::second);
    CHECK_FALSE(record_of({{"prompt", "p"}, {"responses", {"x", "y"}}}).human.has_value());
    CHECK(record_of({{"prompt", "p"}, {"responses", {"x", "y"}}, {"label", "second"}}).human->decision() ==
          choice::second);
    CHECK_FALSE(record_of({{"prompt", "p"}, {"responses", {"x", "y"}}, {"label", "abstain"}}).human.has_value());
}

TEST_CASE("texts are written with the prompt apart, conversations as turns, n responses in their order") {
    const std::string start = "\n\nHuman: hi\n\nAssistant:";
    const label_record hh = record_of({{"chosen", start + " a"}, {"rejected", start + " b"}});
    CHECK(hh.written_prompt == start);
    CHECK(hh.written_responses[1] == " b");
    const label_record talk = record_of({{"chosen", {turn_of("user", "hi"), turn_of("assistant", "a")}},
                                         {"rejected", {turn_of("user", "hi"), turn_of("assistant", "b")}}});
    CHECK(json::parse(talk.written_prompt.dump()) == json::array({turn_of("user", "hi")}));
    CHECK(talk.written_responses[0][0]["content"] == "a");
    CHECK(talk.prompt == start);
    const label_record mixed = record_of({{"prompt", {turn_of("user", "hi")}}, {"chosen", "a"}, {"rejected", "b"}});
    CHECK(mixed.written_responses[0] == nlohmann::ordered_json::array({{{"role", "assistant"}, {"content", "a"}}}));
    const label_record many =
        record_of({{"id", 7}, {"prompt", "p"}, {"responses", {"x", "y", "z"}}, {"scores", {1, 2, 3}}});
    CHECK(many.responses == std::vector<std::string>{"x", "y", "z"});
    CHECK(many.given.number == 7);
    CHECK(test::contains(test::error_of([] {
                             record_of({{"responses", {"x", "y", "z"}}});
                         }),
                         "the prompt of 3 responses"));
    CHECK(test::contains(test::error_of([] { record_of({{"prompt", "p"}, {"responses", {"x"}}}); }), "two responses"));
}

TEST_CASE("a file's records come one after the other; ids are unique, malformed lines an error or left out") {
    const test::folder f;
    const auto path = f.write("pairs.jsonl", R"({"id": "a", "prompt": "p", "chosen": "x", "rejected": "y"})"
                                             "\n\n[]\n"
                                             R"({"id": "b", "prompt": "p", "chosen": "x", "rejected": "y"})"
                                             "\n");
    label_reader strict(path, {});
    CHECK(strict.next()->line == 1);
    CHECK(test::contains(test::error_of([&] { strict.next(); }), "pairs.jsonl:3: holds a JSON array"));
    label_reader skips(path, {.skip_malformed = true});
    skips.next();
    CHECK(skips.next()->given.text == "b");
    CHECK_FALSE(skips.next().has_value());
    CHECK(skips.skipped().size() == 1);
    CHECK(skips.names().place(hash_of("b")) == path.string() + ":4: pair 'b'");
}

TEST_CASE("what other data sets call responses is labelled, too; columns beside the usual ones are no second meaning") {
    const label_record rated = record_of(
        {{"instruction", "p"}, {"completions", {{{"response", "x"}, {"overall_score", 4}}, {{"response", "y"}}}}});
    CHECK(rated.prompt == "p");
    CHECK(rated.responses == std::vector<std::string>{"x", "y"});
    CHECK_FALSE(rated.human.has_value()); // a score is no human's verdict
    const label_record usual = record_of(
        {{"prompt", "p"}, {"chosen", "x"}, {"rejected", "y"}, {"question", "q"}, {"completions", {"a", "b", "c"}}});
    CHECK(usual.prompt == "p");
    CHECK(usual.responses == std::vector<std::string>{"x", "y"});
    const auto refusal = [](const json& line) { return test::error_of([&] { record_of(line); }); };
    CHECK(test::contains(refusal({{"prompt", "p"}, {"chosen", "x"}, {"responses", {"x", "y"}}}), "expected one kind"));
    CHECK(test::contains(refusal({{"prompt", "p"}, {"completion", "x"}}), "two responses"));
    CHECK(test::contains(refusal({{"prompt", "p"}, {"chosen", "x"}, {"rejected", "y"}, {"tools", {"f"}}}), "'tools'"));
    CHECK(test::contains(refusal({{"prompt", "p"}, {"responses", {"x", "y", "z"}}, {"winner", "first"}}), "'winner'"));
}

TEST_CASE("three whole conversations have the prompt that all of them share, ids of turns or not") {
    const auto with_id = [](const char* role, const char* content, int id) {
        return json{{"role", role}, {"content", content}, {"message_id", id}};
    };
    const auto whole = [&](const char* answer, int id) {
        return json::array({with_id("user", "hi", id), with_id("assistant", "yes?", id + 1),
                            with_id("user", "go", id + 2), with_id("assistant", answer, id + 3)});
    };
    for (const std::size_t n : {2U, 3U}) {
        auto responses = json::array({whole("a", 0), whole("b", 10), whole("c", 20)});
        if (n == 2) responses.erase(2);
        const label_record record = record_of({{"prompt", "hi"}, {"responses", responses}});
        CHECK(record.prompt == "\n\nHuman: hi\n\nAssistant: yes?\n\nHuman: go\n\nAssistant:");
        CHECK(record.responses.back() == (n == 2 ? " b" : " c"));
        CHECK(record.written_prompt.size() == 3);
        CHECK_FALSE(record.written_prompt[0].contains("message_id"));
    }
}

TEST_CASE("an array is labelled as lines are, and its elements count as lines do") {
    const test::folder f;
    const auto path = f.write("pairs.json", R"([{"prompt": "p", "chosen": "x", "rejected": "y"}, 3,
        {"prompt": "p", "chosen": "x", "rejected": "y"}])");
    label_reader reader(path, {.skip_malformed = true});
    CHECK(reader.next()->id == 0);
    CHECK(reader.next()->id == 2);
    CHECK_FALSE(reader.next().has_value());
    CHECK(reader.skipped().pairs().front().name.line == 1);
    label_reader cut(f.write("cut.json", "[{\"prompt\": \"p\","), {.skip_malformed = true});
    CHECK(test::contains(test::error_of([&] { cut.next(); }), "cut short"));
    label_reader narrow(f.write("long.jsonl", json{{"prompt", std::string(99, 'p')}}.dump()), {.maximum_line = 50});
    CHECK(test::contains(test::error_of([&] { narrow.next(); }), "50"));
}
