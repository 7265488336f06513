#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

#include <preflearn/programs/evaluating/student_responses.hpp>

#include "../../files.hpp"

using namespace preflearn;

namespace {

struct response_files {
    test::folder folder;

    [[nodiscard]] response_source source(const std::string& name, const std::string& lines,
                                         response_pick pick = response_pick::all) const {
        return {name, folder.write(name + ".jsonl", lines), pick};
    }
    [[nodiscard]] static std::string fault(const std::vector<response_source>& sources,
                                           const std::string& cluster = {}) {
        return test::error_of([&] { read_students(sources, cluster); });
    }
};

} // namespace

TEST_CASE("generate's lines and files made elsewhere are matched by prompt, in any order") {
    const response_files f;
    const std::string generated =
        R"({"id": "p0", "prompt": "who?", "responses": ["I", "you"], "finish": ["stop", "length"], "tokens": [1, 2], "model": "m:1"})"
        "\n"
        R"({"id": "p1", "prompt": "when?", "responses": ["now", "then"], "finish": ["stop", "stop"], "tokens": [3, 4], "model": "m:1"})"
        "\n";
    const std::string elsewhere = R"({"prompt": "when?", "response": "never"})"
                                  "\n"
                                  R"({"prompt": "who?", "completion": "she"})"
                                  "\n";
    const evaluated_students found = read_students(std::vector{f.source("a", generated), f.source("b", elsewhere),
                                                               f.source("c", R"({"instruction": "who?", "output": "he"}
{"instruction": "when?", "output": ["soon", "late"]}
)")});
    REQUIRE(found.prompts.size() == 2);
    CHECK(found.names == std::vector<std::string>{"a", "b", "c"});
    CHECK(found.models[0] == "m:1");
    CHECK(found.models[1].empty());
    const evaluated_prompt& who = found.prompts[0];
    CHECK(who.name == "p0");
    CHECK_FALSE(who.conversation);
    CHECK(who.of[0].record.responses.size() == 2);
    CHECK(who.of[0].finish[1] == "length");
    CHECK(who.of[0].tokens[1] == 2);
    CHECK(who.of[1].record.responses[0] == "she");
    CHECK(std::isnan(who.of[1].tokens[0]));
    CHECK(found.prompts[1].of[2].record.responses[1] == "late");
    CHECK(found.fewest(0) == 2);
    CHECK(found.fewest(2) == 1);
    CHECK(found.cluster_count == 2);
}

TEST_CASE("the first prompt that one has and another has not is named") {
    const response_files f;
    const auto a =
        f.source("a", "{\"prompt\": \"x\", \"response\": \"1\"}\n{\"prompt\": \"y\", \"response\": \"2\"}\n");
    const auto b = f.source("b", "{\"prompt\": \"x\", \"response\": \"1\"}\n");
    const std::string less = f.fault({a, b}), more = f.fault({b, a});
    CHECK(test::contains(less, "b.jsonl): has no response to the prompt line 2, 'y', which a"));
    CHECK(test::contains(more, "a.jsonl:2: the prompt 'y' is not among those of b"));
    CHECK(test::contains(f.fault({f.source("c", "{\"prompt\": \"x\"}\n")}), "c.jsonl:1: found the fields 'prompt'"));
    CHECK(test::contains(f.fault({f.source("d", "\n")}), "holds no responses"));
    CHECK(test::contains(f.fault({f.source("e", R"({"prompt": "x", "response": "1", "output": "2"})")}),
                         "'response' and 'output' can both be meant"));
}

TEST_CASE("a pair file's chosen responses are a student's, also where it has more prompts") {
    const response_files f;
    const std::string pairs = R"({"prompt": "x", "chosen": "good", "rejected": "bad"})"
                              "\n"
                              R"({"prompt": "y", "chosen": "well", "rejected": "ill"})"
                              "\n";
    const auto r = f.source("r", "{\"prompt\": \"y\", \"response\": \"1\"}\n");
    const auto chosen = f.source("human", pairs, response_pick::chosen);
    const evaluated_students found = read_students(std::vector{chosen, r});
    REQUIRE(found.prompts.size() == 1);
    CHECK(found.prompts[0].of[0].record.responses[0] == "well");
    REQUIRE(found.notes.size() == 1);
    CHECK(test::contains(found.notes[0], "1 of its 2 prompts are not evaluated"));
    const auto rejected = f.source("other", pairs, response_pick::rejected);
    CHECK(read_students(std::vector{chosen, rejected}).prompts[0].of[1].record.responses[0] == "bad");
    CHECK(test::contains(f.fault({f.source("p", pairs)}), "#chosen or #rejected"));
    CHECK(test::contains(f.fault({f.source("q", "{\"prompt\": \"y\", \"response\": \"1\"}", response_pick::chosen)}),
                         "no verdict says"));
    const std::string hh =
        R"({"chosen": "\n\nHuman: hi\n\nAssistant: yes", "rejected": "\n\nHuman: hi\n\nAssistant: no"})";
    CHECK(
        read_students(std::vector{f.source("hh", hh, response_pick::rejected)}).prompts[0].of[0].record.responses[0] ==
        " no");
}

TEST_CASE("transcripts and turns with one content are one prompt, read as conversations") {
    const response_files f;
    const auto text = f.source("t", R"({"prompt": "\n\nHuman: hi\n\nAssistant:", "response": " hello"})");
    const auto turns = f.source("c", R"({"prompt": [{"role": "user", "content": "hi"}], "response": "good day"})");
    const evaluated_students found = read_students(std::vector{text, turns});
    REQUIRE(found.prompts.size() == 1);
    CHECK(found.prompts[0].conversation);
}

TEST_CASE("several lines of one prompt are several responses, and a column groups prompts") {
    const response_files f;
    const auto lines = f.source("a", R"({"prompt": "x", "response": "1", "topic": "t"}
{"prompt": "y", "response": "2", "topic": "t"}
{"prompt": "x", "response": "3", "topic": "t"}
{"prompt": "z", "response": "3", "topic": 7}
)");
    const evaluated_students found = read_students(std::vector{lines}, "topic");
    REQUIRE(found.prompts.size() == 3);
    CHECK(found.prompts[0].of[0].record.responses.size() == 2);
    CHECK(found.clusters == std::vector<std::size_t>{0, 0, 1});
    CHECK(found.cluster_count == 2);
    CHECK(found.notes.size() == 1);
    CHECK(test::contains(f.fault({lines}, "author"), "a.jsonl:1: has no column 'author'"));
}
