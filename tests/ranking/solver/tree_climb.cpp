#include <cmath>
#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/ranking/errors/covariance.hpp>
#include <preflearn/ranking/errors/rank_tiers.hpp>
#include <preflearn/ranking/fit/fit_board.hpp>
#include <preflearn/ranking/fit/fit_games.hpp>
#include <preflearn/ranking/solver/firth.hpp>
#include <preflearn/ranking/solver/tree_climb.hpp>

#include "../boards.hpp"

using namespace test;

namespace {

/// Two pairs of items that met often, joined by games of weight `light`: 0 beat 1 three times of four, 3 beat 2 twice
/// of three; of the light games 0 won five of six against 2, 1 and 3 shared two.
pair_counts two_pairs(double light) {
    return {4, sides::merged, {{0, 1, 3, 1, 0}, {0, 2, 5 * light, light, 0}, {1, 3, light, light, 0}, {2, 3, 1, 2, 0}}};
}

} // namespace

TEST_CASE("in tree coordinates every model reaches the maximum that Newton's method reaches") {
    const game_columns games = random_games(7, 900, 5);
    const auto same = [&](const auto& model) {
        const pair_counts counts = count_games(games.list(), model.has_order ? sides::kept : sides::merged);
        CHECK(!far_apart(counts));
        const solver_result found = climb_in_tree(counts, model, equal_items(counts, model));
        REQUIRE(found.end == solver_end::converged);
        const rating_fit fit = [&] {
            if constexpr (std::same_as<std::decay_t<decltype(model.prior)>, jeffreys_prior>)
                return fit_ratings(counts, model, firth{});
            else
                return fit_ratings(counts, model);
        }();
        check_close(std::vector<double>(found.parameters.begin(), found.parameters.end()), fit.parameters, 1e-8);
    };
    same(bradley_terry_model{});
    same(bradley_terry_model{.ties = davidson_rule{}, .order = order_effect{}});
    same(bradley_terry_model{.link = probit_choice{}, .ties = rao_kupper_rule{}, .prior = gaussian_prior{}});
    same(bradley_terry_model{.prior = pseudo_games{}});
    same(bradley_terry_model{.prior = jeffreys_prior{}});
}

TEST_CASE("light games settle what heavy ones leave open, however light: the closed form") {
    for (const double light : {1e-8, 1e-12, 1e-16, 1e-40, 1e-150}) {
        CAPTURE(light);
        const pair_counts counts = two_pairs(light);
        const rating_fit fit = fit_ratings(counts);
        REQUIRE(fit.converged());
        // the heavy pairs by themselves; then 6 / (1 + t) = 2 t / (6 + t), t the odds of 0 against 2
        const double t = 1 + std::sqrt(19.0), tolerance = 2 * light + 1e-9;
        CHECK(std::abs(fit.scores[0] - fit.scores[1] - std::log(3.0)) < tolerance);
        CHECK(std::abs(fit.scores[3] - fit.scores[2] - std::log(2.0)) < tolerance);
        CHECK(std::abs(fit.scores[0] - fit.scores[2] - std::log(t)) < tolerance);
        CHECK(std::abs(fit.scores[0] + fit.scores[1] + fit.scores[2] + fit.scores[3]) < 1e-9);

        const rating_covariance v = inverse_information(counts, bradley_terry_model{}, fit);
        CHECK(v.standard_error_of_difference(0, 1) == doctest::Approx(std::sqrt(4.0 / 3)).epsilon(1e-6));
        const double p = t / (1 + t), q = t / (6 + t);
        const double between = std::sqrt(1 / (light * (6 * p * (1 - p) + 2 * q * (1 - q))));
        CHECK(v.standard_error_of_difference(0, 2) == doctest::Approx(between).epsilon(1e-6));
        CHECK(v.standard_error(0) == doctest::Approx(between / 2).epsilon(1e-3));
        const rank_result ranks = rank_items(fit, v);
        CHECK(ranks.worst_rank == std::vector<std::size_t>(4, 4));
    }
}

TEST_CASE("a heavy pair is told apart although all scores are uncertain beside the mean") {
    const pair_counts counts{3, sides::merged, {{0, 1, 900, 100, 0}, {1, 2, 1e-12, 2e-12, 0}}};
    const rating_fit fit = fit_ratings(counts);
    REQUIRE(fit.converged());
    const rank_result ranks = rank_items(fit, inverse_information(counts, bradley_terry_model{}, fit));
    CHECK(ranks.worst_rank[0] == 2); // above 1 at least
    CHECK(ranks.best_rank[1] == 2);
}

TEST_CASE("every solver, tie rule, prior and model of games meets weights that lie many orders apart") {
    game_columns games = random_games(5, 600, 2);
    std::vector<double> length;
    std::vector<std::uint32_t> judges;
    for (std::size_t g = 0; g < 600; ++g) {
        games.weights.push_back(std::exp2(-20.0 * std::max(games.left[g], games.right[g])));
        length.push_back(std::sin(static_cast<double>(g)));
        judges.push_back(static_cast<std::uint32_t>(g % 3));
    }
    const pair_counts counts = count_games(games.list());
    REQUIRE(far_apart(counts));
    const rating_fit plain = fit_ratings(counts);
    REQUIRE(plain.converged());
    CHECK(fit_ratings(counts, bradley_terry_model{}, lbfgs{}).scores == plain.scores);
    CHECK(fit_ratings(counts, bradley_terry_model{.prior = jeffreys_prior{}}, firth{}).converged());

    const bradley_terry_model whole{.ties = rao_kupper_rule{}, .order = order_effect{}};
    const rating_fit board = fit_ratings(count_games(games.list(), sides::kept), whole);
    REQUIRE(board.converged());
    const game_model as_games{.board = whole};
    const game_fit same = fit_games(games.list(), {}, as_games);
    REQUIRE(same.converged());
    check_close(same.rating.parameters, board.parameters, 1e-7);
    const rating_covariance v = inverse_information(games.list(), {}, as_games, same);
    const rating_covariance by_pairs = inverse_information(count_games(games.list(), sides::kept), whole, board);
    const rating_covariance robust = sandwich_covariance(games.list(), {}, as_games, same);
    const rating_covariance robust_pairs = sandwich_covariance(games.list(), whole, board);
    for (std::size_t p = 0; p < 7; ++p) {
        CHECK(v.standard_error(p) == doctest::Approx(by_pairs.standard_error(p)).epsilon(1e-6));
        CHECK(robust.standard_error(p) == doctest::Approx(robust_pairs.standard_error(p)).epsilon(1e-6));
    }
    const game_details details{.features = {length.data(), 600, 1}, .judges = judges};
    const game_fit all = fit_games(games.list(), details,
                                   game_model{.board = bradley_terry_model{.prior = gaussian_prior{}},
                                              .features = game_features{},
                                              .judges = judge_discrimination{}});
    CHECK(all.converged());
    CHECK(fit_games(games.list(), details,
                    game_model{.board = bradley_terry_model{.ties = davidson_rule{}, .prior = pseudo_games{}},
                               .features = game_features{.variance = 4},
                               .judges = judge_reliability{}})
              .converged());
}

TEST_CASE("an effect that runs off is unbounded among weights of any size") {
    game_columns games{.items = 3};
    for (const auto& [l, r] : {std::pair(0, 1), {1, 0}, {1, 2}, {2, 1}})
        games.add(static_cast<item_id>(l), static_cast<item_id>(r), game_result::left);
    games.weights = {1, 1, 1e-16, 2e-16};
    const pair_counts counts = count_games(games.list(), sides::kept);
    CHECK(fit_ratings(counts, bradley_terry_model{.order = order_effect{}}).status == fit_status::unbounded);
}
