#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/core/error.hpp>
#include <preflearn/ranking/rate.hpp>

#include "boards.hpp"

using namespace test;

TEST_CASE("a report is what its pieces say") {
    const game_columns games = random_games(6, 2000, 8);
    std::vector<std::uint32_t> clusters;
    for (std::uint32_t g = 0; g < 2000; ++g) clusters.push_back(g % 50);
    const rating_options options{.ties = davidson_rule{}, .order = true, .prior = gaussian_prior{.variance = 4}};
    const bradley_terry_model model{
        .ties = davidson_rule{}, .order = order_effect{}, .prior = gaussian_prior{.variance = 4}};
    const pair_counts counts = count_games(games.list(), sides::kept);
    const rating_fit fit = fit_ratings(counts, model);
    for (const bool clustered : {false, true}) {
        const rating_report report =
            rate_games(games.list(), options,
                       clustered ? std::span<const std::uint32_t>(clusters) : std::span<const std::uint32_t>());
        CHECK(report.fit.scores == fit.scores);
        const rating_covariance v = clustered ? sandwich_covariance(games.list(), model, fit, clusters)
                                              : inverse_information(counts, model, fit);
        for (std::size_t i = 0; i < 6; ++i) CHECK(report.standard_errors[i] == doctest::Approx(v.standard_error(i)));
        REQUIRE(report.parameters.size() == 2);
        CHECK(report.parameters[0].name == "order");
        CHECK(report.parameters[0].standard_error == doctest::Approx(v.standard_error(6)));
        CHECK(report.parameters[1].name == "nu");
        CHECK(report.parameters[1].standard_error == doctest::Approx(fit.tie_parameter * v.standard_error(7)));
        CHECK(report.ranks.order.size() == 6);
    }
}

TEST_CASE("a report of nothing has a status and no numbers") {
    const rating_report none = rate_games({});
    CHECK(none.fit.status == fit_status::no_data);
    CHECK(none.bounds.empty());
    CHECK(none.ranks.order.empty());
    game_columns games{.items = 2};
    games.add(0, 1, game_result::left);
    CHECK(rate_games(games.list()).fit.status == fit_status::separated);
    CHECK(rate_games(games.list(), {.prior = pseudo_games{}}).fit.converged());
}

TEST_CASE("a board whose covariances would not fit into memory is refused") {
    game_list games;
    games.items = most_reported_items + 1;
    CHECK_THROWS_WITH_AS(rate_games(games),
                         "a report with errors is made of at most 20000 items, found 20001; fit_ratings takes more and "
                         "gives scores alone",
                         argument_error);
}

TEST_CASE("every prior: an undefeated item has a finite score, and Jeffreys' is that of its solver") {
    game_columns games = random_games(4, 60, 2);
    games.items = 5;
    games.add(4, 0, game_result::left, 3);
    games.add(1, 4, game_result::right, 2);
    const auto status = [&](const rating_options& options) { return rate_games(games.list(), options).fit.status; };
    CHECK(status({}) == fit_status::separated);
    CHECK(status({.prior = gaussian_prior{}}) == fit_status::converged);
    CHECK(status({.prior = pseudo_games{}}) == fit_status::converged);
    const rating_report report = rate_games(games.list(), {.prior = jeffreys_prior{}});
    const bradley_terry_model model{.prior = jeffreys_prior{}};
    const pair_counts counts = count_games(games.list());
    const rating_fit fit = fit_ratings(counts, model, firth{});
    REQUIRE(report.fit.converged());
    CHECK(report.fit.prior == "jeffreys");
    CHECK(report.fit.scores == fit.scores);
    CHECK(report.standard_errors[4] == inverse_information(counts, model, fit).standard_error(4));
    CHECK_THROWS_AS(rate_games(games.list(), {.order = true, .prior = jeffreys_prior{}}), argument_error);
    CHECK_THROWS_AS(rate_games(games.list(), {.ties = davidson_rule{}, .prior = jeffreys_prior{}}), argument_error);
    games.items = 6; // one who never played
    CHECK(rate_games(games.list(), {.prior = jeffreys_prior{}}).fit.status == fit_status::disconnected);
}

TEST_CASE("covariates are reported by name, beside every other parameter") {
    const game_columns games = random_games(5, 900, 6);
    generator random(1, "covariates");
    std::vector<double> values;
    std::vector<std::uint32_t> clusters;
    for (std::uint32_t g = 0; g < 900; ++g) {
        values.push_back(random.normal());
        values.push_back(games.results[g] == game_result::left ? random.uniform() : -random.uniform() / 2);
        clusters.push_back(g % 30);
    }
    const std::vector<std::string> names{"noise", "signal"}, one{"noise"};
    const game_covariates covariates{{values.data(), 900, 2}, names};
    const rating_options options{.ties = davidson_rule{}, .order = true};
    const rating_report report = rate_games(games.list(), options, {}, covariates);
    REQUIRE(report.fit.converged());
    REQUIRE(report.parameters.size() == 4);
    CHECK(report.parameters[0].name == "order");
    CHECK(report.parameters[1].name == "noise");
    CHECK(report.parameters[2].name == "signal");
    CHECK(report.parameters[3].name == "nu");
    CHECK(std::abs(report.parameters[1].value) < 4 * report.parameters[1].standard_error);
    CHECK(report.parameters[2].value > 4 * report.parameters[2].standard_error);
    CHECK(report.ranks.order.size() == 5);
    CHECK(rate_games(games.list(), options, clusters, covariates).parameters[2].standard_error !=
          report.parameters[2].standard_error);
    // A covariate that never differs between the sides says nothing.
    const std::vector<double> zeros(900);
    CHECK(rate_games(games.list(), options, {}, {{zeros.data(), 900, 1}, one}).fit.status == fit_status::unidentified);
    CHECK_THROWS_AS(rate_games(games.list(), options, {}, {{values.data(), 900, 2}, one}), argument_error);
    CHECK_THROWS_AS(rate_games(games.list(), {.prior = jeffreys_prior{}}, {}, covariates), argument_error);
}
