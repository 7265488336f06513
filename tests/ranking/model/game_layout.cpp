#include <cstddef>

#include <doctest/doctest.h>

#include <preflearn/ranking/model/board_model.hpp>
#include <preflearn/ranking/model/game_layout.hpp>

using namespace preflearn;

TEST_CASE("order effect and tie parameter lie behind the scores, where the model has them") {
    const game_layout both = layout_of_board(bradley_terry_model{.ties = davidson_rule{}, .order = order_effect{}}, 4);
    CHECK(both.size == 6);
    Eigen::VectorXd parameters(6);
    parameters << 0, 0, 0, 0, 0.5, -0.25;
    CHECK(order_of_parameters(both, parameters) == 0.5);
    CHECK(tie_of_parameters(both, parameters) == -0.25);
    const game_layout plain = layout_of_board(bradley_terry_model{}, 4);
    CHECK(plain.size == 4);
    CHECK(order_of_parameters(plain, parameters) == 0);
    CHECK(tie_of_parameters(plain, parameters) == 0);
}

TEST_CASE("a sum over blocks sees every element once") {
    for (const std::size_t count : {std::size_t{0}, std::size_t{1}, std::size_t{8191}, std::size_t{100'000}}) {
        const Eigen::VectorXd sums = sum_over_blocks(count, 2, [](std::size_t begin, std::size_t end, double* sum) {
            for (std::size_t k = begin; k < end; ++k) sum[k % 2] += static_cast<double>(k);
        });
        CHECK(sums.sum() == static_cast<double>(count) * (static_cast<double>(count) - 1) / 2);
    }
}
