#include <cstddef>

#include <doctest/doctest.h>

#include <preflearn/ranking/model/likelihood_rows.hpp>

#include "../boards.hpp"

using namespace test;

TEST_CASE("the rows of a board sum up to its gradient, its prior's games against a ghost included") {
    const bradley_terry_model model{.ties = davidson_rule{}, .order = order_effect{}, .prior = gaussian_prior{}};
    const pair_counts counts = count_games(random_games(5, 300, 7).list(), sides::kept);
    Eigen::VectorXd at(7);
    at << 0.3, -0.3, 0.5, -0.6, 0.1, 0.25, -0.7; // scores with mean zero: their gradient is centred
    board_point board;
    evaluate_board(counts, model, at, board);
    Eigen::VectorXd sum = Eigen::VectorXd::Zero(7);
    std::size_t ghosts = 0;
    rows_of_board(counts, model)(at, [&](const likelihood_row& row) {
        sum[row.left] += row.slope[0];
        if (row.right < 5)
            sum[row.right] -= row.slope[0];
        else
            ++ghosts;
        for (const game_parameter& p : row.others) sum[p.at] += p.times * row.slope[p.through];
    });
    CHECK(ghosts == 5);
    CHECK((sum - board.gradient).cwiseAbs().maxCoeff() < 1e-9);
}
