#include <doctest/doctest.h>

#include <string>

#include <preflearn/pipeline/teacher_kinds/judge_template.hpp>

#include "../../files.hpp"

using namespace preflearn;

TEST_CASE("a template's places say what is asked, and other braces are text") {
    const judge_template made = parse_judge_template("{x {prompt}{{first}} {A} {first}\n{second}}:", "file");
    CHECK(made.form == judge_form::pairwise);
    REQUIRE(made.parts.size() == 7);
    CHECK(made.parts[0].text == "{x ");
    CHECK(made.parts[1].slot == judge_slot::prompt);
    CHECK(made.parts[2].text == "{first} {A} ");
    CHECK(made.parts[3].slot == judge_slot::first);
    CHECK(made.parts[4].text == "\n");
    CHECK(made.parts[5].slot == judge_slot::second);
    CHECK(made.parts[6].text == "}:");
    const judge_template rates = parse_judge_template("{prompt}{response}{reason}", "file");
    CHECK(rates.form == judge_form::score);
    CHECK(rates.has(judge_slot::reason));
}

TEST_CASE("a place that is missing, unknown or comes too often is refused by name") {
    const auto fault = [](const char* text) { return test::error_of([&] { parse_judge_template(text, "t.txt"); }); };
    CHECK(test::contains(fault("{first} {second}"), "t.txt: the template of a judge has no {prompt}"));
    CHECK(test::contains(fault("{prompt} {first}"), "has no {second}"));
    CHECK(test::contains(fault("{prompt}"), "has no {first}"));
    CHECK(test::contains(fault("{prompt} {response} {first}"), "{response}, of a judge that rates one, and {first}"));
    CHECK(test::contains(fault("{prompt} {frist} {second}"), "{frist} is no place of a template"));
    CHECK(test::contains(fault("{prompt} {first} {second} {reason} {reason}"), "{reason} 2 times"));
}

TEST_CASE("the templates that the library brings are templates, with a reason where one is asked for") {
    for (const bool reasons : {false, true}) {
        for (const judge_form form : {judge_form::pairwise, judge_form::score}) {
            const judge_template made = parse_judge_template(default_judge_template(form, reasons), "own");
            CHECK(made.form == form);
            CHECK(made.has(judge_slot::reason) == reasons);
        }
    }
}
