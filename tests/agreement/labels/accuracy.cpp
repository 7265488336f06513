#include <cmath>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/agreement/labels/accuracy.hpp>

using namespace preflearn;

TEST_CASE("labels meet true labels by id, whatever their order") {
    const label_set labels(
        {{5, preference::for_first()}, {2, preference(0.2)}, {9, preference(0.9)}, {1, preference(0.7)}});
    const label_set truth({{1, preference::for_first()}, {2, preference::for_first()}, {5, preference::for_first()}});
    const label_accuracy_result r = label_accuracy(labels, truth);
    CHECK(r.counts == outcomes{2, 0, 1});
    CHECK(r.unmatched == 1);
    CHECK(r.abstained == 0);
    CHECK(r.rate.value == doctest::Approx(2.0 / 3));
    CHECK(r.rate.bounds == wilson_interval(2, 3));
}

TEST_CASE("a tie on one side is half right, on both sides right; abstentions are left out and counted") {
    const label_set labels({{1, preference::tied()},
                            {2, preference::tied()},
                            {3, preference::for_second()},
                            {4, preference::abstention()},
                            {5, preference::for_first()},
                            {6, preference(0.5)}});
    const label_set truth({{1, preference::tied()},
                           {2, preference::for_first()},
                           {3, preference::tied()},
                           {4, preference::for_first()},
                           {5, preference::abstention()},
                           {6, preference::for_second()}});
    const label_accuracy_result r = label_accuracy(labels, truth);
    CHECK(r.counts == outcomes{1, 3, 0});
    CHECK(r.abstained == 2);
    CHECK(r.rate.value == doctest::Approx(2.5 / 4));
    CHECK(label_accuracy(labels, truth, tie_rule::wrong).rate.value == doctest::Approx(0.25));
    CHECK(label_accuracy(labels, truth, tie_rule::drop).rate.value == doctest::Approx(1));
}

TEST_CASE("swapping the two responses of every pair changes no agreement") {
    const std::vector<double> a{0.1, 0.7, 0.5, 0.9, 0.4}, b{0.3, 0.2, 0.9, 0.8, 0.5};
    label_set first, second, first_swapped, second_swapped;
    for (std::size_t i = 0; i < a.size(); ++i) {
        first.add({i, preference(a[i])});
        second.add({i, preference(b[i])});
        first_swapped.add({i, preference(a[i]).mirrored()});
        second_swapped.add({i, preference(b[i]).mirrored()});
    }
    CHECK(label_accuracy(first, second).counts == label_accuracy(first_swapped, second_swapped).counts);
    CHECK(label_accuracy(first, second).counts == label_accuracy(second, first).counts);
}

TEST_CASE("no pair in common gives an empty estimate") {
    const label_set labels({{1, preference::for_first()}}), truth({{2, preference::for_first()}});
    CHECK(label_accuracy(labels, truth).rate.status == estimate_status::empty);
    CHECK(label_accuracy({}, {}).rate.status == estimate_status::empty);
}

TEST_CASE("pairwise accuracy names its tie rule") {
    constexpr double inf = std::numeric_limits<double>::infinity();
    const std::vector<double> margins{1, 0, -1, 2}, chosen{1, 5, 2, inf}, rejected{0, 5, 3, -inf};
    CHECK(pairwise_accuracy(margins, tie_rule::wrong).value == doctest::Approx(0.5));
    CHECK(pairwise_accuracy(margins, tie_rule::half).value == doctest::Approx(0.625));
    CHECK(pairwise_accuracy(margins, tie_rule::drop).value == doctest::Approx(2.0 / 3));
    CHECK(pairwise_accuracy(chosen, rejected, tie_rule::half).value == doctest::Approx(0.625));
    const std::vector<double> equal{inf}, bad{std::nan("")};
    CHECK(pairwise_accuracy(equal, equal, tie_rule::half).value == 0.5);
    CHECK_THROWS_WITH_AS(pairwise_accuracy(bad, tie_rule::half), doctest::Contains("margin 0"), numeric_error);
    CHECK_THROWS_AS(pairwise_accuracy(chosen, bad, tie_rule::half), argument_error);
    CHECK_THROWS_AS(pairwise_accuracy(equal, bad, tie_rule::half), numeric_error);
}
