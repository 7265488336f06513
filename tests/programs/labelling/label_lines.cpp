#include <doctest/doctest.h>

#include <cstddef>
#include <optional>

#include <nlohmann/json.hpp>

#include <preflearn/programs/labelling/label_lines.hpp>

using namespace preflearn;

TEST_CASE("what a human said is turned with the chosen response; ties are half, abstentions nothing") {
    for (const preference& human : {preference(0.75), preference(0.125, 0.5), preference::for_second()}) {
        CHECK(human_of_chosen(human, 0) == human.half_win());
        CHECK(*human_of_chosen(human, 0) + *human_of_chosen(human, 1) == 1);
    }
    CHECK(human_of_chosen(preference::tied(), 1) == 0.5);
    CHECK_FALSE(human_of_chosen(preference::abstention(), 0).has_value());
    CHECK_FALSE(human_of_chosen(std::nullopt, 1).has_value());
}

TEST_CASE("a label's line is read again with its texts in the order of the label, and what the human said") {
    const auto record =
        detail::label_record_of(nlohmann::json::parse(R"({"prompt": "p", "chosen": "x", "rejected": "y"})"), {});
    pair_names names;
    names.insert(0, {.form = id_form::text, .text = "a"}, 1);
    for (const std::size_t chosen : {0U, 1U}) {
        const label_decision label{.chosen = chosen, .probability = 0.75, .margin = 2, .weight = 0.5, .flipped = true};
        const auto line = label_line(record, label, names, "t:1", false);
        CHECK(line.size() == 9);
        CHECK(line["id"] == "a");
        CHECK(line["margin"] == 2);
        CHECK(line["weight"] == 0.5);
        CHECK(label_line(record, label, names, "t:1", true)["flipped"] == true);
        const label_record again = detail::label_record_of(nlohmann::json::parse(line.dump()), {});
        CHECK(again.responses[0] == record.responses[chosen]);
        CHECK(again.responses[1] == record.responses[1 - chosen]);
        CHECK(again.human->half_win() == (chosen == 0 ? 1 : 0));
    }
    const auto bare =
        label_line(detail::label_record_of(nlohmann::json::parse(R"({"prompt": "p", "responses": ["x", "y"]})"), {}),
                   {}, names, "t:1", false);
    CHECK(bare.size() == 9); // every column on every line
    CHECK(bare["human"].is_null());
    CHECK(bare["margin"].is_null());
    const auto many = label_line(
        detail::label_record_of(nlohmann::json::parse(R"({"prompt": "p", "responses": ["x", "y", "z"]})"), {}),
        {.scores = {1, 3, 2}}, names, "t:1", true);
    CHECK(many.size() == 5);
    CHECK(many["responses"] == nlohmann::ordered_json{"x", "y", "z"});
    CHECK(many["scores"] == nlohmann::ordered_json{1.0, 3.0, 2.0});
}

TEST_CASE("what is left out says its line and why, with the teacher's own probability where it has one") {
    const label_decision close{.probability = 1, .confidence = 0.625, .margin = 0.5}, certain{};
    const auto line = left_out_line(pair_name{.id = "7", .number = 7}, 3, "below_top", "", &close);
    CHECK(line["id"] == 7);
    CHECK(line["line"] == 3);
    CHECK_FALSE(line.contains("message"));
    CHECK(line["probability"] == 0.625);
    CHECK(line["margin"] == 0.5);
    CHECK_FALSE(left_out_line({}, 3, "tie", "", &certain).contains("probability"));
    const auto malformed = left_out_line({}, 4, "malformed", "no JSON");
    CHECK(malformed["id"].is_null());
    CHECK(malformed["message"] == "no JSON");
}
