#include <cmath>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/agreement/labels/position_bias.hpp>

using namespace preflearn;

TEST_CASE("verdicts of both orders are sorted into consistent and positional") {
    const auto one = preference::for_first(), two = preference::for_second(), tie = preference::tied();
    const std::vector<preference> original{one, two, one, two, tie, one, tie, tie, one},
        swapped{two, one, one, two, tie, tie, two, one, preference::abstention()};
    const swap_result r = analyse_swaps(original, swapped);
    CHECK(r.counts.consistent == 3);
    CHECK(r.counts.both_first == 1);
    CHECK(r.counts.both_second == 1);
    CHECK(r.counts.tie_and_first == 2);
    CHECK(r.counts.tie_and_second == 1);
    CHECK(r.counts.abstained == 1);
    CHECK(r.consistency.value == doctest::Approx(3.0 / 8));
    CHECK(r.flip_rate.value == doctest::Approx(2.0 / 8));
    CHECK(r.position_bias.value == doctest::Approx(0.25 / 8));
    CHECK(r.position_bias.count == 8);
}

TEST_CASE("a judge that always takes the first shown has bias ½ and is never consistent") {
    const std::vector<preference> always(40, preference::for_first());
    const swap_result r = analyse_swaps(always, always);
    CHECK(r.position_bias.value == 0.5);
    CHECK(r.consistency.value == 0);
    CHECK(r.p_value < 1e-10);
    const std::vector<preference> last(40, preference::for_second());
    CHECK(analyse_swaps(last, last).position_bias.value == -0.5);
    CHECK(analyse_swaps(always, last).consistency.value == 1);
    CHECK(analyse_swaps(always, last).p_value == 1);
    CHECK(std::isnan(analyse_swaps(swap_counts{}).p_value)); // no test
}

TEST_CASE("calling the pairs by the other order changes nothing; shards add up") {
    std::vector<preference> a, b;
    for (int i = 0; i < 30; ++i) {
        a.push_back(preference(0.1 * (i % 11)));
        b.push_back(preference(0.1 * (i % 7)));
    }
    CHECK(analyse_swaps(a, b).position_bias.value == analyse_swaps(b, a).position_bias.value);
    swap_counts left, right, whole;
    for (std::size_t i = 0; i < a.size(); ++i) {
        (i < 11 ? left : right).add(a[i], b[i]);
        whole.add(a[i], b[i]);
    }
    left += right;
    CHECK(left.total() == whole.total());
    CHECK(left.both_first == whole.both_first);
    CHECK(left.tie_and_second == whole.tie_and_second);
    CHECK_THROWS_AS(analyse_swaps(a, std::vector<preference>{}), argument_error);
    CHECK(analyse_swaps(swap_counts{}).consistency.status == estimate_status::empty);
    CHECK(analyse_swaps(swap_counts{}).position_bias.status == estimate_status::empty);
}

TEST_CASE("averaging both orders cancels a constant preference for a position") {
    CHECK(swap_averaged(preference(0.9), preference(0.5)).first() == doctest::Approx(0.7));
    CHECK(swap_averaged(preference::for_first(), preference::for_first()).decision() == choice::tie);
    CHECK(swap_averaged(preference::tied(), preference::tied()).tie() == 1);
    CHECK(swap_averaged(preference::abstention(), preference(0.5)).abstained());
}
