#include <doctest/doctest.h>

#include <string>

#include <preflearn/pipeline/teacher_kinds/recorded.hpp>

#include "../../files.hpp"

using namespace preflearn;

namespace {

judgement judged_by(const std::string& line, const shown_texts& shown, double beta = 1) {
    const test::folder f;
    const auto all = read_recorded(f.write("r.jsonl", line), beta);
    return detail::recorded_judgement(all.at(shown.id), shown);
}

const shown_texts in_file_order{.id = 1, .prompt = "p", .responses = {"x", "y"}, .places = {0, 1}},
    in_other_order{.id = 1, .prompt = "p", .responses = {"y", "x"}, .places = {1, 0}};

} // namespace

TEST_CASE("scores, labels, margins and log-probs are about the responses in the file's order") {
    CHECK(judged_by(R"({"id": 1, "scores": [2, 5]})", in_file_order).margin() == -3);
    CHECK(judged_by(R"({"id": 1, "scores": [2, 5]})", in_other_order).margin() == 3);
    CHECK(judged_by(R"({"id": 1, "label": "second"})", in_other_order).verdict->decision() == choice::first);
    CHECK(judged_by(R"({"id": 1, "probability": 0.75, "margin": 4})", in_other_order).margin() == -4);
    CHECK(judged_by(R"({"id": 1, "label": "abstain"})", in_file_order).verdict->abstained());
    CHECK(judged_by(R"({"index": 1, "chosen_logp": -4, "rejected_logp": -9})", in_file_order).margin() == 5);
    const std::string referenced = R"({"id": 1, "chosen_logp": -4, "rejected_logp": -9, )"
                                   R"("reference_chosen_logp": -5, "reference_rejected_logp": -9.5})";
    CHECK(judged_by(referenced, in_file_order, 0.5).margin() == 0.25);
}

TEST_CASE("with texts the numbers are about these texts, whatever their order now") {
    const std::string line = R"({"id": 1, "chosen": "y", "rejected": "x", "margin": 2})";
    CHECK(judged_by(line, in_file_order).margin() == -2);
    CHECK(judged_by(line, in_other_order).margin() == 2);
    CHECK(judged_by(R"({"id": 1, "responses": ["x", "z"], "scores": [1, 2]})", in_file_order).unfit.has_value());
}

TEST_CASE("malformed records are refused by line") {
    const test::folder f;
    const auto fault = [&](const std::string& lines) {
        return test::error_of([&] { read_recorded(f.write("r.jsonl", lines)); });
    };
    CHECK(test::contains(fault("{\"id\": 1}\n"), "r.jsonl:1: found the fields 'id', expected a verdict"));
    CHECK(test::contains(fault("{\"id\": 1, \"margin\": 1}\n{\"id\": 1, \"margin\": 2}\n"),
                         "r.jsonl:2: the pair was judged on line 1"));
    CHECK(test::contains(fault("{\"id\": 1, \"scores\": [1]}"), "two or more numbers"));
    CHECK(test::contains(fault("{\"id\": 1, \"scores\": [1, 2, 3], \"responses\": [\"a\", \"b\"]}"),
                         "3 numbers and 2 responses"));
    CHECK(test::contains(fault("\n"), "holds no verdicts"));
}
