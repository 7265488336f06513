#include <cmath>
#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/core/system/error.hpp>
#include <preflearn/ranking/fit/fit_games.hpp>
#include <preflearn/ranking/model/judges.hpp>
#include <preflearn/ranking/rate/rate.hpp>

#include "../boards.hpp"

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

template <class Judges>
game_fit fitted(const game_columns& games, const std::vector<std::uint32_t>& judge_of, const Judges& judges,
                double variance, const game_fit_options& options = {}) {
    const game_model model{.board = bradley_terry_model{.prior = gaussian_prior{.variance = variance}},
                           .judges = judges};
    return fit_games(games.list(), {.judges = judge_of}, model, options);
}

/// Slopes and curvatures in (z, τ, u) against central differences of values and slopes.
template <class Judges, class Ties, class Link> void check_terms(const Judges& judges, const Ties& ties, Link link) {
    for (const pair_cell& outcome : {pair_cell{0, 1, 1, 0, 0}, pair_cell{0, 1, 0, 1, 0}, pair_cell{0, 1, 0, 0, 1}}) {
        const auto at = [&](const Eigen::Vector3d& p) {
            return judges.terms([&](double x) { return ties.terms(link, outcome, x, p[1]); }, p[0], p[2]);
        };
        const Eigen::Vector3d here(0.7, 0.4, -0.3);
        const judged_terms t = at(here);
        for (Eigen::Index i = 0; i < 3; ++i) {
            constexpr double h = 1e-5;
            const judged_terms up = at(here + h * Eigen::Vector3d::Unit(i)),
                               down = at(here - h * Eigen::Vector3d::Unit(i));
            CHECK(t.slope[i] == doctest::Approx((up.value - down.value) / (2 * h)).epsilon(1e-7));
            for (Eigen::Index j = 0; j < 3; ++j)
                CHECK(t.curvature(i, j) == doctest::Approx((down.slope[j] - up.slope[j]) / (2 * h)).epsilon(1e-7));
        }
    }
}

} // namespace

TEST_CASE("derivatives of every judge with every tie model and link") {
    const auto with_judges = [](const auto& judges) {
        check_terms(judges, half_win_rule{}, logit_choice{});
        check_terms(judges, davidson_rule{}, logit_choice{});
        check_terms(judges, rao_kupper_rule{}, logit_choice{});
        check_terms(judges, rao_kupper_rule{}, probit_choice{});
        check_terms(judges, drop_rule{}, probit_choice{});
    };
    with_judges(no_judges{});
    with_judges(judge_reliability{});
    with_judges(judge_discrimination{});
}

TEST_CASE("reliable, random and contrary judges are told apart, and the board is right in spite of them") {
    const std::vector<double> eta{0.98, 0.5, 0.1, 0.9};
    const judged_games list =
        drawn(6, 4, 8000, [&](double d, std::uint32_t k) { return eta[k] * sigmoid(d) + (1 - eta[k]) * sigmoid(-d); });
    const game_fit fit = fitted(list.games, list.judges, judge_reliability{}, 10);
    REQUIRE(fit.converged());
    for (std::size_t k = 0; k < 4; ++k) CHECK(fit.judges[k] == doctest::Approx(eta[k]).epsilon(0.07).scale(1));
    for (std::size_t i = 0; i < 6; ++i)
        CHECK(fit.rating.scores[i] == doctest::Approx(4 * (static_cast<double>(i) - 2.5) / 6).epsilon(0.2).scale(1));
}

TEST_CASE("judges of different discrimination: their geometric mean is one, with or without a prior on the scores") {
    const std::vector<double> a{2, 0.5, 1};
    const judged_games list = drawn(6, 3, 9000, [&](double d, std::uint32_t k) { return sigmoid(a[k] * d); });
    const game_fit fit = fitted(list.games, list.judges, judge_discrimination{}, 10);
    const game_fit free =
        fit_games(list.games.list(), {.judges = list.judges}, game_model{.judges = judge_discrimination{}});
    REQUIRE(fit.converged());
    REQUIRE(free.converged());
    CHECK(fit.judges[0] * fit.judges[1] * fit.judges[2] == doctest::Approx(1).epsilon(1e-10));
    for (std::size_t k = 0; k < 3; ++k) {
        CHECK(fit.judges[k] == doctest::Approx(a[k]).epsilon(0.12));
        CHECK(free.judges[k] == doctest::Approx(fit.judges[k]).epsilon(0.01));
    }
}

TEST_CASE("judges who must be alike: plain Bradley-Terry") {
    const game_columns games = random_games(5, 800, 4);
    std::vector<std::uint32_t> judges;
    for (std::uint32_t g = 0; g < 800; ++g) judges.push_back(g % 2);
    const rating_fit plain =
        fit_ratings(count_games(games.list()), bradley_terry_model{.prior = gaussian_prior{.variance = 2}});
    const game_fit same = fitted(games, judges, judge_discrimination{.log_variance = 1e-9}, 2);
    const game_fit perfect = fitted(games, judges, judge_reliability{.right_answers = 1e9, .wrong_answers = 1e-3}, 2);
    check_close(same.rating.scores, plain.scores, 1e-5);
    check_close(perfect.rating.scores, plain.scores, 1e-5);
}

TEST_CASE("bad columns and priors are refused, no games are no fit") {
    const game_columns games = random_games(3, 10, 1);
    const std::vector<std::uint32_t> judges(10), few(9), numbered_wildly(10, 4'000'000'000);
    CHECK_THROWS_WITH_AS(fitted(games, numbered_wildly, judge_reliability{}, 1),
                         doctest::Contains("game 0: judge 4000000000"), argument_error);
    CHECK_THROWS_AS(fitted(games, few, judge_reliability{}, 1), argument_error);
    CHECK_THROWS_AS(fitted(games, judges, judge_reliability{.right_answers = 0}, 1), argument_error);
    CHECK_THROWS_AS(fitted(games, judges, judge_discrimination{.log_variance = -1}, 1), argument_error);
    CHECK(fitted({.items = 3}, {}, judge_reliability{}, 1).rating.status == fit_status::no_data);
    CHECK(fitted(games, judges, judge_reliability{}, 1, {.approach = {.iteration_limit = 1}}).rating.status ==
          fit_status::not_converged);
}

TEST_CASE("more judges than fit are refused in words before anything is fitted") {
    game_columns games{.items = 20};
    std::vector<std::uint32_t> judges;
    for (std::uint32_t g = 0; g < 60'000; ++g) {
        games.add(g % 20, (g + 1 + g / 20 % 19) % 20, g % 3 == 0 ? game_result::left : game_result::right);
        judges.push_back(g);
    }
    rating_options options{.prior = gaussian_prior{1}};
    options.judges = judge_reliability{};
    CHECK_THROWS_WITH_AS(rate_games(games.list(), options, {}, {}, judges),
                         doctest::Contains("60000 judges and 20 items"), argument_error);
}
