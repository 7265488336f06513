#include <cmath>
#include <cstdint>
#include <numeric>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/core/system/error.hpp>
#include <preflearn/ranking/errors/covariance.hpp>

#include "../boards.hpp"

using namespace test;

namespace {

/// A game for every citation.
game_columns citation_games() {
    game_columns games{.items = 4};
    for (const pair_cell& c : citations().cells) {
        games.add(c.left, c.right, game_result::left, static_cast<std::size_t>(c.left_wins));
        games.add(c.left, c.right, game_result::right, static_cast<std::size_t>(c.right_wins));
    }
    return games;
}

} // namespace

TEST_CASE("citations: standard errors of differences as printed") {
    const pair_counts counts = citations();
    const rating_fit fit = fit_ratings(counts);
    const rating_covariance v = inverse_information(counts, bradley_terry_model{}, fit);
    const std::vector<double> errors{v.standard_error_of_difference(1, 0), v.standard_error_of_difference(2, 0),
                                     v.standard_error_of_difference(3, 0)};
    check_close(errors, std::vector<double>{0.102545, 0.060589, 0.070830}, 6e-7);
    for (std::size_t i = 0; i < 4; ++i) CHECK(std::abs(v.matrix.row(static_cast<Eigen::Index>(i)).sum()) < 1e-15);
}

TEST_CASE("baseball and pudding: the errors of the order effect and of the tie parameter") {
    const bradley_terry_model home{.order = order_effect{}};
    const rating_fit fit = fit_ratings(baseball(), home);
    CHECK(inverse_information(baseball(), home, fit).standard_error(7) == doctest::Approx(0.130944).epsilon(5e-6));
    const bradley_terry_model ties{.ties = davidson_rule{}};
    const rating_fit brands = fit_ratings(pudding(), ties);
    const rating_covariance v = inverse_information(pudding(), ties, brands);
    CHECK(v.standard_error(6) == doctest::Approx(0.0825).epsilon(1e-3));
    const double printed[] = {0.1872, 0.1935, 0.1882, 0.1927, 0.1924};
    for (std::size_t i = 1; i < 6; ++i)
        CHECK(v.standard_error_of_difference(i, 0) == doctest::Approx(printed[i - 1]).epsilon(4e-4));
}

TEST_CASE("two items: the error of the log-odds, √(1/a + 1/b)") {
    const std::vector<double> wins{0, 7, 2, 0};
    const pair_counts counts = counts_of_matrix(2, wins);
    const rating_covariance v = inverse_information(counts, bradley_terry_model{}, fit_ratings(counts));
    CHECK(v.standard_error_of_difference(0, 1) == doctest::Approx(std::sqrt(1.0 / 7 + 1.0 / 2)));
}

TEST_CASE("citations: the sandwich of single games") {
    const game_columns games = citation_games();
    const rating_fit fit = fit_ratings(citations());
    const rating_covariance v = sandwich_covariance(games.list(), bradley_terry_model{}, fit);
    // exact; arena-rank 0.1.1 with its ridge of 1e-5 prints .042872 .072928 .041442 .053858
    const double expected[] = {0.042878, 0.072947, 0.041446, 0.053868};
    for (std::size_t i = 0; i < 4; ++i) CHECK(v.standard_error(i) == doctest::Approx(expected[i]).epsilon(2e-5));
}

TEST_CASE("clusters of copies: the sandwich does not believe in them") {
    const game_columns once = random_games(5, 400, 1);
    game_columns thrice{.items = 5};
    std::vector<std::uint32_t> clusters;
    for (int copy = 0; copy < 3; ++copy) {
        for (std::size_t g = 0; g < once.left.size(); ++g) {
            thrice.add(once.left[g], once.right[g], once.results[g]);
            clusters.push_back(static_cast<std::uint32_t>(7 * g + 1));
        }
    }
    const auto check = [&](const auto& model, double tolerance = 1e-12) {
        const sides kept = sides::kept;
        const rating_fit fit = fit_ratings(count_games(once.list(), kept), model);
        REQUIRE(fit.converged());
        const Eigen::MatrixXd single = sandwich_covariance(once.list(), model, fit).matrix;
        const Eigen::MatrixXd clustered = sandwich_covariance(thrice.list(), model, fit, clusters).matrix;
        const Eigen::MatrixXd fooled = sandwich_covariance(thrice.list(), model, fit).matrix;
        CHECK((clustered - single).cwiseAbs().maxCoeff() < tolerance);
        CHECK((3 * fooled - single).cwiseAbs().maxCoeff() < tolerance);
        // weights: a game of weight 3 is a cluster of three copies
        game_columns heavy = once;
        heavy.weights.assign(once.left.size(), 3.0);
        CHECK((sandwich_covariance(heavy.list(), model, fit).matrix - single).cwiseAbs().maxCoeff() < tolerance);
    };
    check(bradley_terry_model{});
    check(bradley_terry_model{.ties = davidson_rule{}, .order = order_effect{}});
    check(bradley_terry_model{.ties = rao_kupper_rule{}, .prior = gaussian_prior{.variance = 1e10}}, 1e-9);
}

TEST_CASE("sandwich and information agree where the model is right") {
    const game_columns games = random_games(6, 60'000, 9);
    const bradley_terry_model model{.ties = rao_kupper_rule{}, .order = order_effect{}};
    const pair_counts counts = count_games(games.list(), sides::kept);
    const rating_fit fit = fit_ratings(counts, model);
    const rating_covariance robust = sandwich_covariance(games.list(), model, fit);
    const rating_covariance plain = inverse_information(counts, model, fit);
    for (std::size_t k = 0; k < 8; ++k)
        CHECK(robust.standard_error(k) == doctest::Approx(plain.standard_error(k)).epsilon(0.03));
}

TEST_CASE("uncertainty of a fit that does not exist is refused") {
    game_columns games{.items = 2};
    games.add(0, 1, game_result::left, 3);
    const rating_fit fit = fit_ratings(count_games(games.list()));
    CHECK_THROWS_AS(inverse_information(count_games(games.list()), bradley_terry_model{}, fit), numeric_error);
    CHECK_THROWS_AS(sandwich_covariance(games.list(), bradley_terry_model{}, fit), numeric_error);
    games.add(0, 1, game_result::right);
    const rating_fit finite = fit_ratings(count_games(games.list()));
    pair_counts faint = count_games(games.list()); // weights so small that errors would be beyond a double
    faint.cells[0].left_wins = faint.cells[0].right_wins = 1e-310;
    CHECK_THROWS_AS(inverse_information(faint, bradley_terry_model{}, fit_ratings(faint)), numeric_error);
    const std::vector<std::uint32_t> one_cluster(4, 5), too_few(3);
    CHECK_THROWS_AS(sandwich_covariance(games.list(), bradley_terry_model{}, finite, one_cluster), argument_error);
    CHECK_THROWS_AS(sandwich_covariance(games.list(), bradley_terry_model{}, finite, too_few), argument_error);
}

TEST_CASE("intervals of scores") {
    const pair_counts counts = citations();
    const rating_fit fit = fit_ratings(counts);
    const rating_covariance v = inverse_information(counts, bradley_terry_model{}, fit);
    const std::vector<interval> bounds = score_intervals(fit, v);
    CHECK(bounds[2].high - bounds[2].low == doctest::Approx(2 * 1.959963984540054 * v.standard_error(2)));
}
