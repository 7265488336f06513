#include <cmath>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/core/system/error.hpp>
#include <preflearn/ranking/errors/rank_tiers.hpp>

#include "../boards.hpp"

using namespace test;

namespace {

rating_fit scored(std::vector<double> scores) {
    return {.status = fit_status::converged, .scores = scores, .parameters = scores};
}

rating_covariance independent(std::size_t n, double error) {
    return {n, error * error * Eigen::MatrixXd::Identity(static_cast<Eigen::Index>(n), static_cast<Eigen::Index>(n))};
}

using ranks = std::vector<std::size_t>;

} // namespace

TEST_CASE("the critical value is that of the studentised range, for independent scores of equal error") {
    // the largest |difference| / (√2 error) of k normals: tabled range 3.314 (k = 3), 3.858 (5), 4.474 (10) over √2
    const auto critical = [](std::size_t k) {
        return rank_items(scored(std::vector<double>(k)), independent(k, 0.3), {.draws = 60'000}).critical;
    };
    CHECK(critical(2) == doctest::Approx(1.959963984540054));
    CHECK(critical(3) == doctest::Approx(3.314 / std::sqrt(2)).epsilon(0.01));
    CHECK(critical(5) == doctest::Approx(3.858 / std::sqrt(2)).epsilon(0.01));
    CHECK(critical(10) == doctest::Approx(4.474 / std::sqrt(2)).epsilon(0.01));
}

TEST_CASE("well separated scores have ranks of their own, equal ones share everything") {
    const rank_result apart = rank_items(scored({0, 2, -2}), independent(3, 0.1));
    CHECK(apart.order == ranks{1, 0, 2});
    CHECK(apart.tier == ranks{2, 1, 3});
    CHECK(apart.best_rank == ranks{2, 1, 3});
    CHECK(apart.worst_rank == ranks{2, 1, 3});
    const rank_result alike = rank_items(scored({0.01, 0, -0.01}), independent(3, 0.1));
    CHECK(alike.tier == ranks{1, 1, 1});
    CHECK(alike.best_rank == ranks{1, 1, 1});
    CHECK(alike.worst_rank == ranks{3, 3, 3});
    // a ladder: neighbours are alike, the ends are not
    const rank_result ladder = rank_items(scored({0.25, 0, -0.25}), independent(3, 0.1));
    CHECK(ladder.tier == ranks{1, 1, 2});
    CHECK(ladder.best_rank == ranks{1, 1, 2});
    CHECK(ladder.worst_rank == ranks{2, 3, 3});
}

TEST_CASE("ranks are the same for a seed, and refused without a fit") {
    const game_columns games = random_games(8, 800, 2);
    const pair_counts counts = count_games(games.list());
    const rating_fit fit = fit_ratings(counts);
    const rating_covariance v = inverse_information(counts, bradley_terry_model{}, fit);
    CHECK(rank_items(fit, v, {.seed = 4}).critical == rank_items(fit, v, {.seed = 4}).critical);
    CHECK(rank_items(fit, v, {.seed = 4}).critical != rank_items(fit, v, {.seed = 5}).critical);
    CHECK_THROWS_AS(rank_items(rating_fit{}, v), numeric_error);
    CHECK_THROWS_AS(rank_items(fit, independent(3, 1)), argument_error);
    CHECK_THROWS_AS(rank_items(fit, v, {.confidence = 1}), argument_error);
}

TEST_CASE("a covariance of any rank gives the same critical value as its differences do") {
    // Adding a shift of all scores, as centring takes one away, changes no difference; a matrix of one factor is
    // singular.
    const Eigen::MatrixXd plain = 0.04 * Eigen::MatrixXd::Identity(6, 6),
                          centring = Eigen::MatrixXd::Identity(6, 6) - Eigen::MatrixXd::Constant(6, 6, 1.0 / 6);
    const rating_fit fit = scored(std::vector<double>(6));
    const double critical = rank_items(fit, {6, plain}, {.draws = 40'000}).critical;
    CHECK(rank_items(fit, {6, centring * plain * centring}, {.draws = 40'000}).critical ==
          doctest::Approx(critical).epsilon(0.01));
    const Eigen::VectorXd factor = Eigen::VectorXd::LinSpaced(6, -1, 1);
    CHECK(rank_items(fit, {6, factor * factor.transpose()}).critical == doctest::Approx(1.96).epsilon(0.03));
}

TEST_CASE("joint intervals: ranks cover the true ones together, and tell apart nearly what all pairs do") {
    generator random(3, "joint intervals");
    constexpr std::size_t items = 60, boards = 200;
    std::size_t covered = 0, width = 0, width_of_pairs = 0;
    for (std::size_t b = 0; b < boards; ++b) {
        std::vector<double> scores(items), errors(items);
        for (std::size_t i = 0; i < items; ++i) {
            errors[i] = 0.1 + 0.1 * random.uniform();
            scores[i] = -0.3 * static_cast<double>(i) + errors[i] * random.normal(); // item i has rank i + 1
        }
        const rank_result found = rank_items(scored(scores), errors);
        bool all = true;
        for (std::size_t i = 0; i < items; ++i) all &= found.best_rank[i] <= i + 1 && i + 1 <= found.worst_rank[i];
        covered += all;
        if (b > 0) continue;
        Eigen::MatrixXd v = Eigen::MatrixXd::Zero(items, items);
        for (std::size_t i = 0; i < items; ++i) v(as_index(i), as_index(i)) = errors[i] * errors[i];
        const rank_result pairs = rank_items(scored(scores), {items, v});
        CHECK(found.order == pairs.order);
        for (std::size_t i = 0; i < items; ++i) {
            CHECK(found.tier[i] <= pairs.tier[i]);
            width += found.worst_rank[i] - found.best_rank[i];
            width_of_pairs += pairs.worst_rank[i] - pairs.best_rank[i];
        }
    }
    CHECK(covered >= boards * 95 / 100);
    CHECK(width >= width_of_pairs);
    CHECK(width < 1.4 * static_cast<double>(width_of_pairs));
    // What is not known may have any rank, and decides nothing of the others.
    const rank_result unknown = rank_items(scored({5, 4, 0}), std::vector<double>{std::nan(""), 0.1, 0.1});
    CHECK(unknown.best_rank == ranks{1, 1, 2});
    CHECK(unknown.worst_rank == ranks{3, 2, 3});
    CHECK(unknown.tier == ranks{1, 1, 2});
    CHECK_THROWS_AS(rank_items(scored({1, 2}), std::vector<double>{1}), argument_error);
    CHECK_THROWS_AS(rank_items(rating_fit{}, std::vector<double>{}), numeric_error);
}
