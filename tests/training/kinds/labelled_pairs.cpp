#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/training/kinds/labelled_pairs.hpp>

#include "../toys.hpp"

using namespace preflearn;

namespace {

const std::vector<item_comparison> three_comparisons{{7, {}, 0, 1}, {8, {}, 2, 3}, {9, {}, 1, 2}};

labelled_pairs oriented(const label_set& labels, const pair_columns& columns = {}) {
    return orient(std::span<const item_comparison>(three_comparisons), labels, columns);
}

} // namespace

TEST_CASE("the likelier response is chosen, ties keep their order, abstentions are left out") {
    label_set labels;
    labels.add({7, 0.2});
    labels.add({8, preference::abstention()});
    labels.add({9, preference::tied()});
    const std::vector<double> weight{1, 2, 3}, margin{0.5, 1, -1};
    const labelled_pairs all = oriented(labels, {weight, margin});
    REQUIRE(all.pairs.size() == 2);
    CHECK(all.pairs[0].index == 0);
    CHECK(all.pairs[0].swapped);
    CHECK(all.pairs[0].target == doctest::Approx(0.8));
    CHECK(all.pairs[0].weight == 1);
    CHECK(all.pairs[1].index == 2);
    CHECK_FALSE(all.pairs[1].swapped);
    CHECK(all.pairs[1].target == 0.5);
    CHECK(all.pairs[1].weight == 3);
    CHECK(all.pairs[1].margin == -1);
    CHECK((all.soft && all.weighted && all.margins));
}

TEST_CASE("hard labels without columns need none") {
    label_set labels;
    for (const std::uint64_t id : {7U, 8U, 9U}) labels.add({id, preference::for_first()});
    const labelled_pairs all = oriented(labels);
    CHECK_FALSE((all.soft || all.weighted || all.margins));
    fingerprint a, b;
    all.pairs[0].add_to(a);
    all.pairs[1].add_to(b);
    CHECK(a.text() != b.text());
}

TEST_CASE("missing labels, bad columns and silence are refused by name") {
    label_set labels, abstaining;
    for (const std::uint64_t id : {7U, 8U, 9U}) {
        labels.add({id, 0.9});
        abstaining.add({id, preference::abstention()});
    }
    const std::vector<double> two(2, 1), negative{1, -1, 1}, nan{0, 0, std::numeric_limits<double>::quiet_NaN()};
    CHECK_THROWS_WITH_AS(oriented({}), doctest::Contains("pair 7"), argument_error);
    CHECK_THROWS_WITH_AS(oriented(labels, {.weight = two}), doctest::Contains("weight has 2 entries, 3"),
                         argument_error);
    CHECK_THROWS_WITH_AS(oriented(labels, {.weight = negative}), doctest::Contains("pair 8: weight is -1"),
                         argument_error);
    CHECK_THROWS_WITH_AS(oriented(labels, {.margin = nan}), doctest::Contains("pair 9: margin is nan"), argument_error);
    CHECK_THROWS_WITH_AS(oriented(abstaining), doctest::Contains("did not abstain, found none among 3"),
                         argument_error);
}
