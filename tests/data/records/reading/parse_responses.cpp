#include <doctest/doctest.h>

#include <string>

#include "../../../files.hpp"
#include "../parsed.hpp"

using namespace preflearn;

TEST_CASE("every column that is not read is kept, under another name where it would be read as something else") {
    const auto record = test::parsed(
        R"({"id": "a", "prompt": "p", "chosen": "x", "rejected": "y", "probability": 0.8, "margin": 1.4, "human": 0,
            "weight": 0.5, "teacher": "t", "category": ["k"], "completion": "c", "score_chosen": 2, "score_rejected": 1})",
        {.family = record_family::pairs});
    CHECK(record.given.text == "a");
    CHECK(record.named_probability);
    CHECK(record.label->first() == 0.8);
    CHECK(*record.margin == 1.4);
    CHECK(record.human->decision() == choice::second);
    CHECK(record.scores == std::vector<double>{2, 1});
    CHECK(record.others.dump() == R"({"category":["k"],"source_completion":"c","teacher":"t","weight":0.5})");
}

TEST_CASE("two named columns are a pair of which neither is chosen by its place") {
    const record_options shp{.columns = {.prompt = "history", .first = "A", .second = "B", .label = "labels"}};
    const auto record = test::parsed(R"({"history": "p", "A": "a", "B": "b", "labels": 0, "score_A": 3})", shp);
    CHECK(record.form == record_form::two_fields);
    CHECK(record.label->decision() == choice::second);
    CHECK(record.others.dump() == R"({"score_A":3})");
}

TEST_CASE("a system column becomes the first turn") {
    const record_options options{.columns = {.system = "system"}};
    const auto record = test::parsed(R"({"system": "s", "question": "p", "chosen": "a", "rejected": "b"})", options);
    CHECK(record.prompt.dump() == R"([{"content":"s","role":"system"},{"content":"p","role":"user"}])");
    const auto none = test::parsed(R"({"system": "", "question": "p", "chosen": "a", "rejected": "b"})", options);
    CHECK(none.prompt.size() == 1); // a conversation all the same: a column has one type
    CHECK(test::contains(
        test::error_of([&] {
            test::parsed(
                R"({"system": "s", "prompt": [{"role": "system", "content": "t"}, {"role": "user", "content": "u"}], "chosen": "a", "rejected": "b"})",
                options);
        }),
        "has a system turn beside the system column"));
}
