#include <vector>

#include <doctest/doctest.h>

#include <preflearn/ranking/solver/strength_tree.hpp>

using namespace preflearn;

TEST_CASE("the heaviest pairs join all nodes, and a path's differences add up to the strengths'") {
    const strength_tree tree(5, {{0, 1, 1e-20}, {1, 2, 3}, {0, 2, 2}, {3, 2, 1e-9}, {3, 4, 7}, {4, 0, 1e-12}}, 4);
    REQUIRE(tree.spans());
    CHECK(tree.edges() == 4);
    Eigen::VectorXd differences(4);
    differences << 0.5, -2, 1, 4;
    const Eigen::VectorXd strengths = tree.strengths(differences);
    CHECK(strengths[4] == 0);
    for (item_id i = 0; i < 5; ++i) {
        for (item_id j = 0; j < 5; ++j) {
            double sum = 0;
            std::size_t edges = 0;
            tree.path(i, j, [&](Eigen::Index edge, double sign) {
                sum += sign * differences[edge];
                ++edges;
            });
            CHECK(sum == doctest::Approx(strengths[i] - strengths[j]));
            const bool heavy = (i == 1 && j == 2) || (i == 0 && j == 2) || (i == 3 && j == 4) || (i == 2 && j == 3);
            if (heavy) CHECK(edges == 1);
            if (i == 0 && j == 1) CHECK(edges == 2);
        }
    }
    CHECK(!strength_tree(3, {{0, 1, 1}, {1, 2, 0}}, 0).spans());
    CHECK(strength_tree(1, {}, 0).edges() == 0);
}
