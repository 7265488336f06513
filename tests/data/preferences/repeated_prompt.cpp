#include <doctest/doctest.h>

#include <optional>
#include <sstream>
#include <string>

#include <preflearn/data/preferences/preference_reader.hpp>
#include <preflearn/data/preferences/repeated_prompt.hpp>

using namespace preflearn;

TEST_CASE("a prompt in front of both responses is found, to the byte") {
    const auto size = [](std::string_view prompt, std::string_view first, std::string_view second) {
        return repeated_prompt_size(prompt, first, second).value_or(0);
    };
    const std::string hh = "\n\nHuman: hi\n\nAssistant:";
    CHECK(size(hh, hh + " Hello", hh + " No") == hh.size());
    CHECK(size(hh, hh + " Hello", hh) == hh.size());           // HH has empty responses
    CHECK(size("hi", hh + " Hello", hh + " No") == hh.size()); // the user's words alone
    CHECK(size("Human: hi", hh + " Hello", hh + " No") == hh.size());
    CHECK(size("Human: hi\n\nAssistant:", hh + " Hello", hh + " No") == hh.size());
    CHECK(size("\n\nHuman: hi", hh + " Hello", hh + " No") == hh.size());
    CHECK(size("Q: 2 + 2?\nA:", "Q: 2 + 2?\nA: 4", "Q: 2 + 2?\nA: 5") == 12);
    CHECK(size("Q0", "Q0 a", "Q0 b") == 2);
    CHECK(size("<|assistant|>\n", "<|assistant|>\nYes", "<|assistant|>\nNo") == 14);
}

TEST_CASE("what is no repeated prompt is left alone") {
    const auto none = [](std::string_view prompt, std::string_view first, std::string_view second) {
        return !repeated_prompt_size(prompt, first, second).has_value();
    };
    CHECK(none("p", "pa", "pb"));
    CHECK(none("Hello", "Hello! How are you?", "Hello, what now?")); // an answer that greets back
    CHECK(none("Q0", "Q0 a", " b"));                                 // only one of them
    CHECK(none("Q0", "Q0", "Q0"));
    CHECK(none("", " a", " b"));
    CHECK(none(" ", " a", " b"));
    CHECK(none("hi", "\n\nHuman: delphi\n\nAssistant: a", "\n\nHuman: delphi\n\nAssistant: b"));
    CHECK(none("hi", "\n\nHuman: bye\n\nAssistant: a", "\n\nHuman: bye\n\nAssistant: b"));
    CHECK(none("\n\nHuman: x\n\nAssistant:", " a", " b"));
}

TEST_CASE("a reader takes it off, says so of the record and counts it, unless told otherwise") {
    const std::string lines = R"({"prompt": "Q:", "chosen": " a", "rejected": " b"})"
                              "\n"
                              R"({"prompt": "Q:", "chosen": "Q: a", "rejected": "Q: b"})"
                              "\n"
                              R"({"prompt": "Q:", "responses": ["Q: c", "Q: d"]})";
    std::istringstream stream(lines), again(lines);
    preference_reader reader(stream, "pairs.jsonl");
    const auto data = read_preferences(reader);
    CHECK(data.comparisons()[1].prompt == "Q:");
    CHECK(data.comparisons()[1].first == " a");
    CHECK(data.comparisons()[2].second == " d");
    CHECK(data.repeated().count == 2);
    CHECK(data.repeated().first_line == 2);
    preference_reader as_it_is(again, "pairs.jsonl", {.takes_off_prompt = false});
    const auto kept = read_preferences(as_it_is);
    CHECK(kept.comparisons()[1].first == "Q: a");
    CHECK(kept.repeated().count == 0);
}

TEST_CASE("a conversation in front of both responses once more is taken off and counted, too") {
    const std::string hi = R"({"role": "user", "content": "hi"})", a = R"({"role": "assistant", "content": "a"})",
                      b = R"({"role": "assistant", "content": "b"})";
    const auto line = [](const std::string& prompt, const std::string& chosen, const std::string& rejected) {
        return "{" + (prompt.empty() ? "" : R"("prompt": )" + prompt + ", ") + R"("chosen": [)" + chosen +
               R"(], "rejected": [)" + rejected + "]}\n";
    };
    std::istringstream stream(line("[" + hi + "]", a, b) + line("", hi + ", " + a, hi + ", " + b) +
                              line("[" + hi + "]", hi + ", " + a, hi + ", " + b) +
                              line("\"hi\"", hi + ", " + a, hi + ", " + b));
    preference_reader reader(stream, "pairs.jsonl");
    const auto data = read_preferences(reader);
    for (const auto& pair : data.comparisons()) {
        CHECK(pair.prompt == "\n\nHuman: hi\n\nAssistant:");
        CHECK(pair.second == " b");
    }
    CHECK(data.repeated().count == 2);
    CHECK(data.repeated().first_line == 3);
}
