#include <doctest/doctest.h>

#include <limits>
#include <string>

#include <preflearn/data/preferences/parse_record.hpp>
#include <preflearn/text/chat/conversation.hpp>

#include "../../files.hpp"

using namespace preflearn;

namespace {

preference_record parsed(std::string_view line, const preference_options& options = {}) {
    return parse_record(line, options, 42);
}
std::string error_in(std::string_view line, const preference_options& options = {}) {
    return test::error_of([&] { parsed(line, options); });
}
std::optional<preference> label_of(const std::string& value, const preference_options& options = {}) {
    return parsed(R"({"prompt": "p", "responses": ["a", "b"], "label": )" + value + "}", options).label;
}
using parsed_record = preference_record;

} // namespace

TEST_CASE("HH transcripts: the prompt is shared, the responses begin with a space, the chosen one is labelled") {
    const auto pair =
        parsed(R"({"chosen": "\n\nHuman: Hi\n\nAssistant: Yes.", "rejected": "\n\nHuman: Hi\n\nAssistant: Yesss"})");
    CHECK(pair ==
          parsed_record{
              .id = 42, .prompt = "\n\nHuman: Hi\n\nAssistant:", .first = " Yes.", .second = " Yesss", .label = 1.0});
    CHECK(parsed(R"({"chosen": "Q? A: y", "rejected": "Q? A: n"})", {.answer_start = "A:"}).prompt == "Q? A:");
}

TEST_CASE("explicit prompts are taken as they are") {
    CHECK(parsed(R"({"prompt": "p", "chosen": "pa", "rejected": "", "other": [1, {}], "id": 5})") ==
          parsed_record{.id = 5, .prompt = "p", .first = "pa", .second = "", .label = 1.0});
    CHECK(parsed(R"({"prompt": "", "chosen": "a", "rejected": "b", "responses": null})").prompt.empty());
}

TEST_CASE("conversations, with the prompt shared, given as turns, or given as the user's text") {
    const parsed_record expected{
        .id = 42, .prompt = "\n\nHuman: Hi\n\nAssistant:", .first = " Yes", .second = " No", .label = 1.0};
    const std::string yes = R"({"role": "assistant", "content": "Yes"})",
                      no = R"({"role": "assistant", "content": "No"})", hi = R"({"role": "user", "content": "Hi"})";
    const auto list = [](const auto&... turns) {
        std::string text;
        ((text += (text.empty() ? "" : ", ") + turns), ...);
        return "[" + text + "]";
    };
    const auto pair = [&](const std::string& prompt, const std::string& chosen, const std::string& rejected) {
        return parsed("{" + prompt + "\"chosen\": " + chosen + ", \"rejected\": " + rejected + "}");
    };
    CHECK(pair("", list(hi, yes), list(hi, no)) == expected);
    CHECK(pair("\"prompt\": " + list(hi) + ", ", list(yes), list(no)) == expected);
    CHECK(pair("\"prompt\": " + list(hi) + ", ", yes, no) == expected); // one turn instead of a list of one
    CHECK(pair("\"prompt\": " + list(hi) + ", ", "\"Yes\"", "\"No\"") == expected);
    CHECK(pair("\"prompt\": " + list(hi) + ", ", list(hi, yes), list(hi, no)) == expected);
    CHECK(pair("\"prompt\": \"Hi\", ", list(yes), list(no)) == expected);
    CHECK(pair("\"prompt\": \"Hi\", ", list(hi, yes), list(hi, no)) == expected); // UltraFeedback
    // A given prompt is kept though the responses share more turns.
    const auto longer = pair("\"prompt\": " + list(hi) + ", ", list(hi, yes, hi, yes), list(hi, yes, hi, no));
    CHECK(longer.prompt == expected.prompt);
    CHECK(longer.second == " Yes\n\nHuman: Hi\n\nAssistant: No");
    // Without it, conversations follow the rule of transcripts, also where they part at a user's turn.
    const auto parting = pair("", list(hi, yes, hi, yes), list(hi, yes));
    CHECK(parting.prompt == expected.prompt);
    CHECK(parting.first == " Yes\n\nHuman: Hi\n\nAssistant: Yes");
    CHECK(parting.second == " Yes");
}

TEST_CASE("pairs of responses, unlabelled, labelled or scored") {
    CHECK(parsed(R"({"prompt": "p", "responses": ["a", "b"]})") ==
          parsed_record{.id = 42, .prompt = "p", .first = "a", .second = "b"});
    const auto scored =
        parsed(R"({"prompt": "p", "responses": ["a", "b"], "label": 0.25, "scores": [1, -2.5], "margin": -3})");
    CHECK(scored.label == preference(0.25).with_margin(-3));
    CHECK(scored.scores == response_scores{1, -2.5});
    CHECK(scored.margin == -3);
    const auto turns = parsed(
        R"({"prompt": [{"role": "user", "content": "p"}], "responses": [{"role": "assistant", "content": "a"}, "b"]})");
    CHECK(turns.prompt == "\n\nHuman: p\n\nAssistant:");
    CHECK(turns.first == " a");
    CHECK(turns.second == " b");
    CHECK(!turns.label);
    const auto feedback =
        parsed(R"({"prompt": "p", "chosen": "a", "rejected": "b", "score_chosen": 8.5, "score_rejected": 2})");
    CHECK(feedback.scores == response_scores{8.5, 2});
    CHECK(!parsed(R"({"prompt": "p", "responses": ["a", "b"], "margin": 2})").label);
}

TEST_CASE("labels are probabilities of the first response, words, or both with a tie; indices when asked") {
    CHECK(label_of("1") == preference::for_first());
    CHECK(label_of("0") == preference::for_second());
    CHECK(label_of("0.1") == preference(0.1));
    CHECK(label_of("\"first\"") == preference::for_first());
    CHECK(label_of("\"second\"") == preference::for_second());
    CHECK(label_of("\"tie\"") == preference::tied());
    CHECK(label_of("\"abstain\"") == preference::abstention());
    CHECK(label_of("0.5, \"label_tie\": 0.25") == preference(0.5, 0.25));
    CHECK(label_of("0, \"label_tie\": 1") == preference::tied());
    CHECK(!label_of("null"));
    const preference_options indices{.label_numbers = number_label::preferred_index};
    CHECK(label_of("0", indices) == preference::for_first());
    CHECK(label_of("1", indices) == preference::for_second());
    CHECK(label_of("\"tie\"", indices) == preference::tied());
    CHECK_THROWS_AS(label_of("0.5", indices), input_error);
    for (const char* const wrong : {"2", "-0.1", "true", "\"both\"", "[1]", "{}", "0.8, \"label_tie\": 0.3", "1e999"}) {
        CAPTURE(wrong);
        CHECK_THROWS_AS(label_of(wrong), input_error);
    }
}

TEST_CASE("ids are the record's own or the default") {
    const std::string body = R"("prompt": "p", "chosen": "a", "rejected": "b"})";
    CHECK(parsed("{\"id\": 18446744073709551615, " + body).id == std::numeric_limits<std::uint64_t>::max());
    CHECK(parsed("{\"id\": null, " + body).id == 42);
    CHECK(parsed("{\"id\": \"x\", \"n\": 8, " + body, {.id_field = "n"}).id == 8);
    CHECK(parsed("{\"id\": \"x\", " + body, {.id_field = ""}).id == 42);
    const auto given = [&](const std::string& id) { return parsed("{\"id\": " + id + ", " + body); };
    CHECK(given("3.0").id == 3);
    CHECK(given("1e3").id == 1000);
    CHECK(given("9007199254740991.0").id == 9007199254740991);
    CHECK(given("0.0").given.form == id_form::number);
    CHECK(given("\"7\"").id == hash_of("7")); // a text, and written back as one
    CHECK(given("\"7\"").given.text == "7");
    CHECK(given("\"a/\\u00e9 7\"").given.text == "a/\u00e9 7");
    CHECK(given("null").given.form == id_form::none);
    for (const char* const wrong : {"-1", "-1.0", "1.5", "18446744073709551616", "9007199254740993.0", "1e30", "1e300",
                                    "[]", "[1]", "{}", "true", "\"\""}) {
        CAPTURE(wrong);
        CHECK(test::contains(error_in("{\"id\": " + std::string(wrong) + ", " + body), "field 'id': found "));
    }
}

TEST_CASE("another chat format renders the turns, and its errors are the record's") {
    const preference_options options{.render = [](auto turns) { return render_chat(chat_format::chatml, turns); }};
    const auto pair = parsed(
        R"({"prompt": "p", "chosen": [{"role": "assistant", "content": "a"}], "rejected": {"role": "assistant", "content": "b"}})",
        options);
    CHECK(pair.prompt == "<|im_start|>user\np<|im_end|>\n<|im_start|>assistant\n");
    CHECK(pair.first == "a<|im_end|>\n");
    const preference_options forgetful{
        .render = [](auto turns) { return std::string(turns.size(), 'x') + std::string(turns.back().content); }};
    CHECK(test::contains(
        error_in(R"({"prompt": "p", "chosen": [{"role": "assistant", "content": "a"}], "rejected": []})", forgetful),
        "field 'rejected': found an empty list"));
    CHECK(test::contains(
        error_in(
            R"({"prompt": "p", "chosen": [{"role": "assistant", "content": "a"}], "rejected": {"role": "assistant", "content": "b"}})",
            forgetful),
        "field 'chosen': the text of prompt and response does not begin with the text of the prompt"));
}

TEST_CASE("errors name the field, what was found and what was expected") {
    const auto turn = [](const std::string& role) { return R"([{"role": ")" + role + R"(", "content": "x"}])"; };
    CHECK(error_in("[]") == "found array, expected one JSON object a line");
    CHECK(error_in("7") == "found number, expected one JSON object a line");
    CHECK(test::contains(error_in("{}"), "found no fields, expected the fields 'chosen' and 'rejected', or"));
    CHECK(test::contains(error_in(R"({"text": 1, "label": 2})"),
                         "found the fields 'label', 'text', expected the fields"));
    CHECK(error_in(R"({"chosen": "a"})") ==
          "field 'rejected': found nothing, expected a text or a list of turns {role, content}");
    CHECK(test::contains(error_in(R"({"chosen": "a", "responses": ["a", "b"]})"), "beside 'responses'"));
    CHECK(error_in(R"({"prompt": "p", "chosen": 3.5, "rejected": "b"})") ==
          "field 'chosen': found number 3.5, expected a text or a list of turns {role, content}");
    CHECK(error_in(R"({"prompt": 1, "chosen": "a", "rejected": "b"})") ==
          "field 'prompt': found number 1, expected a text or a list of turns {role, content}");
    CHECK(error_in(R"({"prompt": "p", "responses": ["a"]})") ==
          "field 'responses': found a list of 1, expected a list of two responses");
    CHECK(test::contains(error_in(R"({"prompt": "p", "responses": ["a", null]})"), "field 'responses[1]': found null"));
    CHECK(test::contains(
        error_in(R"({"responses": ["a", "b"]})"),
        R"(fields 'responses[0]' and 'responses[1]': there is no field 'prompt', and their common beginning holds no "\n\nAssistant:")"));
    CHECK(error_in(R"({"chosen": [{"role": "user"}], "rejected": []})") ==
          "field 'chosen[0].content': found nothing, expected a text");
    CHECK(error_in(R"({"chosen": [{"role": "user", "content": ["x"]}], "rejected": []})") ==
          "field 'chosen[0].content': found a list of 1, expected a text");
    CHECK(error_in(R"({"chosen": ["x"], "rejected": []})") ==
          "field 'chosen[0]': found string, expected a turn {role, content}");
    CHECK(test::contains(error_in(R"({"chosen": )" + turn("assistant") + R"(, "rejected": )" + turn("assistant") + "}"),
                         "share no turns"));
    CHECK(test::contains(
        error_in(R"({"prompt": "q", "chosen": )" + turn("user") + R"(, "rejected": )" + turn("user") + "}"),
        "share no turns"));
    CHECK(test::contains(
        error_in(
            R"({"prompt": "q", "chosen": [{"role": "user", "content": "p"}, {"role": "assistant", "content": ""}], "rejected": [{"role": "user", "content": "p"}, {"role": "assistant", "content": ""}]})"),
        "field 'prompt': is not a user's turn that 'chosen' and 'rejected' share"));
    CHECK(test::contains(error_in(R"({"prompt": )" + turn("assistant") + R"(, "chosen": "a", "rejected": "b"})"),
                         "expected a user's"));
    CHECK(test::contains(
        error_in(R"({"prompt": )" + turn("user") + R"(, "chosen": )" + turn("user") + R"(, "rejected": "b"})"),
        "field 'chosen': a response begins and ends with a turn of the role 'assistant'"));
    CHECK(test::contains(error_in(R"({"prompt": )" + turn("bot") + R"(, "chosen": "a", "rejected": "b"})"),
                         "the role is 'bot'"));
    CHECK(error_in(R"({"prompt": "p", "responses": ["a", "b"], "scores": [1]})") ==
          "field 'scores': found a list of 1, expected a list of two numbers");
    CHECK(error_in(R"({"prompt": "p", "responses": ["a", "b"], "scores": [1, "2"]})") ==
          "field 'scores[1]': found string, expected a number");
    CHECK(error_in(R"({"prompt": "p", "chosen": "a", "rejected": "b", "score_chosen": 1})") ==
          "field 'score_rejected': found nothing, expected a number");
    CHECK(error_in(R"({"prompt": "p", "responses": ["a", "b"], "label": 1.5})") ==
          "field 'label': found number 1.5, expected a probability in [0, 1]");
    CHECK(error_in(R"({"prompt": "p", "responses": ["a", "b"], "label": 0.5, "label_tie": true})") ==
          "field 'label_tie': found boolean, expected a number");
    CHECK(error_in(R"({"prompt": "p", "responses": ["a", "b"], "margin": "2"})") ==
          "field 'margin': found string, expected a number");
}

TEST_CASE("JSON that is not valid, not UTF-8, repeats a key or is deep is told shortly") {
    CHECK(
        error_in(R"({"chosen": "a", "rej)") ==
        "is not valid JSON at byte 21: syntax error while parsing object key - invalid string: missing closing quote");
    CHECK(test::contains(error_in("{\"chosen\": \"\xFF" + std::string(10000, 'x') + "\"}"), "ill-formed UTF-8 byte"));
    CHECK(error_in("{\"chosen\": \"\xFF" + std::string(10000, 'x') + "\"}").size() < 200);
    CHECK(test::contains(error_in(R"({"chosen": "\ud800"})"), "surrogate"));
    CHECK(test::contains(error_in(R"({"chosen": NaN})"), "invalid literal"));
    CHECK(error_in(R"({"chosen": "a", "chosen": "b"})") == "field 'chosen' appears twice in one object");
    CHECK(error_in(R"({"x": )" + std::string(100, '[')) == "is nested deeper than 32 levels");
    CHECK(parsed(R"({"prompt": "p", "chosen": "a", "rejected": "b", "meta": {"a": {"b": [[[1]]]}, "c": {"b": 1}}})")
              .prompt == "p");
}
