#include <doctest/doctest.h>

#include <limits>
#include <string>

#include <preflearn/data/records/preparing/record_lengths.hpp>

#include "../../../files.hpp"
#include "../parsed.hpp"

using namespace preflearn;

TEST_CASE("words, characters and lengths of conversations") {
    CHECK(words_in("") == 0);
    CHECK(words_in(" a  b\n\tc\r\n") == 3);
    CHECK(characters_in("né😀") == 3);
    const auto record = test::parsed(
        R"({"prompt": [{"role": "user", "content": "a b"}, {"role": "assistant", "content": null, "tool_calls": [1]}, {"role": "tool", "content": "c"}], "chosen": "x", "rejected": ""})");
    CHECK(length_of(record.prompt, {}) == 3);
    CHECK(is_empty_text(record.responses[1]));
    CHECK(!is_empty_text(record.prompt));
    CHECK(is_empty_text(nlohmann::json(" \n")));
    const text_measure rendered{.unit = "words", .of = words_in, .render = transcript_of};
    CHECK(length_of(nlohmann::json::parse(R"([{"role": "user", "content": "a b"}])"), rendered) == 4); // with its marks
}

TEST_CASE("a record that breaks a rule says which, and what was found") {
    const auto found = [](const std::string& line, const record_rules& rules) {
        const auto broken = misfit_of(test::parsed(line), rules);
        return broken ? std::string(name_of(broken->reason)) + ": " + broken->message : "";
    };
    const std::string line = R"({"prompt": "a b c", "chosen": "d e", "rejected": "f", "margin": 0.5})";
    CHECK(found(line, {}) == "");
    CHECK(found(line, {.maximum_prompt = 2}) == "too_long: a prompt of 3 words is longer than 2");
    CHECK(found(line, {.maximum_response = 1}) == "too_long: a response of 2 words is longer than 1");
    CHECK(found(line, {.maximum_length = 4}) == "too_long: prompt with response of 5 words is longer than 4");
    CHECK(found(line, {.maximum_length = 5, .minimum_response = 2}) ==
          "too_short: a response of 1 words is shorter than 2");
    CHECK(found(line, {.minimum_margin = 0.5}) == "");
    CHECK(test::contains(found(line, {.minimum_margin = 0.6}), "small_margin: its size, 0.5, is below 0.5"));
    CHECK(found(R"({"prompt": "p", "chosen": "a", "rejected": "b"})", {.minimum_margin = 0.1}) ==
          "small_margin: it has none");
    CHECK(found(R"({"prompt": "p", "chosen": "a", "rejected": "a"})", {}) == "identical_responses: ");
    CHECK(found(R"({"prompt": "p", "chosen": "a", "rejected": "a"})", {.drop_identical = false}) == "");
    CHECK(found(R"({"prompt": " ", "chosen": "a", "rejected": "b"})", {.drop_empty = true}) == "empty_prompt: ");
    CHECK(found(R"({"prompt": "p", "chosen": "a", "rejected": ""})", {.drop_empty = true}) == "empty_response: ");
}
