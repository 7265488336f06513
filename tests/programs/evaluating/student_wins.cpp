#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include <preflearn/programs/evaluating/student_wins.hpp>

using namespace preflearn;

namespace {

/// Two students whose rewards are given by prompt.
struct scored_students {
    evaluated_students students{.names = {"ours", "theirs"}};
    evaluator_verdicts by{.name = "gold"};
    std::vector<std::vector<std::vector<double>>> lengths;

    explicit scored_students(const std::vector<std::vector<std::vector<double>>>& rewards) {
        by.rewards = rewards;
        for (const auto& prompt : rewards) {
            evaluated_prompt& made = students.prompts.emplace_back();
            for (const std::vector<double>& own : prompt) {
                student_responses& one = made.of.emplace_back();
                for (const double reward : own) one.record.responses.push_back(std::to_string(reward));
            }
            students.clusters.push_back(students.clusters.size());
            if (prompt.empty()) made.of.resize(2);
            lengths.push_back({{static_cast<double>(lengths.size() % 3)}, {1}});
        }
    }
    [[nodiscard]] student_win compared(std::size_t ours = 0, double tie_within = 0) const {
        const std::array pair{ours, 1 - ours};
        return compare_students(students, by, 0, pair, prompt_wins(by, 0, pair, tie_within), lengths, 0.95);
    }
};

} // namespace

TEST_CASE("one response each: wins, ties and losses with the score interval, the sign test and the paired difference") {
    const scored_students s({{{2}, {1}}, {{3}, {1}}, {{1}, {1}}, {{0}, {5}}, {}, {{4}, {1}}});
    const student_win win = s.compared();
    CHECK(win.counts == outcomes{3, 1, 1});
    CHECK(win.win_rate.value == doctest::Approx(0.7));
    CHECK(win.win_rate.bounds == trinomial_interval({3, 1, 1}));
    CHECK(win.sign_p == sign_test(3, 4));
    CHECK(win.reward_difference.value == doctest::Approx(0.2)); // (1 + 2 + 0 − 5 + 3) / 5
    CHECK(win.identical == 1 + 1);
    CHECK_FALSE(win.orders);
    const double p = (sigmoid(1.0) + sigmoid(2.0) + 0.5 + sigmoid(-5.0) + sigmoid(3.0)) / 5;
    CHECK(win.probability.value == doctest::Approx(p));
    const student_win tied = s.compared(0, 1.5);
    CHECK(tied.counts == outcomes{2, 2, 1});
}

TEST_CASE("turning the two students round mirrors everything") {
    const scored_students s({{{2}, {1}}, {{3}, {1}}, {{1}, {1}}, {{0}, {5}}, {{1}, {2}}, {{4}, {1}}, {{4}, {3}}});
    const student_win win = s.compared(), mirrored = s.compared(1);
    CHECK(mirrored.counts == outcomes{win.counts.losses, win.counts.ties, win.counts.wins});
    CHECK(mirrored.win_rate.value == doctest::Approx(1 - win.win_rate.value));
    CHECK(mirrored.win_rate.bounds.low == doctest::Approx(1 - win.win_rate.bounds.high));
    CHECK(mirrored.probability.value == doctest::Approx(1 - win.probability.value));
    CHECK(mirrored.reward_difference.value == doctest::Approx(-win.reward_difference.value));
    CHECK(mirrored.controlled.win_rate.value == doctest::Approx(1 - win.controlled.win_rate.value));
    CHECK(mirrored.sign_p == win.sign_p);
}

TEST_CASE("several responses: a prompt is won by the mean reward, and all numbers are of prompts") {
    scored_students s({{{1, 3}, {2}}, {{1, 2}, {0, 2}}, {{5}, {1}}});
    const student_win win = s.compared();
    CHECK(win.counts == outcomes{2, 1, 0}); // 2 and 2, 1.5 and 1, 5 and 1
    CHECK(win.win_rate.value == doctest::Approx(2.5 / 3));
    CHECK(win.win_rate.bounds == trinomial_interval({2, 1, 0}));
    CHECK(win.sign_p == sign_test(2, 2));
    CHECK(win.reward_difference.value == doctest::Approx((0 + 0.5 + 4) / 3.0));
    CHECK(win.win_rate.count == 3);
    s.students.clusters = {0, 1, 1};
    CHECK(s.compared().win_rate.count == 2);
}

TEST_CASE("the win rate says who has the higher reward, however the responses beat each other") {
    // 10 beats everything, 0 and 1 lose to 2: one of four pairs is won, and the mean is 5 against 2.
    const student_win win = scored_students({{{0, 10}, {2, 2}}, {{1, 9}, {2, 2}}}).compared();
    CHECK(win.counts == outcomes{2, 0, 0});
    CHECK(win.win_rate.value == 1);
    CHECK(win.reward_difference.value > 0);
    const student_win lost = scored_students({{{1, 1}, {0, 9}}}).compared(); // wins and loses half of the pairs
    CHECK(lost.counts == outcomes{0, 0, 1});
    CHECK(lost.win_rate.value == 0);
    const scored_students turned({{{0.1, 0.2, 0.3}, {0.3, 0.2, 0.1}}, {{0.1, -0.1}, {0.3, -0.2, -0.1}}});
    CHECK(turned.compared().counts == outcomes{0, 2, 0}); // the same but for rounding
    CHECK(scored_students({{{0, 1}, {0, 0}}}).compared(0, 0.5).counts == outcomes{0, 1, 0});
}

TEST_CASE("of an evaluator that compares first responses, these alone are as long as they are") {
    const std::vector<std::vector<std::vector<double>>> rewards(6, {{2}, {1}});
    scored_students s(rewards);
    s.by.way.scores = false;
    s.by.rewards.clear();
    const both_orders won{preference::for_first(), preference::for_second()}, lost = won.turned();
    s.by.verdicts = {{won}, {won}, {lost}, {lost}, {won}, {lost}};
    s.lengths = {{{3}, {1}}, {{1}, {2}}, {{3}, {1}}, {{1}, {2}}, {{3}, {1}}, {{2}, {2}}};
    const double alone = s.compared().controlled.win_rate.value;
    CHECK(alone > 0);
    s.lengths = {{{3, 99}, {1}}, {{1}, {2, 50}}, {{3, 7}, {1}}, {{1}, {2, 5}}, {{3}, {1, 2}}, {{2}, {2, 8}}};
    CHECK(s.compared().controlled.win_rate.value == alone);
}

TEST_CASE("a student against its equal wins half, whatever the rewards") {
    const scored_students s({{{2}, {2}}, {{3}, {3}}, {{-1}, {-1}}});
    const student_win win = s.compared();
    CHECK(win.win_rate.value == 0.5);
    CHECK(win.sign_p == 1);
    CHECK(win.reward_difference.value == 0);
    CHECK(win.identical == 3);
}

TEST_CASE("verdicts of both orders: averaged for the win, counted for the bias") {
    scored_students s({{{2}, {1}}, {{3}, {1}}, {{1}, {1}}, {{0}, {5}}});
    s.by.way.scores = false;
    s.by.rewards.clear();
    const preference yes = preference::for_first(), no = preference::for_second();
    s.by.verdicts = {{both_orders{yes, no}},  // ours both times
                     {both_orders{yes, yes}}, // whoever is first: a tie
                     {both_orders{preference::tied(), preference::tied(), false}},
                     {std::nullopt}};
    const student_win win = s.compared();
    CHECK(win.counts == outcomes{1, 2, 0});
    REQUIRE(win.orders);
    CHECK(win.orders->counts.both_first == 1);
    CHECK(win.orders->counts.consistent == 1); // the equal texts were not asked about
    CHECK(win.orders->position_bias.value == doctest::Approx(0.25));
    CHECK(win.reward_difference.status == estimate_status::not_applicable);
}

TEST_CASE("a judge that asks in both orders itself is told by its own answers, and wins by its mean of them") {
    scored_students s({{{2}, {1}}, {{3}, {1}}, {{1}, {1}}});
    s.by.way = {.scores = false, .least = 2, .asks_both_orders = true};
    s.by.rewards.clear();
    const preference likes = preference::from_margin(1.0);
    both_orders both{likes, likes.mirrored()};
    both.own = std::array{preference(0.9), preference(0.6)}; // whoever is first
    both_orders unknown{likes, likes.mirrored(), false};
    s.by.verdicts = {{both}, {both}, {unknown}};
    const student_win win = s.compared();
    CHECK(win.counts == outcomes{3, 0, 0});
    REQUIRE(win.orders);
    CHECK(win.orders->counts.both_first == 2);
    CHECK(win.orders->counts.total() == 2);
    CHECK(win.orders->position_bias.value == 0.5);
}

TEST_CASE("McNemar's test is about the prompts that only one of two students wins") {
    std::vector<prompt_win> a(10), b(10);
    for (std::size_t p = 0; p < 9; ++p) {
        a[p].win = p < 7 ? 1 : 0;
        b[p].win = p < 2 || p == 8 ? 1 : 0.5;
    }
    const win_contrast contrast = contrast_of(a, b);
    CHECK(contrast.only_first == 5);
    CHECK(contrast.only_second == 1);
    CHECK(contrast.test.p_value == doctest::Approx(0.21875)); // scipy.stats.binomtest(1, 6).pvalue
}

TEST_CASE("Holm's correction counts all pairs of students, and contrasts by themselves") {
    std::vector<student_win> wins(3);
    wins[0].sign_p = 0.04;
    wins[1].sign_p = 0.01;
    wins[2].sign_p = 0.03;
    std::vector<win_contrast> contrasts(2);
    contrasts[0].test.p_value = 0.4;
    contrasts[1].test.p_value = 0.02;
    adjust_tests(wins, contrasts);
    CHECK(wins[1].adjusted_p == doctest::Approx(0.03)); // 3 · 0.01
    CHECK(wins[2].adjusted_p == doctest::Approx(0.06)); // 2 · 0.03
    CHECK(wins[0].adjusted_p == doctest::Approx(0.06)); // not below the one before it
    CHECK(contrasts[1].adjusted_p == doctest::Approx(0.04));
    CHECK(contrasts[0].adjusted_p == doctest::Approx(0.4));
}
