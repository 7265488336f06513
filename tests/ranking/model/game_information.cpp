#include <cmath>
#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/ranking/model/game_information.hpp>

#include "../boards.hpp"

using namespace test;

namespace {

/// Gradient and information of the composed objective against central differences, off the maximum.
template <class Model> void check_derivatives(const Model& model) {
    game_columns games = random_games(4, 60, 2);
    std::vector<double> features;
    std::vector<std::uint32_t> judges;
    generator random(3, "details");
    for (std::uint32_t g = 0; g < 60; ++g) {
        games.weights.push_back(0.5 + random.uniform());
        judges.push_back(g % 3);
        features.push_back(random.normal());
        features.push_back(random.uniform());
    }
    game_details details;
    if constexpr (Model::features_type::has_parameters) details.features = {features.data(), 60, 2};
    if constexpr (Model::judges_type::has_parameters) details.judges = judges;
    const game_layout layout = model.layout(games.list(), details);
    Eigen::VectorXd at(as_index(layout.size));
    for (double& p : at) p = random.normal() / 2;
    if constexpr (Model::board_type::has_tie_parameter) at[at.size() - 1] = 0.4;
    centre_judges(layout, at);
    const game_objective here = evaluate_games(games.list(), details, model, at);
    CHECK(here.value < here.log_likelihood);
    // The product without the matrix is the matrix's.
    game_likelihood likelihood(games.list(), details, model);
    game_information information(likelihood);
    (void)objective_at(likelihood, at, &information);
    const Eigen::VectorXd v = Eigen::VectorXd::LinSpaced(at.size(), -1, 2);
    CHECK((information.times(v) - here.information * v).norm() <= 1e-12 * here.information.norm() * v.norm());
    CHECK((information.diagonal() - information.dense().diagonal()).norm() <= 1e-12 * here.information.norm());
    constexpr double h = 1e-5;
    for (Eigen::Index i = 0; i < at.size(); ++i) {
        Eigen::VectorXd along = Eigen::VectorXd::Unit(at.size(), i);
        centre_judges(layout, along);
        const game_objective up = evaluate_games(games.list(), details, model, at + h * along, false);
        const game_objective down = evaluate_games(games.list(), details, model, at - h * along, false);
        CHECK(here.gradient[i] == doctest::Approx((up.value - down.value) / (2 * h)).epsilon(1e-7));
        const Eigen::VectorXd bend = (down.gradient - up.gradient) / (2 * h);
        for (Eigen::Index j = 0; j < at.size(); ++j)
            CHECK(here.information(i, j) == doctest::Approx(bend[j]).epsilon(1e-6).scale(1));
    }
}

} // namespace

TEST_CASE("the derivatives of composed models pass a finite-difference test") {
    constexpr gaussian_prior gaussian{.variance = 2};
    check_derivatives(game_model{.board = bradley_terry_model{.prior = gaussian}});
    check_derivatives(
        game_model{.board = bradley_terry_model{.ties = davidson_rule{}, .order = order_effect{}, .prior = gaussian},
                   .features = game_features{.variance = 3},
                   .judges = judge_discrimination{.log_variance = 0.6}});
    check_derivatives(game_model{
        .board = bradley_terry_model{.ties = rao_kupper_rule{}, .order = order_effect{}, .prior = pseudo_games{}},
        .features = game_features{},
        .judges = judge_reliability{.right_answers = 3, .wrong_answers = 0.5}});
    check_derivatives(
        game_model{.board = bradley_terry_model{.link = probit_choice{}, .ties = rao_kupper_rule{}, .prior = gaussian},
                   .features = game_features{.variance = 2, .with_items = false},
                   .judges = judge_discrimination{}});
    check_derivatives(game_model{.board = bradley_terry_model{.ties = drop_rule{}, .prior = gaussian},
                                 .judges = judge_reliability{}});
}
