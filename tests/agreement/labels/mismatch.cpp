#include <cmath>

#include <doctest/doctest.h>

#include <preflearn/agreement/labels/mismatch.hpp>

using namespace preflearn;

TEST_CASE("the arithmetic of Tao & Li (2025), section 4") {
    // Of 10,000 pairs 39.4 % are mismatched; on 44.3 % of those gold sides with the weak model.
    const mismatch_result r = analyse_mismatch({.match = {4500, 0, 1560}, .mismatch = {1745, 0, 2195}});
    CHECK(r.disagreement.value == doctest::Approx(0.394));
    CHECK(r.gold_with_first.value == doctest::Approx(0.4429).epsilon(1e-3));
    CHECK(r.disagreement.value * r.gold_with_first.value == doctest::Approx(0.175).epsilon(0.005));
    CHECK(r.disagreement.value * (1 - r.gold_with_first.value) == doctest::Approx(0.219).epsilon(0.005));
    CHECK(r.accuracy_difference.value == doctest::Approx(-0.045).epsilon(0.005));
    CHECK(r.first_accuracy.value - r.second_accuracy.value == doctest::Approx(r.accuracy_difference.value));
    CHECK(r.accuracy_difference.bounds.high < 0);
    CHECK(r.p_value < 1e-10);
    // Errors that are independent given gold: human 75.4 %, weak 70.9 %.
    const auto independent = accuracies_if_independent(0.606, 0.0449);
    REQUIRE(independent.has_value());
    CHECK(independent->first == doctest::Approx(0.754).epsilon(1e-3));
    CHECK(independent->second == doctest::Approx(0.709).epsilon(1e-3));
    CHECK_FALSE(accuracies_if_independent(0.3, 0.1).has_value());
}

TEST_CASE("pairs are matched by id; ties and abstentions of a source are left out and counted") {
    const auto one = preference::for_first(), two = preference::for_second();
    const label_set weak(
        {{1, one}, {2, one}, {3, two}, {4, one}, {5, preference::tied()}, {6, one}, {7, two}, {8, one}});
    const label_set human(
        {{8, one}, {7, one}, {6, preference::abstention()}, {5, one}, {4, two}, {3, one}, {2, one}, {1, one}});
    const label_set gold({{1, one}, {2, two}, {3, two}, {4, two}, {5, one}, {6, one}, {7, preference::tied()}});
    const mismatch_counts c = count_mismatches(weak, human, gold);
    CHECK(c.match == outcomes{1, 0, 1});
    CHECK(c.mismatch == outcomes{1, 1, 1});
    CHECK(c.undecided == 2);
    CHECK(c.unmatched == 1);

    const mismatch_counts swapped = count_mismatches(human, weak, gold);
    CHECK(swapped.match == c.match);
    CHECK(swapped.mismatch == outcomes{c.mismatch.losses, c.mismatch.ties, c.mismatch.wins});
    const mismatch_result a = analyse_mismatch(c), b = analyse_mismatch(swapped);
    CHECK(a.first_accuracy.value == doctest::Approx(b.second_accuracy.value));
    CHECK(a.accuracy_difference.value == doctest::Approx(-b.accuracy_difference.value));
    CHECK(a.p_value == b.p_value);
}

TEST_CASE("counts of shards add up") {
    mismatch_counts a{.match = {1, 2, 3}, .mismatch = {4, 5, 6}, .undecided = 7, .unmatched = 8};
    a += a;
    CHECK(a.match == outcomes{2, 4, 6});
    CHECK(a.mismatch == outcomes{8, 10, 12});
    CHECK(a.undecided == 14);
    CHECK(a.unmatched == 16);
}

TEST_CASE("sources that never disagree leave no share of mismatches to judge") {
    const mismatch_result r = analyse_mismatch({.match = {5, 0, 1}, .mismatch = {}});
    CHECK(r.disagreement.value == 0);
    CHECK(r.gold_with_first.status == estimate_status::empty);
    CHECK(r.accuracy_difference.value == 0);
    CHECK(r.p_value == 1);
    CHECK(analyse_mismatch(mismatch_counts{}).disagreement.status == estimate_status::empty);
    CHECK(analyse_mismatch(mismatch_counts{}).accuracy_difference.status == estimate_status::empty);
    CHECK(std::isnan(analyse_mismatch(mismatch_counts{}).p_value));
}

TEST_CASE("independent accuracies at the edge of what is possible are not lost to rounding") {
    const auto edge = accuracies_if_independent(0.42, 0.4); // 0.4² + 2 · 0.42 - 1 is 0
    REQUIRE(edge.has_value());
    CHECK(edge->second == doctest::Approx(0.3));
    CHECK_FALSE(accuracies_if_independent(0.42, 0.39).has_value());
}
