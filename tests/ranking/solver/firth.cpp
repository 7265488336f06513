#include <cmath>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/ranking/fit/fit_board.hpp>
#include <preflearn/ranking/solver/firth.hpp>

#include "../boards.hpp"

using namespace test;

TEST_CASE("two items: half a win is added on either side") {
    const bradley_terry_model model{.prior = jeffreys_prior{}};
    for (const double losses : {0.0, 1.0, 4.0}) {
        const std::vector<double> wins{0, 5, losses, 0};
        const rating_fit fit = fit_ratings(counts_of_matrix(2, wins), model, firth{});
        REQUIRE(fit.converged());
        CHECK(fit.prior == "jeffreys");
        CHECK(fit.scores[0] - fit.scores[1] == doctest::Approx(std::log(5.5 / (losses + 0.5))).epsilon(1e-9));
    }
}

TEST_CASE("citations: the bias-reduced scores of Turner & Firth (2012)") {
    const rating_fit fit = fit_ratings(citations(), bradley_terry_model{.prior = jeffreys_prior{}}, firth{});
    REQUIRE(fit.converged());
    std::vector<double> relative = fit.scores;
    for (double& s : relative) s -= fit.scores[0];
    check_close(relative, std::vector<double>{0, -2.944382, -0.479075, 0.268531}, 6e-7);
}

TEST_CASE("the penalised likelihood is highest at the fit, also where the maximum likelihood estimate is infinite") {
    game_columns games{.items = 3};
    games.add(0, 1, game_result::left, 3);
    games.add(0, 2, game_result::left, 2);
    games.add(1, 2, game_result::left, 2);
    games.add(2, 1, game_result::left, 1);
    const pair_counts counts = count_games(games.list());
    const bradley_terry_model model{.prior = jeffreys_prior{}};
    const rating_fit fit = fit_ratings(counts, model, firth{});
    REQUIRE(fit.converged());
    CHECK(fit.graph.undefeated == std::vector<item_id>{0});
    const auto objective = [&](const std::vector<double>& p) {
        // det of the information with the last item as reference
        double a = 0, b = 0, c = 0;
        for (const pair_cell& cell : counts.cells) {
            const double x = p[cell.left] - p[cell.right], v = cell.games() * sigmoid(x) * sigmoid(-x);
            if (cell.left == 0) a += v;
            if (cell.left == 0 && cell.right == 1) c -= v;
            if (cell.left == 1 || cell.right == 1) b += v;
        }
        return log_likelihood(counts, model, p) + 0.5 * std::log(a * b - c * c);
    };
    const double top = objective(fit.parameters);
    for (std::size_t i = 0; i < 3; ++i) {
        for (const double d : {-1e-3, 1e-3}) {
            std::vector<double> p = fit.parameters;
            p[i] += d;
            CHECK(objective(p) < top);
        }
    }
    games.items = 4;
    CHECK(fit_ratings(count_games(games.list()), model, firth{}).status == fit_status::disconnected);
}

TEST_CASE("games that weigh next to nothing: the prior's half wins alone") {
    const bradley_terry_model model{.prior = jeffreys_prior{}};
    for (const double light : {1e-2, 1e-5, 1e-8, 1e-30}) {
        const std::vector<double> wins{0, 5 * light, light, 0};
        const rating_fit two = fit_ratings(counts_of_matrix(2, wins), model, firth{});
        REQUIRE(two.converged());
        CHECK(two.scores[0] - two.scores[1] ==
              doctest::Approx(std::log((5 * light + 0.5) / (light + 0.5))).epsilon(1e-7));
        // beside heavy games, a bridge: each cell has a leverage of one
        const pair_counts bridge{3, sides::merged, {{0, 1, 3, 1, 0}, {1, 2, light, 5 * light, 0}}};
        const rating_fit three = fit_ratings(bridge, model, firth{});
        REQUIRE(three.converged());
        CHECK(three.scores[0] - three.scores[1] == doctest::Approx(std::log(3.5 / 1.5)));
        CHECK(std::abs(three.scores[2] - three.scores[1] - std::log((5 * light + 0.5) / (light + 0.5))) < 1e-9);
    }
}
