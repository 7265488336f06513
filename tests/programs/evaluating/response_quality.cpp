#include <doctest/doctest.h>

#include <string>
#include <vector>

#include <preflearn/programs/evaluating/response_quality.hpp>

#include "../../files.hpp"

using namespace preflearn;

TEST_CASE("what repeats is the share of 4-grams of words that were there before") {
    CHECK(repeated_share("a b c d e f") == 0);
    CHECK(repeated_share("a b c") == 0);
    CHECK(repeated_share("") == 0);
    // abcd bcda cdab dabc abcd: five, four different
    CHECK(repeated_share("a b  c\nd a b c d ") == doctest::Approx(0.2));
    CHECK(repeated_share("no no no no no no no") == doctest::Approx(0.75));
    CHECK(repeated_share("a a", 1) == 0.5);
}

TEST_CASE("lengths, ends, empty and repeated responses of a student") {
    const test::folder f;
    const auto lines = f.write(
        "r.jsonl", R"({"prompt": "x", "responses": ["über", " "], "finish": ["stop", "length"], "tokens": [3, 9]}
{"prompt": "y", "responses": ["no no no no no no no", "über"], "finish": ["stop", "stop"], "tokens": [7, 3]}
)");
    const evaluated_students students = read_students(std::vector<response_source>{{"s", lines}});
    const auto qualities = qualities_of(students, "characters");
    CHECK(qualities[0][0][0].length == 4);
    CHECK(qualities_of(students, "words")[1][0][0].length == 7);
    const student_quality found = quality_of(students, 0, qualities, 0.95);
    CHECK(found.responses == 4);
    CHECK(found.fewest == 2);
    CHECK(found.length.value == doctest::Approx((4 + 1 + 20 + 4) / 4.0));
    CHECK(found.median_length == 4);
    CHECK(found.tokens.value == 5.5);
    CHECK(found.empty.value == 0.25);
    CHECK(found.cut_off.value == 0.25);
    CHECK(found.repetitive.value == 0.25);
    CHECK(found.duplicate == 0.25);
    CHECK(found.length.count == 2); // prompts
}

TEST_CASE("turns are measured by what they say, and what a file does not say is not known") {
    const test::folder f;
    const auto lines = f.write("r.jsonl", R"({"prompt": [{"role": "user", "content": "x"}], "response": "four"})");
    const evaluated_students students = read_students(std::vector<response_source>{{"s", lines}});
    const student_quality found = quality_of(students, 0, qualities_of(students, "characters"), 0.95);
    CHECK(found.length.value == 4);
    CHECK_FALSE(found.tokens.defined());
    CHECK_FALSE(found.cut_off.defined());
}
