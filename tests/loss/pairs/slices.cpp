#include <cstddef>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/loss/pairs/slices.hpp>

using namespace preflearn;

TEST_CASE("a slice has the pairs of the whole, and no column that the whole has not") {
    const std::vector<double> chosen{1, 2, 3, 4}, rejected{5, 6, 7, 8}, weight{0.1, 0.2, 0.3, 0.4};
    const pair_scores<double> slice =
        slice_of(pair_scores<double>{.chosen = chosen, .rejected = rejected, .weight = weight}, 1, 2);
    CHECK(slice.size() == 2);
    CHECK(slice.chosen[0] == 2);
    CHECK(slice.rejected[1] == 7);
    CHECK(slice.weight[1] == 0.3);
    CHECK(slice.reference_chosen.empty());
    CHECK(slice.target.empty());
}

TEST_CASE("every pair is in exactly one slice, for sizes that fill no slice and no block") {
    for (const std::size_t n : {0U, 1U, 2047U, 2048U, 2049U, 9000U, 600'000U}) {
        const std::vector<double> column(n, 1);
        std::vector<int> seen(n);
        const loss_sums sums = sum_of_slices<loss_sums>(pair_scores<double>{.chosen = column, .rejected = column},
                                                        [&](std::size_t at, std::size_t size) {
                                                            for (std::size_t i = at; i < at + size; ++i) ++seen[i];
                                                            return loss_sums{.pairs = size};
                                                        });
        CHECK(sums.pairs == n);
        CHECK(seen == std::vector<int>(n, 1));
    }
}

TEST_CASE("a fault in a slice is said by the pair's place among all") {
    const std::vector<double> column(5000, 1);
    const auto run = [&](const auto& failure) {
        sum_of_slices<loss_sums>(pair_scores<double>{.chosen = column, .rejected = column},
                                 [&](std::size_t at, std::size_t) {
                                     if (at > 2048) throw failure;
                                     return loss_sums{};
                                 });
    };
    CHECK_THROWS_WITH_AS(run(numeric_error("pair 3: out of range")), "pair 4099: out of range", numeric_error);
    CHECK_THROWS_WITH_AS(run(argument_error("pair 903: weight is -1")), "pair 4999: weight is -1", argument_error);
    // what names no pair is said by where its slice begins
    CHECK_THROWS_WITH_AS(run(numeric_error("sums overflow")), "among the pairs from 4096 on: sums overflow",
                         numeric_error);
}
