#include <doctest/doctest.h>

#include <optional>
#include <vector>

#include <preflearn/programs/rounds/round_result.hpp>
#include <preflearn/report/tables/table_text.hpp>

#include "../../files.hpp"

using namespace preflearn;

namespace {

round_result round_with(std::size_t round, std::optional<double> accuracy, double tokens = 10) {
    return {.round = round, .labels = 5, .accuracy = accuracy, .tokens = tokens, .ended = 0.5};
}

} // namespace

TEST_CASE("a round is read back from its line, measured or not") {
    for (const round_result& round : {round_with(1, 0.625), round_with(2, {})}) {
        const round_result again = round_of(to_json(round).dump());
        CHECK(again.accuracy == round.accuracy);
        CHECK(again.round == round.round);
        CHECK(again.tokens == round.tokens);
        CHECK_FALSE(again.gold.has_value());
    }
    CHECK_THROWS(round_of("{}"));
}

TEST_CASE("rounds stop when nothing rises any more, after as many as patience allows") {
    std::vector<round_result> rounds{round_with(0, 0.5)};
    CHECK(why_stop(rounds, {}).empty());
    rounds.push_back(round_with(1, 0.6));
    CHECK(why_stop(rounds, {}).empty());
    rounds.push_back(round_with(2, 0.6)); // as good is no better
    CHECK(why_stop(rounds, {.patience = 1}) == "the held-out accuracy has not risen since round 1");
    CHECK(why_stop(rounds, {.patience = 2}).empty());
    CHECK(why_stop(rounds, {.patience = 0}).empty());
    CHECK(best_round(rounds, {}) == 1);
    rounds[2].gold = rounds[1].gold = rounds[0].gold = 1; // which goes before the accuracy
    CHECK(best_round(rounds, {}) == 0);
    CHECK(test::contains(why_stop(rounds, {.patience = 2}), "the gold reward"));
    const std::vector<round_result> nothing{round_with(0, {}), round_with(1, {}), round_with(2, {})};
    CHECK(why_stop(nothing, {}).empty());
    CHECK(best_round(nothing, {}) == 2);
}

TEST_CASE("answers that grow too long end the rounds, and no such student is the best one") {
    const std::vector<round_result> rounds{round_with(0, 0.5), round_with(1, 0.6, 20), round_with(2, 0.9, 20.5)};
    CHECK(why_stop(std::span(rounds).first(2), {.longest = 2}).empty());
    CHECK(test::contains(why_stop(rounds, {.longest = 2}), "20.5 tokens, more than 2 times the 10"));
    CHECK(why_stop(rounds, {.longest = 0}).empty());
    CHECK(best_round(rounds, {.longest = 2}) == 1);
    CHECK(best_round(rounds, {.longest = 0}) == 2);
    CHECK(test::contains(to_text(rounds_table(rounds)), "90.0%"));
}
