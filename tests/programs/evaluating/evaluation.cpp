#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <preflearn/programs/evaluating/evaluation.hpp>

#include "evaluated_case.hpp"

using namespace preflearn;

TEST_CASE("rewards are means over prompts of means over responses; GRA is the win rate against SFT") {
    const evaluation of = test::evaluated_case();
    const evaluator_result& gold = of.evaluators[0];
    CHECK(gold.rewards[0].value == 0.5);
    CHECK(gold.rewards[1].value == 1.5);
    CHECK(gold.rewards[2].value == doctest::Approx((2.5 * 3 - 0.5) / 4));
    // a mean of 1.5 against 0.5, on every prompt
    CHECK(gold.against(1, 0)->win_rate.value == doctest::Approx(1));
    CHECK(gold.against(0, 1) == nullptr);
    CHECK(gold.prompts == 4);
    CHECK(of.evaluators[1].prompts == 3);
    REQUIRE(gold.gaps.size() == 1);
    CHECK(gold.gaps[0].shifted->bootstrap.value.value == doctest::Approx(1 / 1.25));
    CHECK(of.evaluators[1].rewards.empty());
    CHECK(of.defined());
}

TEST_CASE("best of k by every evaluator that scores, and by the file's own scores") {
    const evaluation of = test::evaluated_case();
    const std::vector<best_of_curve>& curves = of.evaluators[0].best_of;
    REQUIRE(curves.size() == 4); // three by gold, one by the file of weak
    CHECK(curves[0].points[1].reward.value == 1);
    CHECK(curves[0].picks_best.value == 1);
    CHECK(curves[2].selector == "the file's scores");
    CHECK(curves[2].student == 1);
    CHECK(curves[2].points[1].reward.value == 1); // it takes the first, which is worse
    CHECK(curves[2].picks_best.value == 0);
}

TEST_CASE("the judge that compares has both orders, McNemar's test and a place in the panel") {
    const evaluation of = test::evaluated_case();
    const evaluator_result& judge = of.evaluators[1];
    CHECK(judge.against(1, 0)->counts == outcomes{2, 1, 0});
    CHECK(judge.against(1, 0)->orders->counts.both_first == 1);
    CHECK(judge.best_of.empty());
    REQUIRE(judge.contrasts.size() == 1);
    CHECK(judge.contrasts[0].against == 0);
    CHECK(judge.contrasts[0].only_first == 0);
    REQUIRE(of.panel.pairs.size() == 1);
    CHECK(of.panel.pairs[0].comparisons == 9);
}

TEST_CASE("the order of files mirrors pairs and changes nothing else") {
    evaluated_students turned = test::evaluated_case_students();
    evaluator_verdicts gold = test::evaluated_case_gold();
    std::swap(turned.names[1], turned.names[2]);
    for (evaluated_prompt& prompt : turned.prompts) std::swap(prompt.of[1], prompt.of[2]);
    for (auto& row : gold.rewards) std::swap(row[1], row[2]);
    const evaluation plain = test::evaluated_case(), other = evaluate_students(turned, {gold}, {.replicates = 100});
    CHECK(other.evaluators[0].rewards[1].value == plain.evaluators[0].rewards[2].value);
    CHECK(other.evaluators[0].against(2, 0)->win_rate.value == plain.evaluators[0].against(1, 0)->win_rate.value);
    const estimate a = plain.evaluators[0].against(1, 2)->win_rate, b = other.evaluators[0].against(1, 2)->win_rate;
    CHECK(a.value == doctest::Approx(1 - b.value));
    CHECK(other.evaluators[0].gaps[0].shifted->bootstrap.value.value ==
          plain.evaluators[0].gaps[0].shifted->bootstrap.value.value);
}

TEST_CASE("nothing is defined where no prompt is judged") {
    evaluator_verdicts gold = test::evaluated_case_gold();
    for (auto& row : gold.rewards) row.clear();
    CHECK_FALSE(evaluate_students(test::evaluated_case_students(), {gold}, {.replicates = 10}).defined());
}
