#include <cmath>
#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/core/error.hpp>
#include <preflearn/ranking/judges.hpp>

#include "boards.hpp"

using namespace test;

namespace {

struct judged_games {
    game_columns games;
    std::vector<std::uint32_t> judges;
};

/// Every judge sees random pairs of a board of known scores; `win(d, judge)` is the probability that the left side
/// wins.
template <class Win> judged_games drawn(std::size_t items, std::uint32_t judges, std::size_t games, const Win& win) {
    judged_games list{.games = {.items = items}, .judges = {}};
    generator random(1, "judged");
    for (std::size_t g = 0; g < games; ++g) {
        const auto l = static_cast<item_id>(random.below(items));
        const auto r = static_cast<item_id>((l + 1 + random.below(items - 1)) % items);
        const auto judge = static_cast<std::uint32_t>(g % judges);
        const double d = 4 * (static_cast<double>(l) - static_cast<double>(r)) / static_cast<double>(items);
        list.games.add(l, r, random.bernoulli(win(d, judge)) ? game_result::left : game_result::right);
        list.judges.push_back(judge);
    }
    return list;
}

template <class Judges> void check_gradient(const Judges& judges) {
    game_columns games = random_games(4, 60, 2);
    games.weights.assign(60, 0.7);
    std::vector<std::uint32_t> judge_of;
    for (std::uint32_t g = 0; g < 60; ++g) judge_of.push_back(g % 3);
    Eigen::VectorXd at(7), gradient, ignored;
    at << 0.4, -0.2, 1, -0.7, 0.3, -0.4, 1.2;
    judged_objective(games.list(), judge_of, judges, {.variance = 2}, at, gradient);
    for (Eigen::Index i = 0; i < 7; ++i) {
        constexpr double h = 1e-5;
        const Eigen::VectorXd e = h * Eigen::VectorXd::Unit(7, i);
        const double up = judged_objective(games.list(), judge_of, judges, {.variance = 2}, at + e, ignored);
        const double down = judged_objective(games.list(), judge_of, judges, {.variance = 2}, at - e, ignored);
        CHECK(gradient[i] == doctest::Approx((up - down) / (2 * h)).epsilon(1e-7));
    }
}

} // namespace

TEST_CASE("the gradients pass a finite-difference test") {
    check_gradient(judge_reliability{.right_answers = 3, .wrong_answers = 0.5});
    check_gradient(judge_discrimination{.log_variance = 0.6});
}

TEST_CASE("reliable, random and contrary judges are told apart, and the board is right in spite of them") {
    const std::vector<double> eta{0.98, 0.5, 0.1, 0.9};
    const judged_games list =
        drawn(6, 4, 8000, [&](double d, std::uint32_t k) { return eta[k] * sigmoid(d) + (1 - eta[k]) * sigmoid(-d); });
    const judged_fit fit = fit_judges<judge_reliability>(list.games.list(), list.judges, {}, {.variance = 10});
    REQUIRE(fit.converged());
    for (std::size_t k = 0; k < 4; ++k) CHECK(fit.judges[k] == doctest::Approx(eta[k]).epsilon(0.07).scale(1));
    for (std::size_t i = 0; i < 6; ++i)
        CHECK(fit.scores[i] == doctest::Approx(4 * (static_cast<double>(i) - 2.5) / 6).epsilon(0.2).scale(1));
}

TEST_CASE("judges of different discrimination: their geometric mean is one") {
    const std::vector<double> a{2, 0.5, 1};
    const judged_games list = drawn(6, 3, 9000, [&](double d, std::uint32_t k) { return sigmoid(a[k] * d); });
    const judged_fit fit = fit_judges<judge_discrimination>(list.games.list(), list.judges, {}, {.variance = 10});
    REQUIRE(fit.converged());
    CHECK(fit.judges[0] * fit.judges[1] * fit.judges[2] == doctest::Approx(1).epsilon(1e-10));
    for (std::size_t k = 0; k < 3; ++k) CHECK(fit.judges[k] == doctest::Approx(a[k]).epsilon(0.12));
}

TEST_CASE("judges who must be alike: plain Bradley-Terry") {
    const game_columns games = random_games(5, 800, 4);
    std::vector<std::uint32_t> judges;
    for (std::uint32_t g = 0; g < 800; ++g) judges.push_back(g % 2);
    const rating_fit plain =
        fit_ratings(count_games(games.list()), bradley_terry_model{.prior = gaussian_prior{.variance = 2}});
    const judged_fit same =
        fit_judges(games.list(), judges, judge_discrimination{.log_variance = 1e-9}, {.variance = 2});
    const judged_fit perfect = fit_judges(
        games.list(), judges, judge_reliability{.right_answers = 1e9, .wrong_answers = 1e-3}, {.variance = 2});
    check_close(same.scores, plain.scores, 1e-5);
    check_close(perfect.scores, plain.scores, 1e-5);
}

TEST_CASE("bad columns and priors are refused, no games are no fit") {
    const game_columns games = random_games(3, 10, 1);
    const std::vector<std::uint32_t> judges(10), few(9);
    CHECK_THROWS_AS(fit_judges<judge_reliability>(games.list(), few), argument_error);
    CHECK_THROWS_AS(fit_judges(games.list(), judges, judge_reliability{.right_answers = 0}), argument_error);
    CHECK_THROWS_AS(fit_judges(games.list(), judges, judge_discrimination{.log_variance = -1}), argument_error);
    CHECK(fit_judges<judge_reliability>(game_list{3}, {}).status == fit_status::no_data);
    CHECK(fit_judges<judge_reliability>(games.list(), judges, {}, {}, {.iteration_limit = 1}).status ==
          fit_status::not_converged);
}
