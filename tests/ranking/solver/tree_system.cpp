#include <memory>

#include <doctest/doctest.h>

#include <preflearn/ranking/model/board_model.hpp>
#include <preflearn/ranking/solver/tree_system.hpp>

#include "../boards.hpp"

using namespace test;

TEST_CASE("a tree's gradient and information are those of the scores, in its coordinates") {
    const bradley_terry_model model{.ties = davidson_rule{}, .order = order_effect{}, .prior = gaussian_prior{}};
    const pair_counts counts = count_games(random_games(6, 400, 3).list(), sides::kept);
    const game_layout layout = layout_of_board(model, 6);
    Eigen::VectorXd at(8);
    at << 0.3, -0.2, 0.5, 0, -0.4, 0.1, 0.25, -0.7;
    board_point board;
    evaluate_board(counts, model, at, board);
    const Eigen::MatrixXd h = dense_information(counts, board);

    const likelihood_rows rows = rows_of_board(counts, model);
    tree_system system{layout, std::make_shared<const strength_tree>(tree_of_rows(layout, rows, at))};
    REQUIRE(system.tree->spans());
    REQUIRE(system.size() == 8); // the prior's ghost is a node
    system.sum(rows, at, true);
    const Eigen::MatrixXd in_tree = system.information.selfadjointView<Eigen::Lower>();
    for (Eigen::Index a = 0; a < 8; ++a) {
        const Eigen::VectorXd along = system.natural(Eigen::VectorXd::Unit(8, a));
        CHECK(system.gradient[a] == doctest::Approx(board.gradient.dot(along)).epsilon(1e-9));
        for (Eigen::Index b = 0; b < 8; ++b)
            CHECK(in_tree(a, b) ==
                  doctest::Approx(along.dot(h * system.natural(Eigen::VectorXd::Unit(8, b)))).epsilon(1e-9));
    }
}
