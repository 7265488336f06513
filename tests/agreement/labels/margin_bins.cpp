#include <algorithm>
#include <cmath>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/agreement/labels/margin_bins.hpp>
#include <preflearn/core/numbers/random.hpp>

using namespace preflearn;

TEST_CASE("bins hold equal counts, rise in |margin|, and together hold every pair") {
    generator random(1, "bins");
    std::vector<judged_margin> pairs(1003);
    for (judged_margin& p : pairs) {
        p.margin = random.normal();
        p.outcome = random.bernoulli(sigmoid(3 * std::abs(p.margin))) ? 1 : -1;
    }
    const auto bins = accuracy_by_margin(pairs, 10);
    REQUIRE(bins.size() == 10);
    std::size_t total = 0;
    for (std::size_t b = 0; b < bins.size(); ++b) {
        CHECK((bins[b].counts.total() == 100 || bins[b].counts.total() == 101));
        CHECK(bins[b].low <= bins[b].mean);
        CHECK(bins[b].mean <= bins[b].high);
        if (b > 0) CHECK(bins[b - 1].high < bins[b].low);
        total += bins[b].counts.total();
    }
    CHECK(total == pairs.size());
    CHECK(bins.back().accuracy.value > bins.front().accuracy.value + 0.2);

    std::vector<judged_margin> shuffled = pairs;
    random.shuffle(std::span(shuffled));
    const auto again = accuracy_by_margin(shuffled, 10);
    for (std::size_t b = 0; b < bins.size(); ++b) CHECK(again[b].counts == bins[b].counts);
}

TEST_CASE("equal margins share a bin, so fewer bins may come out") {
    const std::vector<judged_margin> pairs{{1, 1}, {-1, -1}, {1, 0}, {-1, 1}, {2, 1}};
    const auto bins = accuracy_by_margin(pairs, 4);
    REQUIRE(bins.size() == 2);
    CHECK(bins[0].counts == outcomes{2, 1, 1});
    CHECK(bins[1].counts == outcomes{1, 0, 0});
    CHECK(accuracy_by_margin(std::vector<judged_margin>{}, 3).empty());
    CHECK_THROWS_AS(accuracy_by_margin(pairs, 0), argument_error);
    CHECK_THROWS_AS(accuracy_by_margin(std::vector<judged_margin>{{std::nan(""), 1}}, 2), numeric_error);
}

TEST_CASE("labels are placed by their margin, or by the log-odds of their probability") {
    const label_set labels({{1, preference::for_first().with_margin(0.1)},
                            {2, preference::for_second().with_margin(-5)},
                            {3, preference(0.5)},
                            {4, preference::abstention()},
                            {5, preference::for_first()}});
    const label_set truth({{1, preference::for_second()},
                           {2, preference::for_second()},
                           {3, preference::for_first()},
                           {4, preference::for_first()}});
    const auto bins = accuracy_by_margin(labels, truth, 3);
    REQUIRE(bins.size() == 3);
    CHECK(bins[0].counts == outcomes{0, 1, 0}); // pair 3, margin 0
    CHECK(bins[1].counts == outcomes{0, 0, 1});
    CHECK(bins[2].counts == outcomes{1, 0, 0});
    CHECK(bins[2].high == 5);
}
