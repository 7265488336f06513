#include <doctest/doctest.h>

#include <vector>

#include <preflearn/pipeline/teacher_kinds/position_report.hpp>

#include "../../files.hpp"

using namespace preflearn;

TEST_CASE("a verdict that turns with the order is a liking for a position") {
    std::vector<judgement> said(6);
    said[0].orders = {0.9, 0.8}; // the first response, in both orders
    said[1].orders = {0.1, 0.2}; // the second one
    said[2].orders = {0.9, 0.1}; // twice the one shown first
    said[3].orders = {0.9, 0.2}; // again
    said[4].orders = {0.9, 0.1}; // cannot be judged after all
    said[4].unfit = left_out_pair{};
    const swap_counts counts = positions_of(said);
    CHECK(counts.total() == 4);
    CHECK(counts.both_first == 2);
    CHECK(counts.consistent == 2);
    const swap_result found = analyse_swaps(counts);
    CHECK(to_json(found)["consistency"] == 0.5);
    CHECK(to_json(found)["bias"]["value"] == 0.25);
    CHECK(test::contains(to_text(found), "the same on 50.0% of 4 pairs; it takes the one shown first on 75.0%"));
    CHECK(to_text(analyse_swaps(positions_of({}))).empty());
}
