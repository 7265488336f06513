#include <doctest/doctest.h>

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/programs/evaluating/student_file.hpp>

#include "../../files.hpp"

using namespace preflearn;

namespace {

const std::string scored_line =
    R"({"prompt": "x", "responses": ["a", "b", "c"], "scores": [1, 3, 2], "tokens": [7, 8, 9]})";

/// What a student's file says of its first prompt.
student_responses first_of_file(const std::string& lines, response_pick pick = response_pick::all) {
    const test::folder f;
    const student_file file = read_student({"s", f.write("s.jsonl", lines), pick}, "");
    return file.of.at(file.order.at(0));
}
std::string fault_of_file(const std::string& lines, response_pick pick = response_pick::all) {
    return test::error_of([&] { first_of_file(lines, pick); });
}

} // namespace

TEST_CASE("the best or the first of several counts where that is asked for, over lines of one prompt too") {
    using texts = std::vector<nlohmann::json>;
    CHECK(first_of_file(scored_line, response_pick::best).record.responses == texts{"b"});
    CHECK(first_of_file(scored_line, response_pick::best).tokens == std::vector<double>{8});
    CHECK(first_of_file(scored_line, response_pick::first).record.responses == texts{"a"});
    const std::string lines = "{\"prompt\": \"x\", \"completion\": \"a\", \"score\": 1}\n"
                              "{\"prompt\": \"x\", \"completion\": \"b\", \"score\": 4}\n";
    CHECK(first_of_file(lines).record.responses.size() == 2);
    CHECK(first_of_file(lines, response_pick::best).record.responses == texts{"b"});
    CHECK(test::contains(fault_of_file(R"({"prompt": "x", "responses": ["a", "b"]})", response_pick::best),
                         "s.jsonl:1: the best of its responses is asked for, and they have no scores"));
}

TEST_CASE("a response that repeats its prompt keeps it, and labels of good and bad ones are no scores") {
    const student_responses repeats =
        first_of_file(R"({"prompt": "say it", "responses": ["say it again", "say it twice"]})");
    CHECK(repeats.record.responses[0] == "say it again");
    CHECK(first_of_file(R"({"prompt": "x", "completion": "a", "label": true})").record.scores.empty());
}

TEST_CASE("one id for two prompts is refused, for the same prompt it is not") {
    CHECK(test::contains(fault_of_file("{\"id\": 1, \"prompt\": \"x\", \"response\": \"a\"}\n"
                                       "{\"id\": 1, \"prompt\": \"y\", \"response\": \"a\"}\n"),
                         "s.jsonl:2: the id '1' was that of another prompt before"));
    CHECK(first_of_file("{\"id\": 1, \"prompt\": \"x\", \"response\": \"a\"}\n"
                        "{\"id\": 1, \"prompt\": \"x\", \"response\": \"b\"}\n")
              .record.responses.size() == 2);
}
