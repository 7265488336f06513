#include <doctest/doctest.h>

#include <string>

#include <preflearn/data/records/reading/record_turns.hpp>

#include "../../../files.hpp"
#include "../parsed.hpp"

using namespace preflearn;

TEST_CASE("a transcript is turns, and turns are the transcript again") {
    const std::string whole = "\n\nHuman: a\n\n b\n\nAssistant: c\n\nSystem: s\n\nHuman:\n\nAssistant: ";
    const auto turns = transcript_turns(whole).value();
    REQUIRE(turns.size() == 5);
    CHECK(turns[0] == std::pair<std::string, std::string>("user", "a\n\n b"));
    CHECK(turns[2].first == "system");
    CHECK(turns[3] == std::pair<std::string, std::string>("user", "")); // nothing behind a mark
    CHECK(turns[4] == std::pair<std::string, std::string>("assistant", ""));
    CHECK(transcript_turns("\n\nHuman: a\n\nAssistant:")->size() == 1); // an answer is to follow
    CHECK(transcript_turns("")->empty());
    CHECK(!transcript_turns("Human: a"));
}

TEST_CASE("text becomes a conversation: transcripts turn by turn, other prompts as one user's turn") {
    const auto hh = as_conversations(test::parsed(
        R"({"chosen": "\n\nHuman: a\n\nAssistant: b\n\nHuman: c\n\nAssistant: d", "rejected": "\n\nHuman: a\n\nAssistant: x\n\nHuman: y\n\nAssistant:"})"));
    CHECK(hh.prompt.dump() == R"([{"content":"a","role":"user"}])");
    CHECK(hh.responses[0].size() == 3); // what follows the shared part has turns of its own
    CHECK(hh.responses[0][2].at("content") == "d");
    CHECK(test::contains(
        test::error_of([] {
            as_conversations(test::parsed(
                R"({"chosen": "\n\nHuman: a\n\nAssistant: b\n\nHuman: c", "rejected": "\n\nHuman: a\n\nAssistant: x"})"));
        }),
        "does not end in a turn of the assistant's"));
    const auto plain = as_conversations(test::parsed(R"({"prompt": "p", "chosen": " a", "rejected": ""})"));
    CHECK(plain.prompt.dump() == R"([{"content":"p","role":"user"}])");
    CHECK(plain.responses[0][0].at("content") == " a"); // no mark before it: the space is its own
    CHECK(plain.responses[1][0].at("content") == "");
}

TEST_CASE("conversations become text as the renderer writes them, and what it cannot write is refused") {
    const auto record = test::parsed(
        R"({"prompt": [{"role": "system", "content": "s"}, {"role": "user", "content": "u"}], "chosen": "a", "rejected": [{"role": "assistant", "content": "b"}]})");
    const auto text = as_texts(record, {});
    CHECK(text.prompt == "\n\nSystem: s\n\nHuman: u\n\nAssistant:");
    CHECK(text.responses[1] == " b");
    const auto tools = test::parsed(
        R"({"prompt": [{"role": "user", "content": "u"}, {"role": "assistant", "content": null, "tool_calls": [{"id": 1}]}, {"role": "tool", "content": "4"}], "chosen": "a", "rejected": "b"})");
    CHECK(as_conversations(tools).prompt[1].at("tool_calls")[0].at("id") == 1); // nothing is lost on the way
    CHECK_THROWS_AS(as_texts(tools, {}), error);
    CHECK(test::contains(test::error_of([&] {
                             as_texts(test::parsed(R"({"prompt": [{"role": "user", "content": "u"}], "chosen": "a",
                                                       "rejected": "b", "tools": [{"name": "f"}]})"),
                                      {});
                         }),
                         "field 'tools'"));
    CHECK(test::contains(test::error_of([] {
                             as_conversations(
                                 test::parsed(R"({"system": "s", "prompt": "p", "chosen": "a", "rejected": "b"})"));
                         }),
                         "field 'system'"));
}

TEST_CASE("whole transcripts are read back as what they were written from, or refused") {
    const auto whole = [](const std::string& chosen, const std::string& rejected) {
        return as_transcripts(
            test::parsed(nlohmann::json{{"prompt", "p"}, {"chosen", chosen}, {"rejected", rejected}}.dump()));
    };
    CHECK(whole("a", " b")[0] == "\n\nHuman: p\n\nAssistant: a");
    CHECK(whole("a", " b")[1] == "\n\nHuman: p\n\nAssistant:  b");
    CHECK_THROWS_AS(whole("a\n\nHuman: c", "b"), input_error);
    CHECK_THROWS_AS(whole("a\n\nAssistant: c", "a\n\nAssistant: d"), input_error);
    // a prompt that is a transcript stays as it is, byte by byte
    const auto kept = as_transcripts(
        test::parsed(R"({"prompt": "\n\nHuman:no space\n\nAssistant:", "chosen": "a", "rejected": " b"})"));
    CHECK(kept[0] == "\n\nHuman:no space\n\nAssistant:a");
}
