#include <doctest/doctest.h>

#include <string>

#include <preflearn/data/preferences/parse_record.hpp>
#include <preflearn/data/preferences/preference_data.hpp>
#include <preflearn/data/preferences/verdict_fields.hpp>

#include "../../files.hpp"

using namespace preflearn;

namespace {

std::string chosen_error(const std::string& members, const preference_options& options = {}) {
    return test::error_of(
        [&] { parse_record(R"({"prompt": "p", "chosen": "a", "rejected": "b", )" + members + "}", options, 0); });
}
std::string responses_error(const std::string& members) {
    return test::error_of([&] { parse_record(R"({"prompt": "p", "responses": ["a", "b"], )" + members + "}", {}, 0); });
}

} // namespace

TEST_CASE("a label that prefers the rejected response is an error; one that does not is read") {
    for (const char* const label : {"0", "0.25", "0.0", "\"second\"", "0.2, \"label_tie\": 0.3"}) {
        CAPTURE(label);
        CHECK(test::contains(chosen_error(std::string("\"label\": ") + label), "field 'label': found "));
        CHECK(test::contains(chosen_error(std::string("\"label\": ") + label), "'chosen' and 'rejected'"));
        CHECK(responses_error(std::string("\"label\": ") + label).empty());
    }
    for (const char* const label : {"1", "0.75", "0.5", "\"first\"", "\"tie\"", "0.4, \"label_tie\": 0.3", "null"})
        CHECK(chosen_error(std::string("\"label\": ") + label).empty());
    const preference_options indices{.label_numbers = number_label::preferred_index};
    CHECK(!chosen_error("\"label\": 1", indices).empty());
    CHECK(chosen_error("\"label\": 0", indices).empty());
    CHECK(test::contains(chosen_error("\"label_tie\": 0.2"), "field 'label_tie': there is no field 'label'"));
}

TEST_CASE("scores that prefer the rejected response are an error, and so are two pairs of scores that differ") {
    CHECK(test::contains(chosen_error(R"("score_chosen": 2, "score_rejected": 8.5)"), "chosen response, 2, is below"));
    CHECK(test::contains(chosen_error(R"("scores": [2, 8.5])"), "rejected one, 8.5"));
    CHECK(chosen_error(R"("scores": [2, 2])").empty());
    CHECK(chosen_error(R"("scores": [2, 1], "score_chosen": 2, "score_rejected": 1)").empty());
    CHECK(test::contains(chosen_error(R"("scores": [2, 1], "score_chosen": 3, "score_rejected": 1)"), "that differ"));
    CHECK(responses_error(R"("scores": [2, 8.5], "label": 1)").empty()); // another judge's scores
    CHECK(test::contains(responses_error(R"("score_chosen": 2, "score_rejected": 1)"),
                         "field 'score_chosen': stands beside 'responses'"));
}

TEST_CASE("a verdict under another name is never dropped: it agrees, or it is an error") {
    CHECK(chosen_error(R"("winner": "chosen")").empty());
    CHECK(chosen_error(R"("preferred": "first")").empty());
    CHECK(chosen_error(R"("preferred": null)").empty());
    CHECK(test::contains(chosen_error(R"("winner": "rejected")"), "field 'winner': found '\"rejected\"', a second"));
    CHECK(test::contains(chosen_error(R"("preferred": "second")"), "contradicts"));
    CHECK(test::contains(chosen_error(R"("preferred": 1)"), "cannot be compared"));
    CHECK(test::contains(responses_error(R"("winner": "first")"),
                         "field 'winner': a verdict is read from the field 'label' alone"));
    CHECK(responses_error(R"("winner": "first", "label": 0.9)").empty());
    CHECK(test::contains(responses_error(R"("winner": "first", "label": 0.1)"), "contradicts"));
}

TEST_CASE("fields of the record that a model would read are refused unless they are empty") {
    CHECK(test::contains(chosen_error(R"("tools": [{"type": "function"}])"), "field 'tools': has content"));
    CHECK(test::contains(chosen_error(R"("system": "Be brief.")"), "field 'system': has content"));
    CHECK(test::contains(chosen_error(R"("chat_template_kwargs": {"enable_thinking": false})"),
                         "field 'chat_template_kwargs': changes the text"));
    CHECK(chosen_error(R"("tools": [], "system": "", "images": null, "messages": [1], "source": "x")").empty());
    CHECK(chosen_error(R"("chat_template_kwargs": {}, "chat_template": null)").empty());
}

TEST_CASE("a probability beside chosen and rejected is their label; a weight and a human verdict are kept") {
    const auto record = parse_record(
        R"({"prompt": "p", "chosen": "a", "rejected": "b", "probability": 0.75, "margin": 1.1, "weight": 0.5, "human": 0})",
        {.label_numbers = number_label::preferred_index}, 0); // which is of labels alone
    CHECK(*record.label == preference(0.75).with_margin(1.1));
    CHECK(record.weight == 0.5);
    CHECK(record.human->decision() == choice::second);
    preference_data data;
    data.add(record);
    CHECK(data.weight(0) == 0.5);
    CHECK(data.human().at(0) == preference::for_second());
    CHECK(chosen_error(R"("probability": 0.75, "label": 0.75)").empty());
    CHECK(test::contains(chosen_error(R"("probability": 0.75, "label": 0.5)"), "two probabilities that differ"));
    CHECK(test::contains(chosen_error(R"("probability": 0.25)"),
                         "field 'probability': found 0.25, which prefers the second"));
    CHECK(test::contains(chosen_error(R"("probability": 1.5)"), "a probability in [0, 1]"));
    CHECK(test::contains(responses_error(R"("probability": 0.75)"),
                         "field 'probability': is that of the chosen response"));
    CHECK(test::contains(chosen_error(R"("weight": -1)"), "field 'weight'"));
    CHECK(chosen_error(R"("human": "a text of somebody's")").empty());
}
