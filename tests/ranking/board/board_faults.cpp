#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/ranking/board/board_faults.hpp>
#include <preflearn/ranking/fit/fit_board.hpp>
#include <preflearn/ranking/fit/fit_games.hpp>

#include "../../files.hpp"
#include "../boards.hpp"

using namespace test;

namespace {

rating_fit fitted(std::size_t items, const std::vector<std::pair<item_id, item_id>>& wins) {
    game_columns games{.items = items};
    for (const auto& [winner, loser] : wins) games.add(winner, loser, game_result::left);
    return fit_ratings(count_games(games.list()));
}

/// What a fit with these columns of features says.
std::string sentence(const std::vector<std::vector<double>>& columns, bool order, const std::vector<std::string>& names,
                     std::vector<aliased_effect>* aliased = nullptr) {
    const game_columns games = random_games(4, 60, 9);
    std::vector<double> values;
    for (std::size_t g = 0; g < 60; ++g)
        for (const std::vector<double>& column : columns) values.push_back(column[g]);
    const game_details details{.features = {values.data(), 60, columns.size()}};
    const std::vector<std::string> items{"a", "b", "c", "d"};
    const auto say = [&](const auto& board) {
        const game_fit fit = fit_games(games.list(), details, game_model{.board = board, .features = game_features{}});
        CHECK(fit.rating.status == fit_status::unidentified);
        if (aliased != nullptr) *aliased = fit.rating.aliased;
        return explain(fit.rating, items, names);
    };
    return order ? say(bradley_terry_model{.order = order_effect{}}) : say(bradley_terry_model{});
}

std::vector<double> column(double (*value)(std::size_t)) {
    std::vector<double> values;
    for (std::size_t g = 0; g < 60; ++g) values.push_back(value(g));
    return values;
}

} // namespace

TEST_CASE("parts and blocs are named, a few of them, the rest counted") {
    const std::vector<std::string> names{"A", "B", "C", "D"};
    CHECK(test::contains(explain(fitted(4, {{0, 1}, {1, 0}, {2, 3}, {3, 2}}), names),
                         "the 2 parts of the board: {A, B}, {C, D}."));
    const rating_fit blocs = fitted(4, {{0, 1}, {1, 0}, {2, 3}, {3, 2}, {0, 2}, {1, 3}, {0, 3}});
    CHECK(test::contains(explain(blocs, names),
                         "never beaten by others: {A, B}; never won against others: {C, D}. A prior"));
    CHECK(test::contains(blocs.reason, "{item 0, 1}"));
    // one above all, one group below
    const std::string mixed = explain(fitted(4, {{0, 1}, {1, 2}, {2, 1}, {1, 3}, {3, 2}}), names);
    CHECK(test::contains(mixed, "never beaten: A; never won against others: {B, C, D}"));
    std::vector<std::pair<item_id, item_id>> many;
    for (item_id i = 0; i < 20; i += 2) {
        many.emplace_back(i, i + 1);
        many.emplace_back(i + 1, i);
    }
    CHECK(test::contains(fitted(22, many).reason, "{item 10, 11} and 4 more parts; without a game: item 20, 21"));
    const std::vector<std::string> odd{"evil\n\x1B[31m", "a, b", "C", "D"};
    CHECK(test::contains(explain(fitted(4, {{0, 1}, {1, 0}, {2, 3}, {3, 2}}), odd), "{'evil\\n\\x1B[31m', 'a, b'}"));
}

TEST_CASE("an effect without anything of its own is named, and what it is made of") {
    const auto wave = [](std::size_t g) { return std::sin(static_cast<double>(g)); };
    const auto ramp = [](std::size_t g) { return std::cos(2.0 * static_cast<double>(g)); };
    CHECK(test::contains(sentence({column(wave), std::vector<double>(60)}, false, {"len", "zero"}),
                         "flat: 'zero' is 0 in every game. Leave it out"));
    CHECK(test::contains(sentence({std::vector<double>(60, 2.5)}, true, {"len"}),
                         "'len' is 2.5 (the order effect) in every game"));
    std::vector<double> both = column(wave);
    for (std::size_t g = 0; g < 60; ++g) both[g] = 3 * both[g] - 0.5 * ramp(g);
    CHECK(test::contains(sentence({column(wave), column(ramp), both}, false, {"a", "b", "c"}),
                         "'c' is 3 · 'a' − 0.5 · 'b' in every game"));
    const game_columns games = random_games(4, 60, 9);
    std::vector<double> of_items;
    for (std::size_t g = 0; g < 60; ++g)
        of_items.push_back(1.5 * games.left[g] * games.left[g] - 1.5 * games.right[g] * games.right[g]);
    std::vector<aliased_effect> aliased;
    CHECK(test::contains(sentence({of_items}, false, {"size"}, &aliased), "'size' is determined by the items"));
    REQUIRE(aliased.size() == 1);
    CHECK(aliased[0].of_items);
    CHECK(aliased[0].feature == 0);
    for (std::size_t g = 0; g < 60; ++g) of_items[g] += 2 * wave(g);
    CHECK(test::contains(sentence({column(wave), of_items}, false, {"a", "mix"}, &aliased),
                         "'mix' is 2 · 'a' plus a difference of the items"));
    CHECK(aliased[0].of.at(0).coefficient == doctest::Approx(2));
}
