#include <cmath>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/core/system/error.hpp>
#include <preflearn/ranking/fit/fit_games.hpp>
#include <preflearn/ranking/model/features.hpp>

#include "../boards.hpp"

using namespace test;

namespace {

matrix_view<const double> one_column(const std::vector<double>& values) { return {values.data(), values.size(), 1}; }

game_fit fitted(const game_columns& games, matrix_view<const double> features, const game_features& how = {}) {
    return fit_games(games.list(), {.features = features}, game_model{.features = how});
}

} // namespace

TEST_CASE("a feature of ones is the order effect") {
    const game_columns games = random_games(6, 1500, 3, 0);
    const std::vector<double> ones(1500, 1.0);
    const game_model style{.features = game_features{}};
    const game_fit fit = fitted(games, one_column(ones));
    REQUIRE(fit.converged());
    const rating_covariance errors = inverse_information(games.list(), {.features = one_column(ones)}, style, fit);
    const bradley_terry_model model{.order = order_effect{}};
    const pair_counts counts = count_games(games.list(), sides::kept);
    const rating_fit order = fit_ratings(counts, model);
    const rating_covariance v = inverse_information(counts, model, order);
    check_close(fit.rating.scores, order.scores, 1e-9);
    CHECK(fit.coefficients[0] == doctest::Approx(order.order).epsilon(1e-9));
    for (std::size_t i = 0; i < 7; ++i)
        CHECK(errors.standard_error(i) == doctest::Approx(v.standard_error(i)).epsilon(1e-8));
    CHECK(fit.rating.log_likelihood == doctest::Approx(order.log_likelihood).epsilon(1e-12));
}

TEST_CASE("items as features: indicator differences without items are plain Bradley-Terry") {
    const game_columns games = random_games(4, 400, 5);
    std::vector<double> features(400 * 3);
    for (std::size_t g = 0; g < 400; ++g) {
        if (games.left[g] < 3) features[3 * g + games.left[g]] += 1;
        if (games.right[g] < 3) features[3 * g + games.right[g]] -= 1;
    }
    const matrix_view<const double> view(features.data(), 400, 3);
    const game_model covariates{.features = game_features{.with_items = false}};
    const game_fit fit = fit_games(games.list(), {.features = view}, covariates);
    const pair_counts counts = count_games(games.list());
    const rating_fit plain = fit_ratings(counts);
    REQUIRE(fit.converged());
    const rating_covariance v = inverse_information(counts, bradley_terry_model{}, plain);
    const rating_covariance errors = inverse_information(games.list(), {.features = view}, covariates, fit);
    for (std::size_t i = 0; i < 3; ++i) {
        CHECK(fit.coefficients[i] == doctest::Approx(plain.scores[i] - plain.scores[3]).epsilon(1e-9));
        CHECK(errors.standard_error(i) == doctest::Approx(v.standard_error_of_difference(i, 3)).epsilon(1e-8));
    }
    CHECK(fit.rating.scores.empty());
}

TEST_CASE("a prior shrinks the feature, its unit does not matter") {
    const game_columns games = random_games(5, 600, 6);
    std::vector<double> length, in_millions;
    generator random(2, "length");
    for (std::size_t g = 0; g < 600; ++g) {
        length.push_back(1000 * random.normal());
        in_millions.push_back(length.back() / 1e6);
    }
    const game_fit fit = fitted(games, one_column(length)), scaled = fitted(games, one_column(in_millions));
    REQUIRE(fit.converged());
    REQUIRE(scaled.converged());
    CHECK(scaled.coefficients[0] == doctest::Approx(1e6 * fit.coefficients[0]).epsilon(1e-7));
    check_close(scaled.rating.scores, fit.rating.scores, 1e-9);
    const game_fit shrunk = fitted(games, one_column(in_millions), {.variance = 1e-4});
    CHECK(std::abs(shrunk.coefficients[0]) < 0.1 * std::abs(scaled.coefficients[0]));
    check_close(shrunk.rating.scores, fit_ratings(count_games(games.list())).scores, 1e-2);
}

TEST_CASE("features that decide, repeat the items or are not finite") {
    const game_columns games = random_games(3, 60, 7, 0);
    std::vector<double> items, decides;
    for (std::size_t g = 0; g < 60; ++g) {
        items.push_back(static_cast<double>(games.left[g]) - static_cast<double>(games.right[g]));
        decides.push_back(games.results[g] == game_result::left ? 1 : -1);
    }
    CHECK(fitted(games, one_column(items)).rating.status == fit_status::unidentified);
    CHECK(fitted(games, one_column(items), {.variance = 1}).converged());
    const game_fit separated = fitted(games, one_column(decides));
    CHECK(separated.rating.status == fit_status::unbounded);
    CHECK(separated.coefficients.empty());
    CHECK(std::isnan(separated.rating.log_likelihood));
    CHECK_THROWS_AS(fitted(games, one_column(items), {.variance = 0}), argument_error);
    decides[17] = std::numeric_limits<double>::quiet_NaN();
    CHECK_THROWS_WITH_AS(fitted(games, one_column(decides)), doctest::Contains("game 17, feature 0"), numeric_error);
    decides.pop_back();
    CHECK_THROWS_AS(fitted(games, one_column(decides)), argument_error);
    CHECK(fitted({.items = 3}, {}).rating.status == fit_status::no_data);
}
