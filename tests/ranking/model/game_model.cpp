#include <doctest/doctest.h>

#include <preflearn/ranking/model/game_model.hpp>

using namespace preflearn;

TEST_CASE("parameters lie in the order strengths, order effect, features, judges, ties") {
    const game_model model{.board = bradley_terry_model{.ties = davidson_rule{}, .order = order_effect{}},
                           .features = game_features{},
                           .judges = judge_discrimination{}};
    const game_layout at = model.layout(5, 2, 3);
    CHECK(at.items == 5);
    CHECK(at.order == 5);
    CHECK(at.features == 6);
    CHECK(at.judges == 8);
    CHECK(at.ties == 11);
    CHECK(at.size == 12);
    CHECK(game_model{.features = game_features{.with_items = false}}.layout(5, 2, 0).size == 2);
}
