#include <doctest/doctest.h>

#include <string>

#include <preflearn/programs/evaluating/evaluation_tables.hpp>

#include "../../files.hpp"
#include "evaluated_case.hpp"

using namespace preflearn;

TEST_CASE("every evaluator has its tables, and SFT no GRA of its own") {
    const evaluation of = test::evaluated_case();
    const table rewards = reward_table(of, of.evaluators[0]);
    CHECK(std::holds_alternative<no_value>(rewards.rows[0][2].content));
    CHECK(std::get<with_interval>(rewards.rows[1][2].content).value == doctest::Approx(1));
    CHECK(order_table(of, of.evaluators[0]).rows.empty());
    CHECK(order_table(of, of.evaluators[1]).rows.size() == 4);
    CHECK(evaluation_tables(of).size() == 1 + 5 + 3 + 2);
    for (const table& one : evaluation_tables(of)) check(one);
}

TEST_CASE("the text says roles, what was left out, and every result") {
    const std::string text = to_text(test::evaluated_case());
    CHECK(test::contains(text, "3 students on 4 prompts\nroles: SFT = sft, ceiling = human, student = weak"));
    CHECK(test::contains(text, "left out by judge:2: 1 prompts (no_label; first: prompt p3: no verdict was recorded)"));
    CHECK(test::contains(text, "position bias"));
    CHECK(test::contains(text, "Evaluators against each other"));
    CHECK(test::contains(text, "cut off"));
    CHECK(test::contains(text, "Holm's p"));
}
