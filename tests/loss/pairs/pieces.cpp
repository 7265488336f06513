#include <cstddef>
#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/loss/pairs/pieces.hpp>

using namespace preflearn;

TEST_CASE("a piece begins where it is told, ends with the pairs, and has constants for columns that are not there") {
    const std::size_t pairs = pairs_per_piece<double> + 10;
    std::vector<double> chosen(pairs, -1), rejected(pairs, -2), target(pairs, 0.25);
    chosen[pairs_per_piece<double> + 3] = -7;
    const std::vector<std::uint32_t> lengths(pairs, 5);
    const pair_scores<double> scores{
        .chosen = chosen, .rejected = rejected, .chosen_tokens = lengths, .target = target};
    CHECK(piece_of(scores, 0, pairs).size == pairs_per_piece<double>);
    const piece_columns<double> last = piece_of(scores, pairs_per_piece<double>, pairs);
    REQUIRE(last.size == 10);
    CHECK(last.chosen[3] == -7);
    CHECK(last.reference_chosen == nullptr);
    for (std::size_t i = 0; i < last.size; ++i) {
        CHECK(last.weight[i] == 1);
        CHECK(last.margin[i] == 0);
        CHECK(last.target[i] == 0.25);
        CHECK(last.chosen_tokens[i] == 5);
        CHECK(last.rejected_tokens[i] == 1);
    }
    piece_steps<double> steps{};
    steps.u[3] = -6;
    CHECK(point_at(last, steps, 3).chosen == -7);
    CHECK(point_at(last, steps, 3).u == -6);
    CHECK(point_at(last, steps, 3).chosen_tokens == 5);
}
