#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/core/concepts.hpp>
#include <preflearn/core/preference.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/loss/named.hpp>
#include <preflearn/ranking/fit/fit_board.hpp>
#include <preflearn/ranking/solver/minorise.hpp>
#include <preflearn/reward/strength_table.hpp>
#include <preflearn/training/kinds/pairs.hpp>

#include "../boards.hpp"

using namespace test;

static_assert(RewardModel<rating_fit, comparison<no_prompt, std::uint16_t>>);

namespace {

/// Scores relative to one item.
std::vector<double> relative_to(const rating_fit& fit, std::size_t reference) {
    std::vector<double> list = fit.scores;
    for (double& s : list) s -= fit.scores[reference];
    return list;
}

bool mean_zero(const rating_fit& fit) {
    return std::abs(std::accumulate(fit.scores.begin(), fit.scores.end(), 0.0)) <
           1e-12 * static_cast<double>(fit.scores.size() + 1);
}

} // namespace

TEST_CASE("citations: the scores that Stigler (1994) and Agresti (2002) print") {
    const rating_fit fit = fit_ratings(citations());
    REQUIRE(fit.status == fit_status::converged);
    check_close(relative_to(fit, 0), std::vector<double>{0, -2.949072, -0.479570, 0.268954}, 6e-7);
    CHECK(mean_zero(fit));
    CHECK(fit.gradient_norm < 1e-8);
    CHECK(fit.newton_step < 1e-9);
    CHECK(fit.prior == "none");
    CHECK(fit.reason.empty());
    CHECK(std::isnan(fit.order));
    CHECK(fit({}, std::uint16_t{1}) == fit.scores[1]);
    CHECK_THROWS_AS(fit({}, 4), argument_error);
}

TEST_CASE("baseball: the home advantage that Agresti (2002, table 10.11) prints") {
    const pair_counts counts = baseball();
    const rating_fit plain = fit_ratings(counts);
    check_close(relative_to(plain, 0),
                std::vector<double>{0, 1.107698, 0.683853, 1.436408, 1.581356, 1.247618, 1.294485}, 6e-7);
    CHECK(plain.log_likelihood == doctest::Approx(-172.248176).epsilon(1e-8));
    const rating_fit home = fit_ratings(counts, bradley_terry_model{.order = order_effect{}});
    CHECK(home.order == doctest::Approx(0.302261).epsilon(2e-6));
    std::vector<double> worths(7);
    double sum = 0;
    for (std::size_t i = 0; i < 7; ++i) sum += worths[i] = std::exp(home.scores[i]);
    for (double& w : worths) w /= sum;
    std::ranges::sort(worths);
    check_close(worths, std::vector{0.044, 0.088, 0.137, 0.157, 0.164, 0.190, 0.220}, 5e-4);
}

TEST_CASE("pudding: Davidson's (1970) worths and tie parameter, and Rao-Kupper's of the same table") {
    const auto worths = [](const rating_fit& fit) {
        std::vector<double> list;
        double sum = 0;
        for (const double s : fit.scores) {
            list.push_back(std::exp(s));
            sum += list.back();
        }
        for (double& w : list) w /= sum;
        return list;
    };
    const rating_fit fit = fit_ratings(pudding(), bradley_terry_model{.ties = davidson_rule{}});
    CHECK(fit.tie_parameter == doctest::Approx(0.7468230).epsilon(1e-7));
    check_close(worths(fit), std::vector{0.138803, 0.173002, 0.161747, 0.165373, 0.158685, 0.202389}, 6e-7);
    CHECK(fit.log_likelihood == doctest::Approx(-809.709510).epsilon(1e-8));
    const rating_fit kupper = fit_ratings(pudding(), bradley_terry_model{.ties = rao_kupper_rule{}});
    CHECK(kupper.tie_parameter == doctest::Approx(1.748457).epsilon(1e-6));
    check_close(worths(kupper), std::vector{0.144399, 0.171794, 0.162817, 0.166078, 0.160381, 0.194531}, 6e-7);
}

TEST_CASE("springall: log-likelihoods of the three treatments of ties") {
    const pair_counts counts = springall();
    CHECK(fit_ratings(counts).log_likelihood == doctest::Approx(-456.670278).epsilon(1e-9));
    const rating_fit fit = fit_ratings(counts, bradley_terry_model{.ties = davidson_rule{}});
    CHECK(fit.tie_parameter == doctest::Approx(0.865549).epsilon(1e-6));
    CHECK(fit.log_likelihood == doctest::Approx(-732.067255).epsilon(1e-9));
    const rating_fit kupper = fit_ratings(counts, bradley_terry_model{.ties = rao_kupper_rule{}});
    CHECK(kupper.tie_parameter == doctest::Approx(2.007907).epsilon(1e-6));
    CHECK(kupper.log_likelihood == doctest::Approx(-730.004361).epsilon(1e-9));
}

TEST_CASE("two items have a closed form, in both links") {
    const std::vector<double> wins{0, 7, 2, 0};
    const rating_fit fit = fit_ratings(counts_of_matrix(2, wins));
    CHECK(fit.scores[0] - fit.scores[1] == doctest::Approx(std::log(7.0 / 2)).epsilon(1e-13));
    const rating_fit probit = fit_ratings(counts_of_matrix(2, wins), bradley_terry_model{.link = probit_choice{}});
    CHECK(probit_choice::probability(probit.scores[0] - probit.scores[1]) == doctest::Approx(7.0 / 9).epsilon(1e-12));
}

TEST_CASE("every solver reaches the same maximum") {
    const pair_counts counts = count_games(random_games(30, 5000, 1).list());
    const rating_fit dense = fit_ratings(counts), sparse = fit_ratings(counts, {}, newton{.dense_items = 0});
    REQUIRE(dense.converged());
    for (const rating_fit& other : {sparse, fit_ratings(counts, bradley_terry_model{}, newman{}),
                                    fit_ratings(counts, bradley_terry_model{}, minorise_maximise{})}) {
        REQUIRE(other.converged());
        check_close(other.scores, dense.scores, 1e-9);
        CHECK(other.log_likelihood == doctest::Approx(dense.log_likelihood).epsilon(1e-13));
    }
    const bradley_terry_model ghosts{.prior = pseudo_games{.wins = 1, .losses = 0.25}};
    const rating_fit shrunk = fit_ratings(counts, ghosts);
    check_close(fit_ratings(counts, ghosts, newman{}).parameters, shrunk.parameters, 1e-8);
    check_close(fit_ratings(counts, ghosts, minorise_maximise{.tolerance = 1e-14}).parameters, shrunk.parameters, 1e-8);
}

TEST_CASE("the sparse solver carries tie and order parameters as the dense one does") {
    const pair_counts counts = count_games(random_games(40, 6000, 2).list(), sides::kept);
    const bradley_terry_model davidson_model{.ties = davidson_rule{}, .order = order_effect{}};
    const bradley_terry_model kupper_model{
        .ties = rao_kupper_rule{}, .order = order_effect{}, .prior = gaussian_prior{.variance = 3}};
    const auto check = [&](const auto& model) {
        const rating_fit dense = fit_ratings(counts, model),
                         sparse = fit_ratings(counts, model, newton{.dense_items = 0});
        REQUIRE(dense.converged());
        REQUIRE(sparse.converged());
        check_close(sparse.parameters, dense.parameters, 1e-9);
    };
    check(davidson_model);
    check(kupper_model);
    // what made the games: threshold 0.3, order 0.2
    const rating_fit fit = fit_ratings(counts, kupper_model);
    CHECK(std::log(fit.tie_parameter) == doctest::Approx(0.3).epsilon(0.15));
    CHECK(fit.order == doctest::Approx(0.2).epsilon(0.35));
}

TEST_CASE("the maximum is one: every neighbour is lower, and a warm start ends at once") {
    const pair_counts counts = count_games(random_games(6, 400, 3).list(), sides::kept);
    const bradley_terry_model model{
        .ties = davidson_rule{}, .order = order_effect{}, .prior = gaussian_prior{.variance = 2}};
    const rating_fit fit = fit_ratings(counts, model);
    REQUIRE(fit.converged());
    const auto objective = [&](std::vector<double> p) {
        double value = log_likelihood(counts, model, p);
        for (std::size_t i = 0; i < counts.items; ++i) value += model.prior.terms(p[i]).value;
        return value;
    };
    const double top = objective(fit.parameters);
    for (std::size_t k = 0; k < fit.parameters.size(); ++k) {
        for (const double d : {-1e-3, 1e-3}) {
            std::vector<double> p = fit.parameters;
            p[k] += d;
            CHECK(objective(p) < top);
        }
    }
    const rating_fit again = fit_ratings(counts, model, newton{}, fit.parameters);
    CHECK(again.iterations <= 1);
    check_close(again.parameters, fit.parameters, 1e-12);
    CHECK_THROWS_AS(fit_ratings(counts, model, newton{}, fit.scores), argument_error);
}

TEST_CASE("laws: relabelling, swapped sides, scaled weights") {
    const game_columns games = random_games(9, 900, 4);
    const bradley_terry_model model{.ties = rao_kupper_rule{}, .order = order_effect{}};
    const rating_fit fit = fit_ratings(count_games(games.list(), sides::kept), model);
    REQUIRE(fit.converged());

    game_columns relabelled = games, swapped = games, heavy = games;
    for (auto* column : {&relabelled.left, &relabelled.right})
        for (item_id& i : *column) i = (4 * i + 1) % 9;
    const rating_fit renamed = fit_ratings(count_games(relabelled.list(), sides::kept), model);
    for (std::size_t i = 0; i < 9; ++i)
        CHECK(renamed.scores[(4 * i + 1) % 9] == doctest::Approx(fit.scores[i]).epsilon(1e-9));

    swapped.left.swap(swapped.right);
    for (game_result& r : swapped.results)
        r = r == game_result::left ? game_result::right : r == game_result::right ? game_result::left : r;
    const rating_fit mirrored = fit_ratings(count_games(swapped.list(), sides::kept), model);
    check_close(mirrored.scores, fit.scores, 1e-10);
    CHECK(mirrored.order == doctest::Approx(-fit.order).epsilon(1e-9));

    heavy.weights.assign(games.left.size(), 1e-3);
    const rating_fit scaled = fit_ratings(count_games(heavy.list(), sides::kept), model);
    check_close(scaled.scores, fit.scores, 1e-9);
    CHECK(scaled.log_likelihood == doctest::Approx(1e-3 * fit.log_likelihood).epsilon(1e-9));
}

TEST_CASE("an item that always wins: separated, no numbers, and the sentence names it") {
    game_columns games{.items = 3};
    games.add(0, 1, game_result::left, 4);
    games.add(0, 2, game_result::left, 4);
    games.add(1, 2, game_result::left, 2);
    games.add(2, 1, game_result::left, 2);
    const pair_counts counts = count_games(games.list(), sides::kept);
    const rating_fit fit = fit_ratings(counts);
    CHECK(fit.status == fit_status::separated);
    CHECK(fit.graph.undefeated == std::vector<item_id>{0});
    CHECK(fit.scores.empty());
    CHECK(fit.parameters.empty());
    CHECK(std::isnan(fit.log_likelihood));
    CHECK(fit.reason.find("never beaten: item 0") != std::string::npos);
    CHECK_THROWS_WITH_AS(fit({}, 0), doctest::Contains("separated"), numeric_error);
    // a prior makes it finite, and says so
    const rating_fit shrunk = fit_ratings(counts, bradley_terry_model{.prior = gaussian_prior{.variance = 1}});
    REQUIRE(shrunk.converged());
    CHECK(shrunk.prior == "gaussian(variance 1)");
    CHECK(shrunk.scores[0] > 0);
    CHECK(shrunk.graph.undefeated == std::vector<item_id>{0});
    CHECK(fit_ratings(counts, bradley_terry_model{.prior = pseudo_games{}}).converged());
}

TEST_CASE("boards without an estimate: one-way clusters, parts, an idle item, nothing") {
    game_columns one_way{.items = 4};
    for (const item_id base : {0U, 2U}) {
        one_way.add(base, base + 1, game_result::left);
        one_way.add(base, base + 1, game_result::right);
    }
    game_columns apart = one_way;
    one_way.add(0, 2, game_result::left);
    const rating_fit clusters = fit_ratings(count_games(one_way.list()));
    CHECK(clusters.status == fit_status::separated);
    CHECK(clusters.graph.undefeated.empty());
    CHECK(clusters.graph.groups == 2);
    const rating_fit parts = fit_ratings(count_games(apart.list()));
    CHECK(parts.status == fit_status::disconnected);
    CHECK(parts.graph.component == std::vector<item_id>{0, 0, 1, 1});
    apart.items = 5;
    apart.add(1, 2, game_result::tie);
    const rating_fit idle = fit_ratings(count_games(apart.list()));
    CHECK(idle.status == fit_status::disconnected);
    CHECK(idle.reason.find("without a game: item 4") != std::string::npos);
    CHECK(fit_ratings(pair_counts{3}).status == fit_status::no_data);
    CHECK(fit_ratings(pair_counts{}).status == fit_status::no_data);

    // ties hold a board together unless they are dropped
    game_columns tied{.items = 2};
    tied.add(0, 1, game_result::tie, 3);
    tied.add(0, 1, game_result::left, 1);
    CHECK(fit_ratings(count_games(tied.list())).converged());
    CHECK(fit_ratings(count_games(tied.list()), bradley_terry_model{.ties = drop_rule{}}).status ==
          fit_status::separated);
}

TEST_CASE("an order effect that cannot be told from strengths, or grows without end, is refused") {
    game_columns chain{.items = 3}; // i is always shown before i + 1
    for (const item_id i : {0U, 1U}) {
        chain.add(i, i + 1, game_result::left, 3);
        chain.add(i, i + 1, game_result::right, 2);
    }
    const bradley_terry_model model{.order = order_effect{}};
    CHECK(fit_ratings(count_games(chain.list(), sides::kept), model).status == fit_status::unidentified);
    CHECK_THROWS_AS(fit_ratings(count_games(chain.list()), model), argument_error);

    game_columns left_wins{.items = 3}; // strongly connected, but the left side always wins
    for (item_id i = 0; i < 3; ++i) {
        left_wins.add(i, (i + 1) % 3, game_result::left);
        left_wins.add((i + 1) % 3, i, game_result::left);
    }
    const rating_fit fit = fit_ratings(count_games(left_wins.list(), sides::kept), model);
    CHECK(fit.status == fit_status::unbounded);
    CHECK(fit.scores.empty());
}

TEST_CASE("a tie model without ties, without decisions, or that runs off with the scores is refused") {
    game_columns games{.items = 3};
    games.add(0, 1, game_result::left);
    games.add(0, 2, game_result::tie);
    games.add(2, 1, game_result::tie);
    const auto status = [](const game_columns& g, auto ties) {
        return fit_ratings(count_games(g.list()), bradley_terry_model{.ties = ties}).status;
    };
    CHECK(status(games, half_win_rule{}) == fit_status::converged);
    CHECK(status(games, davidson_rule{}) ==
          fit_status::unbounded); // θ = (1.5, 0, 0.75) s, log ν = s: every outcome is certain
    CHECK(status(games, rao_kupper_rule{}) == fit_status::unbounded);
    game_columns decided{.items = 2}, tied{.items = 2};
    decided.add(0, 1, game_result::left);
    decided.add(1, 0, game_result::left);
    tied.add(0, 1, game_result::tie);
    CHECK(status(decided, davidson_rule{}) == fit_status::unbounded);
    CHECK(status(tied, rao_kupper_rule{}) == fit_status::unbounded);
}

TEST_CASE("a maximum that exists is found however far out") {
    for (const double upset : {1e-6, 1e-9, 1e-12, 1e-60, 1e-300}) {
        const std::vector<double> wins{0, 1, upset, 0};
        const rating_fit fit = fit_ratings(counts_of_matrix(2, wins));
        REQUIRE(fit.converged());
        CHECK(fit.scores[0] - fit.scores[1] == doctest::Approx(-std::log(upset)).epsilon(1e-6));
    }
}

TEST_CASE("a prior gives items without a game, or with few beside millions, a score") {
    for (std::uint64_t seed = 1; seed < 20; ++seed) {
        game_columns games = random_games(6, 300, seed);
        games.items = 8;
        for (std::size_t g = 0; g < 300; ++g) games.weights.push_back(1e4);
        games.add(6, 0, game_result::left);
        games.weights.push_back(0.01);
        const pair_counts counts = count_games(games.list());
        const rating_fit fit =
            fit_ratings(counts, bradley_terry_model{.ties = davidson_rule{}, .prior = pseudo_games{}});
        REQUIRE(fit.converged());
        CHECK(std::abs(fit.parameters[7]) < 1e-9); // where its ghost is
        CHECK(fit.parameters[6] > 0);
        CHECK(fit_ratings(counts, bradley_terry_model{.prior = gaussian_prior{}}).converged());
    }
}

TEST_CASE("counts that are no counts are refused by name, sums that overflow too") {
    const auto refusal = [](double left, double ties) {
        try {
            fit_ratings(pair_counts{3, sides::merged, {{0, 1, 1, 1, 0}, {0, 2, left, 1, ties}, {1, 2, 1, 1, 0}}});
        } catch (const argument_error& failure) {
            return std::string(failure.what());
        }
        return std::string();
    };
    CHECK(refusal(-1, 0).starts_with("items 0 and 2 have -1 wins"));
    CHECK(refusal(1, std::numeric_limits<double>::quiet_NaN()).starts_with("items 0 and 2 have 1 wins"));
    CHECK(refusal(std::numeric_limits<double>::infinity(), 0).starts_with("items 0 and 2 have inf wins"));
    const pair_counts huge{3, sides::merged, {{0, 1, 1e308, 0, 0}, {0, 2, 1e308, 1, 0}, {1, 2, 1, 1, 0}}};
    CHECK_THROWS_WITH_AS(fit_ratings(huge), doctest::Contains("add up"), argument_error);
}

TEST_CASE("the reason in the items' own names") {
    game_columns games{.items = 4};
    games.add(1, 0, game_result::left);
    const std::vector<std::string> names{"ann", "bob", "cat", "dog"};
    rating_fit fit = fit_ratings(count_games(games.list()));
    CHECK(explain(fit, names).find("without a game: cat, dog.") != std::string::npos);
    games.items = 2;
    fit = fit_ratings(count_games(games.list()));
    CHECK(fit.reason.find("never beaten: item 1; never won: item 0.") != std::string::npos);
    CHECK_THROWS_AS(explain(fit, names), argument_error);
    CHECK(explain(fit, std::span(names).first(2)).find("never beaten: bob; never won: ann.") != std::string::npos);
    CHECK(explain(fit_ratings(citations()), names).empty());
}

TEST_CASE("a solver that is stopped early hands nothing out") {
    const rating_fit fit = fit_ratings(citations(), {}, newton{.iteration_limit = 2});
    CHECK(fit.status == fit_status::not_converged);
    CHECK(fit.scores.empty());
    CHECK(fit.iterations == 2);
    CHECK(fit.gradient_norm > 0);
    CHECK(fit_ratings(citations(), bradley_terry_model{}, minorise_maximise{.iteration_limit = 3}).status ==
          fit_status::not_converged);
}

TEST_CASE("priors: limits and bad numbers") {
    const pair_counts counts = citations();
    const rating_fit mle = fit_ratings(counts);
    check_close(fit_ratings(counts, bradley_terry_model{.prior = gaussian_prior{.variance = 1e12}}).scores, mle.scores,
                1e-8);
    check_close(fit_ratings(counts, bradley_terry_model{.prior = pseudo_games{.wins = 1e-10, .losses = 1e-10}}).scores,
                mle.scores, 1e-8);
    for (const double s : fit_ratings(counts, bradley_terry_model{.prior = gaussian_prior{.variance = 1e-9}}).scores)
        CHECK(std::abs(s) < 1e-5);
    for (const double bad : {0.0, -1.0, std::numeric_limits<double>::quiet_NaN()}) {
        CHECK_THROWS_AS(fit_ratings(counts, bradley_terry_model{.prior = gaussian_prior{.variance = bad}}),
                        argument_error);
        CHECK_THROWS_AS(fit_ratings(counts, bradley_terry_model{.prior = pseudo_games{.wins = bad, .losses = 1}}),
                        argument_error);
    }
}

TEST_CASE("soft verdicts: n games of share y are y n wins") {
    const std::vector<int> left{0, 1, 2}, right{1, 2, 0};
    const std::vector<double> shares{0.7, 0.6, 0.2}, weights{10, 10, 10};
    const rating_fit fit = fit_ratings(count_shares(3, left, right, shares, weights));
    const std::vector<double> wins{0, 7, 8, 3, 0, 6, 2, 4, 0};
    check_close(fit.scores, fit_ratings(counts_of_matrix(3, wins)).scores, 1e-12);
}

TEST_CASE("a table of strengths trained by the library's Bradley-Terry loss reaches the fit") {
    game_columns games{.items = 5};
    const double wins[5][5] = {{0, 3, 4, 2, 5}, {2, 0, 3, 4, 1}, {1, 2, 0, 3, 6}, {2, 1, 2, 0, 3}, {1, 2, 1, 2, 0}};
    for (item_id i = 0; i < 5; ++i)
        for (item_id j = 0; j < 5; ++j) games.add(i, j, game_result::left, static_cast<std::size_t>(wins[i][j]));
    std::vector<comparison<no_prompt, item_id>> comparisons;
    label_set labels;
    for (std::size_t g = 0; g < games.left.size(); ++g) {
        comparisons.push_back({g, {}, games.left[g], games.right[g]});
        labels.add({g, preference::for_first()});
    }
    strength_table<> table(5);
    train_preferences(table, comparisons, labels, {}, bradley_terry{}, adamw{.rate = 0.1, .weight_decay = 0},
                      {.epochs = 800, .batch_size = comparisons.size(), .schedule = schedule::cosine});
    const rating_fit fit = fit_ratings(count_games(games.list()));
    REQUIRE(fit.converged());
    for (item_id i = 1; i < 5; ++i)
        CHECK(table({}, i) - table({}, 0U) == doctest::Approx(fit({}, i) - fit({}, 0U)).epsilon(1e-6));
}
