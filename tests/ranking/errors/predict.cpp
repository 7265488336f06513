#include <cmath>
#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/core/system/error.hpp>
#include <preflearn/ranking/errors/game_errors.hpp>
#include <preflearn/ranking/errors/predict.hpp>

#include "../boards.hpp"

using namespace test;

TEST_CASE("two items: the prediction is the observed share, with the interval of its log-odds") {
    const std::vector<double> wins{0, 7, 2, 0};
    const pair_counts counts = counts_of_matrix(2, wins);
    const bradley_terry_model<> model;
    const rating_fit fit = fit_ratings(counts);
    const game_prediction p = predict_game(model, fit, inverse_information(counts, model, fit), 0, 1);
    CHECK(p.left.value == doctest::Approx(7.0 / 9));
    const double half = 1.959963984540054 * std::sqrt(1.0 / 7 + 1.0 / 2);
    CHECK(p.left.bounds.low == doctest::Approx(sigmoid(std::log(3.5) - half)));
    CHECK(p.left.bounds.high == doctest::Approx(sigmoid(std::log(3.5) + half)));
    CHECK(p.right.bounds.low == doctest::Approx(1 - p.left.bounds.high));
    CHECK(p.tie.value == 0);
    CHECK(std::isnan(p.tie.bounds.low));
}

TEST_CASE("two items with ties: each share with the binomial error of its log-odds") {
    // with one pair, two parameters and three outcomes Davidson's and Rao & Kupper's models fit the shares exactly
    const pair_counts counts{2, sides::merged, {{0, 1, 30, 10, 20}}};
    const auto check = [&](const auto& model) {
        const rating_fit fit = fit_ratings(counts, model);
        const game_prediction p = predict_game(model, fit, inverse_information(counts, model, fit), 0, 1, 0.9);
        const double z = normal_critical(0.9);
        const auto share = [&](const predicted_probability& found, double k) {
            CHECK(found.value == doctest::Approx(k / 60));
            const double error = std::sqrt(1 / k + 1 / (60 - k));
            CHECK(found.bounds.low == doctest::Approx(sigmoid(logit(k / 60) - z * error)));
            CHECK(found.bounds.high == doctest::Approx(sigmoid(logit(k / 60) + z * error)));
        };
        share(p.left, 30);
        share(p.right, 10);
        share(p.tie, 20);
    };
    check(bradley_terry_model{.ties = davidson_rule{}});
    check(bradley_terry_model{.ties = rao_kupper_rule{}});
    check(bradley_terry_model{.link = probit_choice{}, .ties = rao_kupper_rule{}});
}

TEST_CASE("the order effect belongs to the left side") {
    const bradley_terry_model model{.order = order_effect{}};
    const rating_fit fit = fit_ratings(baseball(), model);
    const rating_covariance v = inverse_information(baseball(), model, fit);
    const game_prediction home = predict_game(model, fit, v, 1, 2), guest = predict_game(model, fit, v, 2, 1);
    CHECK(logit(home.left.value) - logit(guest.right.value) == doctest::Approx(2 * fit.order));
    CHECK_THROWS_AS(predict_game(model, fit, v, 1, 1), argument_error);
    CHECK_THROWS_AS(predict_game(model, fit, v, 1, 7), argument_error);
    CHECK_THROWS_AS(predict_game(bradley_terry_model{}, fit, v, 1, 2), argument_error);
    CHECK_THROWS_AS(predict_game(model, rating_fit{}, v, 0, 1), numeric_error);
}

TEST_CASE("a game model is asked with what the game is beside its items") {
    const game_columns games = random_games(4, 800, 4);
    std::vector<double> length;
    std::vector<std::uint32_t> judges;
    for (std::size_t g = 0; g < 800; ++g) {
        length.push_back(std::sin(static_cast<double>(g)) + (games.results[g] == game_result::left ? 0.2 : 0));
        judges.push_back(static_cast<std::uint32_t>(g % 2));
    }
    const game_details details{.features = {length.data(), 800, 1}, .judges = judges};
    const game_model model{.board = bradley_terry_model{.ties = davidson_rule{},
                                                        .order = order_effect{},
                                                        .prior = gaussian_prior{.variance = 10}},
                           .features = game_features{},
                           .judges = judge_reliability{}};
    const game_fit fit = fit_games(games.list(), details, model);
    REQUIRE(fit.converged());
    const rating_covariance v = inverse_information(games.list(), details, model, fit);
    const std::vector<double> longer{1.5};
    const game_prediction p = predict_game(model, fit, v, 2, 0, {.features = longer, .judge = 1});
    const double x = fit.rating.scores[2] - fit.rating.scores[0] + fit.rating.order + 1.5 * fit.coefficients[0];
    const double eta = fit.judges[1], tau = std::log(fit.rating.tie_parameter);
    const outcome_probabilities right = davidson_rule::probabilities({}, x, tau);
    CHECK(p.left.value == doctest::Approx(eta * right.left + (1 - eta) * right.right));
    CHECK(p.tie.value == doctest::Approx(right.tie));
    CHECK(p.left.value + p.right.value + p.tie.value == doctest::Approx(1));
    CHECK(p.left.bounds.low < p.left.value);
    CHECK(p.left.value < p.left.bounds.high);
    // the interval is that of a derivative taken by differences
    Eigen::VectorXd slope(v.matrix.rows());
    for (Eigen::Index k = 0; k < slope.size(); ++k) {
        const auto at = [&](double step) {
            game_fit moved = fit;
            const auto i = static_cast<std::size_t>(k);
            moved.rating.parameters[i] += step;
            if (i < 4) moved.rating.scores[i] += step;
            return logit(predict_game(model, moved, v, 2, 0, {.features = longer, .judge = 1}).left.value);
        };
        slope[k] = (at(1e-5) - at(-1e-5)) / 2e-5;
    }
    const double error = std::sqrt(slope.dot(v.matrix * slope));
    CHECK(logit(p.left.bounds.high) - logit(p.left.value) == doctest::Approx(1.959963984540054 * error).epsilon(1e-6));
    // nobody's verdict, equal in length
    CHECK(predict_game(model, fit, v, 2, 0).left.value ==
          doctest::Approx(davidson_rule::probabilities({}, x - 1.5 * fit.coefficients[0], tau).left));
    CHECK_THROWS_AS(predict_game(model, fit, v, 2, 0, {.judge = 2}), argument_error);
    const std::vector<double> two{1, 2};
    CHECK_THROWS_AS(predict_game(model, fit, v, 2, 0, {.features = two}), argument_error);
}

TEST_CASE("strengths that are features alone are predicted from the features") {
    const game_columns games = random_games(3, 300, 6);
    std::vector<double> values;
    for (std::size_t g = 0; g < 300; ++g)
        values.push_back(static_cast<double>(games.left[g]) - static_cast<double>(games.right[g]));
    const game_details details{.features = {values.data(), 300, 1}};
    const game_model model{.features = game_features{.with_items = false}};
    const game_fit fit = fit_games(games.list(), details, model);
    REQUIRE(fit.converged());
    const std::vector<double> far{2.0};
    const game_prediction p =
        predict_game(model, fit, inverse_information(games.list(), details, model, fit), 0, 0, {.features = far});
    CHECK(p.left.value == doctest::Approx(sigmoid(2 * fit.coefficients[0])));
}
