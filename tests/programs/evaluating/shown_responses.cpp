#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include <preflearn/core/chat_message.hpp>
#include <preflearn/programs/evaluating/shown_responses.hpp>

#include "../../files.hpp"

using namespace preflearn;

namespace {

evaluated_students shown_students(const std::vector<std::string>& files) {
    const test::folder f;
    std::vector<response_source> sources;
    for (const std::string& lines : files) {
        const std::string name = "s" + std::to_string(sources.size());
        sources.push_back({name, f.write(name, lines)});
    }
    return read_students(sources);
}

} // namespace

TEST_CASE("each different text of a prompt is shown once, in an order that no student has") {
    std::string a, b;
    for (int i = 0; i < 60; ++i) {
        a += R"({"prompt": "p)" + std::to_string(i) + R"(", "responses": ["x", "y", "x"]})" + "\n";
        b += R"({"prompt": "p)" + std::to_string(i) + R"(", "response": "z"})" + "\n";
    }
    const std::vector<prompt_texts> all = texts_of(shown_students({a, b}), preference_options{});
    REQUIRE(all.size() == 60);
    CHECK(all[0].of[0] == std::vector<std::size_t>{0, 1, 0});
    CHECK(all[0].of[1] == std::vector<std::size_t>{2});
    std::set<std::vector<std::size_t>> orders;
    for (const prompt_texts& texts : all) {
        const shown_texts shown = all_shown(texts, 7);
        REQUIRE(shown.responses.size() == 3);
        for (std::size_t k = 0; k < 3; ++k) CHECK(shown.responses[k] == texts.distinct[shown.places[k]]);
        orders.insert(shown.places);
        CHECK(all_shown(texts, 7).places == shown.places);
    }
    CHECK(orders.size() == 6);
    CHECK(all_shown(all[0], 7, 5).places.size() == 5);
}

TEST_CASE("pairs of first responses are asked once, whoever has them, and neighbours are of different prompts") {
    const std::string x = "{\"prompt\": \"p\", \"response\": \"x\"}\n{\"prompt\": \"q\", \"response\": \"x\"}\n";
    const std::string y = "{\"prompt\": \"p\", \"response\": \"y\"}\n{\"prompt\": \"q\", \"response\": \"x\"}\n";
    const std::vector<prompt_texts> all = texts_of(shown_students({x, y, x}), preference_options{});
    const std::vector<std::array<std::size_t, 2>> pairs{{0, 1}, {0, 2}, {2, 1}};
    CHECK(text_pairs(all, pairs) == std::vector<text_pair>{{0, 0, 1}});
    CHECK(two_shown(all[0], 1, 0).responses[0] == "y");
}

TEST_CASE("conversations and texts that meet are written in the evaluator's format") {
    const evaluated_students students =
        shown_students({R"({"prompt": "\n\nHuman: hi\n\nAssistant:", "response": " hello"})",
                        R"({"prompt": [{"role": "user", "content": "hi"}], "response": "bye"})"});
    preference_options reading;
    reading.render = [](std::span<const chat_message> turns) {
        std::string text;
        for (const chat_message& turn : turns)
            text += "<" + std::string(turn.role) + ">" +
                    (turn.role == "user" ? std::string(turn.content) + "<assistant>" : "");
        if (turns.back().role == "assistant") {
            text = "<user>hi<assistant>" + std::string(turns.back().content);
        }
        return text;
    };
    const prompt_texts texts = texts_of(students.prompts[0], reading);
    CHECK(texts.prompt == "<user>hi<assistant>");
    CHECK(texts.distinct == std::vector<std::string>{"hello", "bye"});
    reading.render = [](std::span<const chat_message>) -> std::string { throw argument_error("no such role"); };
    CHECK(
        test::contains(test::error_of([&] { texts_of(students.prompts[0], reading); }), "prompt line 1: no such role"));
}
