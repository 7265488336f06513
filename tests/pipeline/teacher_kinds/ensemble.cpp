#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

#include <preflearn/pipeline/teacher_kinds/ensemble.hpp>

#include "../../files.hpp"

using namespace preflearn;

TEST_CASE("margins of members are combined by mean, by vote, or carefully") {
    const std::vector<double> margins{1, 3, -1};
    CHECK(combined_margin(margins, "mean", 1) == doctest::Approx(1));
    CHECK(combined_margin(margins, "vote", 1) == doctest::Approx(std::log(2.5 / 1.5)));
    CHECK(combined_margin(margins, "careful", 0.25) == doctest::Approx(0.5)); // a standard deviation of 2
    CHECK(combined_margin(margins, "careful", 2) == 0);
    const std::vector<double> mirrored{-1, -3, 1};
    for (const char* const rule : {"mean", "vote", "careful"})
        CHECK(combined_margin(mirrored, rule, 0.25) == doctest::Approx(-combined_margin(margins, rule, 0.25)));
    CHECK(test::contains(test::error_of([&] { combined_margin(margins, "loud", 1); }),
                         "mean, vote, careful or dawid_skene"));
}

TEST_CASE("members judge the same texts, each by its own temperature; one that cannot judge speaks for all") {
    const auto teacher_of = [](std::vector<double> scores) {
        text_teacher teacher;
        teacher.judge = [scores](std::span<const shown_texts> block) {
            return judged_block{.all = std::vector<judgement>(block.size(), judgement{.scores = scores}), .tokens = 3};
        };
        return teacher;
    };
    detail::ensemble_teacher both{
        .members = {{teacher_of({4, 0}), 2}, {teacher_of({0, 1}), 1}}, .rule = "mean", .spread = 1};
    const std::vector<shown_texts> block(2);
    const judged_block judged = both.judge(block);
    CHECK(judged.tokens == 6);
    const std::vector<text_judging> others(2, teacher_of({2, 0}).judge); // asked in the members' place
    CHECK(both.judge(block, others).all[1].margin().value() == doctest::Approx((1.0 + 2.0) / 2));
    CHECK(judged.all[1].margin().value() == doctest::Approx((2.0 - 1.0) / 2));
    const std::vector<text_judging> fails(2, [](std::span<const shown_texts>) -> judged_block {
        throw judged_in_part("it fails", std::vector<judgement>(1));
    });
    try { // what one member judged is no judgement of the ensemble
        (void)both.judge(block, fails);
        FAIL("a member fails");
    } catch (const input_error& failure) {
        CHECK(dynamic_cast<const judged_in_part*>(&failure) == nullptr);
        CHECK(std::string(failure.what()) == "it fails");
    }
    both.members = {{teacher_of({4, 0, 2}), 2}, {teacher_of({0, 3, 1}), 1}};
    CHECK(both.judge(block).all[0].scores == std::vector<double>{1, 1.5, 1});
    both.members[1].teacher.judge = [](std::span<const shown_texts> shown) {
        return judged_block{.all = std::vector<judgement>(shown.size(), judgement{.unfit = left_out_pair{}})};
    };
    CHECK(both.judge(block).all[0].unfit.has_value());
}

TEST_CASE("by reliabilities a sure member outvotes two that are not, and one without a margin has its vote") {
    const auto says = [](judgement said) {
        text_teacher teacher;
        teacher.judge = [said](std::span<const shown_texts> block) {
            return judged_block{.all = std::vector<judgement>(block.size(), said)};
        };
        return teacher;
    };
    detail::ensemble_teacher three{.members = {{says({.verdict = preference::for_first()}), 1},
                                               {says({.scores = {0, 9}}), 1},
                                               {says({.scores = {0, 9}}), 1}},
                                   .rule = "dawid_skene",
                                   .spread = 1,
                                   .reliabilities = {0.95, 0.6, 0.6}};
    const std::vector<shown_texts> block(1);
    const double sure = std::log(0.95 / 0.05), unsure = std::log(0.6 / 0.4);
    CHECK(*three.judge(block).all[0].margin() == doctest::Approx(sure - 2 * unsure));
    three.rule = "vote";
    CHECK(*three.judge(block).all[0].margin() == doctest::Approx(std::log(1.5 / 2.5)));
    three.rule = "dawid_skene";
    three.members = {
        {says({.scores = {3, 2, 1}}), 1}, {says({.scores = {1, 2, 3}}), 1}, {says({.scores = {0, 0, 0}}), 1}};
    const std::vector<double> scores = three.judge(block).all[0].scores;
    CHECK(scores[0] == doctest::Approx(2 * (sure - unsure) / 3));
    CHECK(scores[0] + scores[2] == doctest::Approx(0));
}
