#include <cmath>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/core/error.hpp>
#include <preflearn/ranking/predict.hpp>

#include "boards.hpp"

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
