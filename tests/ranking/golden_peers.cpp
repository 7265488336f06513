// Peers' frozen answers; tests/ranking/golden/make_golden.py made them.
#include <fstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <preflearn/ranking.hpp>

#include "boards.hpp"

using namespace test;

namespace {

nlohmann::json peers() {
    std::ifstream file(std::string(PREFLEARN_TESTS) + "/ranking/golden/peers.json");
    REQUIRE(file.is_open());
    return nlohmann::json::parse(file);
}

std::vector<double> numbers(const nlohmann::json& list) { return list.get<std::vector<double>>(); }

game_columns games_of(const nlohmann::json& board) {
    game_columns games{.items = board.at("items").get<std::size_t>()};
    for (std::size_t g = 0; g < board.at("left").size(); ++g)
        games.add(board["left"][g].get<item_id>(), board["right"][g].get<item_id>(),
                  static_cast<game_result>(board["result"][g].get<int>()));
    return games;
}

} // namespace

TEST_CASE("evalica and choix, on boards with and without ties") {
    const nlohmann::json golden = peers();
    REQUIRE(golden.at("boards").size() == 3);
    for (const auto& board : golden.at("boards")) {
        const game_columns games = games_of(board);
        const pair_counts counts = count_games(games.list());
        check_close(fit_ratings(counts).scores, numbers(board.at("evalica_half")), 1e-9);
        check_close(fit_ratings(counts, bradley_terry_model{.ties = drop_rule{}}).scores,
                    numbers(board.at("choix_drop")), 1e-9);
        const bradley_terry_model gaussian{.ties = drop_rule{}, .prior = gaussian_prior{.variance = 0.5}};
        check_close(fit_ratings(counts, gaussian).parameters, numbers(board.at("choix_gaussian")), 1e-7);
        if (board.contains("evalica_davidson")) {
            const rating_fit fit = fit_ratings(counts, bradley_terry_model{.ties = davidson_rule{}});
            check_close(fit.scores, numbers(board.at("evalica_davidson")), 1e-9);
            CHECK(fit.tie_parameter == doctest::Approx(board.at("evalica_nu").get<double>()).epsilon(1e-9));
        }
        elo_ratings elo(games.items);
        elo.add(games.list());
        check_close(elo.ratings(), numbers(board.at("evalica_elo")), 1e-12);
    }
}

TEST_CASE("choix on rankings and on single choices") {
    const nlohmann::json golden = peers();
    ranking_list full(8), first(8);
    for (const auto& r : golden.at("rankings")) {
        const auto order = r.get<std::vector<item_id>>();
        full.add(order);
        first.add_places(order, 1);
    }
    check_close(fit_rankings(full).scores, numbers(golden.at("choix_rankings")), 1e-7);
    check_close(fit_rankings(first).scores, numbers(golden.at("choix_top1")), 1e-7);
}

TEST_CASE("scikit-learn's logistic regression with features") {
    const nlohmann::json board = peers().at("features");
    const game_columns games = games_of(board);
    std::vector<double> features;
    for (const auto& row : board.at("features"))
        for (const auto& x : row) features.push_back(x.get<double>());
    const game_fit fit = fit_games(games.list(), {.features = {features.data(), games.left.size(), 2}},
                                   game_model{.features = game_features{}});
    REQUIRE(fit.converged());
    check_close(fit.rating.scores, numbers(board.at("scores")), 1e-7);
    check_close(fit.coefficients, numbers(board.at("coefficients")), 1e-7);
}
