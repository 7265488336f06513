#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/core/system/error.hpp>
#include <preflearn/ranking/rate/rate.hpp>

#include "../boards.hpp"

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

TEST_CASE("a large board has probed errors, ranks and tiers from joint intervals; what needs covariances is refused") {
    const std::size_t items = most_ranked_items + 1;
    const game_columns games = random_games(items, 20 * items, 8);
    const rating_options options{.ties = davidson_rule{}, .prior = gaussian_prior{}};
    const rating_report report = rate_games(games.list(), options);
    REQUIRE(report.fit.converged());
    CHECK(report.ranks.order.size() == items);
    CHECK(report.fit.scores[report.ranks.order[0]] >= report.fit.scores[report.ranks.order[1]]);
    CHECK(report.ranks.tier == rank_items(report.fit, report.standard_errors).tier);
    CHECK(report.ranks.worst_rank[report.ranks.order[0]] < items);
    REQUIRE(report.standard_errors.size() == items);
    CHECK(report.parameters.at(0).standard_error > 0);
    CHECK(report.errors.find("estimated by ") == 0);
    CHECK(report.errors.ends_with("; ranks and tiers from joint intervals"));
    const bradley_terry_model model{.ties = davidson_rule{}, .prior = gaussian_prior{}};
    const pair_counts counts = count_games(games.list());
    const probed_errors probed = probe_errors(counts, model, fit_ratings(counts, model));
    for (const std::size_t i : {std::size_t{0}, items - 1}) {
        CHECK(report.standard_errors[i] == probed.standard_errors[i]);
        CHECK(report.bounds[i].high - report.fit.scores[i] == doctest::Approx(1.959964 * probed.standard_errors[i]));
    }

    // With a covariate that says nothing the scores and errors are the same.
    const game_columns few = random_games(items, 2 * items, 8);
    generator random(5, "covariate");
    std::vector<double> values;
    for (std::size_t g = 0; g < few.left.size(); ++g) values.push_back(random.normal());
    const std::vector<std::string> names{"noise"};
    const rating_options smooth{.prior = gaussian_prior{.variance = 0.25}};
    const rating_report alone = rate_games(few.list(), smooth),
                        beside = rate_games(few.list(), smooth, {}, {{values.data(), values.size(), 1}, names});
    REQUIRE(beside.fit.converged());
    CHECK(beside.errors.starts_with("estimated by "));
    CHECK(std::abs(beside.parameters.at(0).value) < 4 * beside.parameters.at(0).standard_error);
    for (std::size_t i = 0; i < items; i += 100) {
        CHECK(std::abs(beside.fit.scores[i] - alone.fit.scores[i]) < 0.1 * alone.standard_errors[i]);
        CHECK(beside.standard_errors[i] == doctest::Approx(alone.standard_errors[i]).epsilon(0.03));
    }

    const double nan = std::nan("");
    CHECK(detail::describe({{1, nan, 1}, 0.001, 9}) ==
          "estimated by 9 random probes, to about 0.10% of each; not known of 1 items");
    CHECK(detail::describe({{nan}, 0.3, 8}).ends_with("random probes would miss by 30.00% of each"));
    CHECK(detail::describe({{nan}, INFINITY, 8}).ends_with("random probes would miss by more than 100% of each"));
    CHECK(detail::describe({{nan}, nan, 0}).find("random probes failed") != std::string::npos);

    game_list huge;
    huge.items = most_dense_items + 1;
    CHECK(rate_games(huge).fit.status == fit_status::no_data);
    const std::vector<std::uint32_t> clusters(1);
    CHECK_THROWS_WITH_AS(rate_games(huge, {}, clusters),
                         "clusters and Jeffreys' prior are offered for at most 20000 items, found 20001",
                         argument_error);
    CHECK_THROWS_AS(rate_games(huge, {.prior = jeffreys_prior{}}), argument_error);
}

TEST_CASE("judges are reported with the fit that knows them, beside every other part") {
    const game_columns games = random_games(5, 1500, 6);
    generator random(1, "judges");
    std::vector<std::uint32_t> judges, clusters;
    std::vector<double> values;
    for (std::uint32_t g = 0; g < 1500; ++g) {
        judges.push_back(g % 3);
        clusters.push_back(g % 40);
        values.push_back(random.normal());
    }
    const rating_options options{.prior = gaussian_prior{.variance = 2}, .judges = judge_reliability{}};
    const rating_report report = rate_games(games.list(), options, {}, {}, judges);
    const game_model model{.board = bradley_terry_model{.prior = gaussian_prior{.variance = 2}},
                           .judges = judge_reliability{}};
    const game_details details{.judges = judges};
    const game_fit fit = fit_games(games.list(), details, model);
    REQUIRE(report.fit.converged());
    REQUIRE(report.judges.size() == 3);
    CHECK(report.fit.prior == fit.rating.prior);
    check_close(report.fit.scores, fit.rating.scores, 1e-9);
    const rating_covariance v = inverse_information(games.list(), details, model, fit);
    for (std::size_t k = 0; k < 3; ++k) {
        const judge_report& j = report.judges[k];
        CHECK(j.value == doctest::Approx(fit.judges[k]));
        CHECK(j.standard_error == doctest::Approx(v.standard_error(5 + k) * j.value * (1 - j.value)));
        CHECK(j.bounds.low > 0);
        CHECK(j.bounds.low < j.value);
        CHECK(j.value < j.bounds.high);
        CHECK(j.bounds.high < 1);
    }
    // With every other part at once.
    const std::vector<std::string> names{"length"};
    const rating_report all =
        rate_games(games.list(),
                   {.ties = davidson_rule{}, .order = true, .prior = pseudo_games{}, .judges = judge_discrimination{}},
                   clusters, {{values.data(), 1500, 1}, names}, judges);
    REQUIRE(all.fit.converged());
    CHECK(all.parameters.size() == 3);
    CHECK(all.judges.at(0).value * all.judges.at(1).value * all.judges.at(2).value == doctest::Approx(1));
    CHECK(all.ranks.tier.size() == 5);

    CHECK_THROWS_WITH_AS(rate_games(games.list(), {.judges = judge_reliability{}}, {}, {}, judges),
                         "judges need a prior on the scores, Gaussian or pseudo-games", argument_error);
    CHECK_THROWS_AS(
        rate_games(games.list(), {.prior = jeffreys_prior{}, .judges = judge_reliability{}}, {}, {}, judges),
        argument_error);
    CHECK_THROWS_AS(rate_games(games.list(), {}, {}, {}, judges), argument_error);
    CHECK_THROWS_AS(rate_games(games.list(), options), argument_error); // nobody judged
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

TEST_CASE("from an anchor: its score is 0 without error, the others have errors of differences; ranks stay") {
    const game_columns games = random_games(5, 700, 3);
    const rating_report centred = rate_games(games.list()), anchored = rate_games(games.list(), {.anchor = 2});
    const pair_counts counts = count_games(games.list());
    const rating_covariance v = inverse_information(counts, bradley_terry_model{}, centred.fit);
    CHECK(anchored.fit.scores == centred.fit.scores);
    CHECK(anchored.ranks.worst_rank == centred.ranks.worst_rank);
    CHECK(anchored.scores[2] == 0);
    CHECK(anchored.standard_errors[2] == 0);
    CHECK(centred.scores == centred.fit.scores);
    for (const std::size_t i : {0U, 1U, 3U, 4U}) {
        CHECK(anchored.scores[i] == doctest::Approx(centred.scores[i] - centred.scores[2]));
        CHECK(anchored.standard_errors[i] == doctest::Approx(v.standard_error_of_difference(i, 2)));
        CHECK(anchored.bounds[i].high - anchored.scores[i] ==
              doctest::Approx(1.959963984540054 * anchored.standard_errors[i]));
    }
    CHECK_THROWS_AS(rate_games(games.list(), {.anchor = 5}), argument_error);
    // by probes
    const probed_errors probed = probe_errors(counts, bradley_terry_model{}, centred.fit, {.most = 4000, .anchor = 2});
    REQUIRE(probed.from_anchor.size() == 5);
    CHECK(probed.from_anchor[2] == 0);
    CHECK(probed.from_anchor[0] == doctest::Approx(v.standard_error_of_difference(0, 2)).epsilon(0.02));
}

TEST_CASE("a report predicts as its model does") {
    const game_columns games = random_games(4, 500, 7);
    std::vector<double> length;
    for (std::size_t g = 0; g < 500; ++g) length.push_back(std::sin(static_cast<double>(g)));
    const std::vector<std::string> names{"length"};
    const rating_report report =
        rate_games(games.list(), {.ties = rao_kupper_rule{}, .order = true}, {}, {{length.data(), 500, 1}, names});
    const game_model model{.board = bradley_terry_model{.ties = rao_kupper_rule{}, .order = order_effect{}},
                           .features = game_features{}};
    const game_details details{.features = {length.data(), 500, 1}};
    const game_fit fit = fit_games(games.list(), details, model);
    const std::vector<double> longer{0.8};
    const game_prediction expected = predict_game(model, fit, inverse_information(games.list(), details, model, fit), 1,
                                                  3, {.features = longer}, 0.9);
    const game_prediction found = predict_game(report, 1, 3, {.features = longer}, 0.9);
    CHECK(found.left.value == doctest::Approx(expected.left.value));
    CHECK(found.tie.value == doctest::Approx(expected.tie.value));
    CHECK(found.tie.bounds.low == doctest::Approx(expected.tie.bounds.low));
    CHECK(found.right.bounds.high == doctest::Approx(expected.right.bounds.high));
    CHECK_THROWS_AS(predict_game(report, 1, 4), argument_error);
    CHECK_THROWS_AS(predict_game(rating_report{}, 0, 1), numeric_error);

    const rating_report plain = rate_games(games.list());
    const game_prediction p = predict_game(plain, 0, 1);
    CHECK(p.left.value == doctest::Approx(sigmoid(plain.scores[0] - plain.scores[1])));
    CHECK(p.tie.value == 0);
}

TEST_CASE("a report of weights that lie many orders apart has scores, errors and a word about its ranks") {
    game_columns games{.items = 3};
    for (const auto& [l, r] : {std::pair(0, 1), {1, 0}, {1, 2}, {2, 1}})
        games.add(static_cast<item_id>(l), static_cast<item_id>(r), game_result::left);
    games.weights = {1, 1, 1e-16, 2e-16};
    for (const bool clustered : {false, true}) {
        const std::vector<std::uint32_t> clusters{0, 1, 2, 3};
        const rating_report report =
            rate_games(games.list(), {.anchor = 0}, clustered ? std::span(clusters) : std::span<const std::uint32_t>());
        REQUIRE(report.fit.converged());
        CHECK(report.scores[1] == doctest::Approx(0));
        CHECK(report.scores[2] == doctest::Approx(std::log(2.0)));
        CHECK(report.standard_errors[1] == doctest::Approx(std::sqrt(2.0)));
        CHECK(report.errors.find("many orders apart") != std::string::npos);
        CHECK(predict_game(report, 0, 1).left.bounds.low ==
              doctest::Approx(sigmoid(-1.959963984540054 * std::sqrt(2.0))));
    }
}
