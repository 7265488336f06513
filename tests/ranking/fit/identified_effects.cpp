#include <cmath>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/ranking/fit/identified_effects.hpp>

#include "../boards.hpp"

using namespace test;

TEST_CASE("with and without a matrix the same effects are found to be made of others") {
    const game_columns games = random_games(6, 200, 3);
    std::vector<double> values;
    for (std::size_t g = 0; g < 200; ++g) {
        const double a = std::sin(static_cast<double>(g)), of_items = games.left[g] * 0.5 - games.right[g] * 0.5;
        values.insert(values.end(), {a, of_items, 1 - 2 * a});
    }
    const game_details details{.features = {values.data(), 200, 3}};
    const game_model model{.board = bradley_terry_model{.order = order_effect{}}, .features = game_features{}};
    const game_list list = games.list();
    const game_likelihood likelihood(list, details, model);
    for (const bool dense : {true, false}) {
        const auto aliased =
            aliased_effects(likelihood, effects_of(design_of(likelihood, false), likelihood.layout(), dense));
        REQUIRE(aliased.size() == 2);
        CHECK(aliased[0].feature == 1);
        CHECK(aliased[0].of_items);
        CHECK(aliased[1].feature == 2);
        REQUIRE(aliased[1].of.size() == 2);
        CHECK(!aliased[1].of[0].feature); // the order effect
        CHECK(aliased[1].of[0].coefficient == doctest::Approx(1));
        CHECK(aliased[1].of[1].coefficient == doctest::Approx(-2));
    }
}
