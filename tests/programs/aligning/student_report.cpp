#include <vector>

#include <doctest/doctest.h>

#include <preflearn/programs/aligning/student_report.hpp>

#include "../../files.hpp"

using namespace preflearn;

TEST_CASE("a student is judged by its labels and by what humans said, over prompts, ties half") {
    const std::vector<align_example> held{
        {.id = 1, .prompt = "p", .responses = {"a", "b"}, .human = preference::for_first()},
        {.id = 2, .prompt = "q", .responses = {"a", "b"}, .human = preference::for_second()},
        {.id = 3, .prompt = "r", .responses = {"a", "b"}},
        {.id = 4, .prompt = "s", .responses = {"a", "b"}}};
    student_report report{.loss = "sigmoid(beta=0.1)", .learned = 10, .held_out = 4};
    judge_student(report, held, std::vector{1.0, 0.0, 0.5, 1.0});
    CHECK(report.accuracy->value == 2.5 / 4);
    CHECK(report.human_verdicts == 2);
    CHECK(report.human_accuracy->value == 1); // it sides with the humans on both
    CHECK(to_json(report)["held_out"]["human_verdicts"] == 2);
    CHECK(test::contains(to_text(report), "with 2 human verdicts on 100.0%"));
    const std::vector<align_example> tie{
        {.id = 1, .prompt = "p", .responses = {"a", "b"}, .verdict = preference::tied()}};
    student_report of_tie{.held_out = 1};
    judge_student(of_tie, tie, std::vector{0.0});
    CHECK(of_tie.accuracy->value == 0.5); // whatever it says
    student_report none{.held_out = 4};
    judge_student(none, held, {});
    CHECK_FALSE(none.accuracy);
    const std::vector<align_example> singles{{.id = 1, .prompt = "p", .responses = {"a"}},
                                             {.id = 2, .prompt = "q", .responses = {"b"}, .desirable = false},
                                             {.id = 3, .prompt = "r", .responses = {"c"}, .desirable = false}};
    student_report by_singles{.held_out = 3};
    judge_student(by_singles, singles, std::vector{0.5, 1.0, -1.0});
    CHECK(by_singles.accuracy->value == 0.5);
    CHECK(to_json(by_singles)["held_out"].contains("auc"));
}
