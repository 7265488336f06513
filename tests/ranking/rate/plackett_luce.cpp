#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/core/system/error.hpp>
#include <preflearn/ranking/rate/plackett_luce.hpp>

#include "../boards.hpp"

using namespace test;

namespace {

using order = std::vector<item_id>;

/// Random orders of random subsets, by Gumbel scores.
ranking_list random_rankings(std::size_t items, std::size_t count, std::uint64_t seed, std::size_t places) {
    ranking_list list(items);
    for (std::size_t r = 0; r < count; ++r) {
        generator random(seed, "rankings", r);
        const std::vector<std::size_t> chosen = random.permutation(items);
        const std::size_t size = 2 + random.below(items - 1);
        std::vector<std::pair<double, item_id>> drawn;
        for (std::size_t k = 0; k < size; ++k)
            drawn.emplace_back(-random.gumbel() - 0.3 * static_cast<double>(chosen[k]),
                               static_cast<item_id>(chosen[k]));
        std::ranges::sort(drawn);
        order best_first;
        for (const auto& [score, item] : drawn) best_first.push_back(item);
        list.add_places(best_first, std::min(places, size));
    }
    return list;
}

} // namespace

TEST_CASE("two items a ranking: Plackett-Luce is Bradley-Terry") {
    const game_columns games = random_games(7, 600, 3, 0);
    ranking_list rankings(7);
    for (std::size_t g = 0; g < games.left.size(); ++g) {
        const bool left = games.results[g] == game_result::left;
        rankings.add(left ? order{games.left[g], games.right[g]} : order{games.right[g], games.left[g]});
    }
    const pair_counts counts = count_games(games.list());
    const rating_fit fit = fit_rankings(rankings), pairs = fit_ratings(counts);
    REQUIRE(fit.converged());
    check_close(fit.scores, pairs.scores, 1e-7);
    CHECK(fit.log_likelihood == doctest::Approx(pairs.log_likelihood).epsilon(1e-12));
    const rating_covariance v = inverse_information(rankings, fit);
    const rating_covariance expected = inverse_information(counts, bradley_terry_model{}, pairs);
    CHECK((v.matrix - expected.matrix).cwiseAbs().maxCoeff() < 1e-6);
    check_close(fit_rankings(rankings, pseudo_games{}).parameters,
                fit_ratings(counts, bradley_terry_model{.prior = pseudo_games{}}).parameters, 1e-6);
}

TEST_CASE("choices from one set of all items: the shares of first places") {
    ranking_list rankings(3);
    const std::vector<double> times{5, 2, 1};
    rankings.add_choice(0, order{1, 2}, times[0]);
    rankings.add_choice(1, order{2, 0}, times[1]);
    rankings.add_choice(2, order{0, 1}, times[2]);
    const rating_fit fit = fit_rankings(rankings);
    REQUIRE(fit.converged());
    CHECK(fit.scores[0] - fit.scores[1] == doctest::Approx(std::log(5.0 / 2)).epsilon(1e-7));
    CHECK(fit.scores[1] - fit.scores[2] == doctest::Approx(std::log(2.0)).epsilon(1e-7));
}

TEST_CASE("probabilities of all full orders sum to one") {
    ranking_list all(4);
    order items{0, 1, 2, 3};
    const Eigen::Vector4d theta(0.3, -1, 0.8, 0);
    double sum = 0;
    do {
        ranking_list one(4);
        one.add(items);
        Eigen::VectorXd gradient;
        sum += std::exp(detail::plackett_luce(one, theta, gradient));
    } while (std::ranges::next_permutation(items).found);
    CHECK(sum == doctest::Approx(1).epsilon(1e-13));
}

TEST_CASE("gradient and information are derivatives of the log-likelihood, for full, partial and top-1 rankings") {
    for (const std::size_t places : {1U, 2U, 9U}) {
        const ranking_list rankings = random_rankings(6, 40, 5, places);
        const Eigen::VectorXd theta = Eigen::VectorXd::LinSpaced(6, 1, -0.5);
        Eigen::VectorXd gradient, up, down;
        Eigen::MatrixXd information;
        detail::plackett_luce(rankings, theta, gradient, &information);
        for (Eigen::Index i = 0; i < 6; ++i) {
            constexpr double h = 1e-5;
            const Eigen::VectorXd e = h * Eigen::VectorXd::Unit(6, i);
            const double high = detail::plackett_luce(rankings, theta + e, up);
            const double low = detail::plackett_luce(rankings, theta - e, down);
            CHECK(gradient[i] == doctest::Approx((high - low) / (2 * h)).epsilon(1e-7));
            CHECK((information.col(i) - (down - up) / (2 * h)).cwiseAbs().maxCoeff() < 1e-6);
        }
        CHECK(fit_rankings(rankings).converged());
    }
}

TEST_CASE("rankings without an estimate say why") {
    ranking_list one_way(3);
    one_way.add(order{0, 1, 2});
    one_way.add(order{0, 2, 1});
    const rating_fit separated = fit_rankings(one_way);
    CHECK(separated.status == fit_status::separated);
    CHECK(separated.graph.undefeated == order{0});
    CHECK(separated.scores.empty());
    CHECK(fit_rankings(one_way, gaussian_prior{.variance = 1}).converged());
    ranking_list apart(4);
    apart.add(order{0, 1});
    apart.add(order{1, 0});
    apart.add(order{2, 3});
    CHECK(fit_rankings(apart).status == fit_status::disconnected);
    CHECK(fit_rankings(ranking_list(2)).status == fit_status::no_data);
    CHECK_THROWS_AS(inverse_information(one_way, separated), numeric_error);
}

TEST_CASE("bad rankings are refused") {
    ranking_list list(3);
    CHECK_THROWS_AS(list.add(order{0, 3}), argument_error);
    CHECK_THROWS_AS(list.add(order{0, 1, 0}), argument_error);
    CHECK_THROWS_AS(list.add_places(order{0, 1}, 3), argument_error);
    CHECK_THROWS_AS(list.add(order{0, 1}, -1), argument_error);
    CHECK_THROWS_AS(list.add_choice(1, order{0, 1}), argument_error);
    CHECK(list.size() == 0);
    list.add(order{1, 0});
    CHECK(list.places(0) == 1);
}

TEST_CASE("rankings of any weight settle what heavier ones leave open") {
    // 0 and 1 are told apart by heavy rankings, 2 and 3 by light ones alone
    const auto rankings_of = [](double light) {
        ranking_list rankings(4);
        const auto add = [&](std::vector<item_id> order, double weight) { rankings.add(order, weight); };
        add({0, 1}, 3);
        add({1, 0}, 1);
        add({0, 2, 3}, 2 * light);
        add({2, 1, 3}, light);
        add({3, 1}, light);
        add({3, 2, 0}, light);
        return rankings;
    };
    const rating_fit usual = fit_rankings(rankings_of(1e-7)), light = fit_rankings(rankings_of(1e-17));
    REQUIRE(usual.converged());
    REQUIRE(light.converged());
    check_close(light.scores, fit_rankings(rankings_of(1e-40)).scores, 1e-9);
    check_close(light.scores, usual.scores, 1e-6);
    CHECK(std::abs(light.scores[0] - light.scores[1] - std::log(3.0)) < 1e-9);
    const rating_covariance v = inverse_information(rankings_of(1e-17), light);
    CHECK(v.standard_error_of_difference(0, 1) == doctest::Approx(std::sqrt(4.0 / 3)));
    CHECK(v.standard_error_of_difference(0, 2) > 1e8);
    // in the same coordinates, rankings of two are games
    ranking_list pairs(3);
    const auto add = [&](item_id winner, item_id loser, double weight) {
        pairs.add(std::vector<item_id>{winner, loser}, weight);
    };
    add(0, 1, 1);
    add(1, 0, 1);
    add(1, 2, 1e-16);
    add(2, 1, 2e-16);
    CHECK(fit_rankings(pairs).scores[2] == doctest::Approx(2 * std::log(2.0) / 3));
}
