#include <cmath>
#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

#if defined(_OPENMP)
#include <omp.h>
#endif

#include <preflearn/core/system/error.hpp>
#include <preflearn/ranking/errors/game_errors.hpp>
#include <preflearn/ranking/fit/fit_games.hpp>

#include "../boards.hpp"

using namespace test;

namespace {

constexpr game_fit_options without_matrices{.dense_parameters = 0};

/// A model without features and judges is the board's, whichever way it is fitted.
template <class Board> void check_same(const game_columns& games, const Board& board) {
    const pair_counts counts = count_games(games.list(), Board::has_order ? sides::kept : sides::merged);
    const rating_fit cells = fit_ratings(counts, board);
    const game_model model{.board = board};
    const game_fit one_by_one = fit_games(games.list(), {}, model);
    REQUIRE(cells.converged());
    check_close(fit_games(games.list(), {}, model, without_matrices).rating.scores, cells.scores, 1e-9);
    REQUIRE(one_by_one.converged());
    check_close(one_by_one.rating.scores, cells.scores, 1e-9);
    check_close(one_by_one.rating.parameters, cells.parameters, 1e-9);
    CHECK(one_by_one.rating.log_likelihood == doctest::Approx(cells.log_likelihood).epsilon(1e-12));
    if (Board::has_tie_parameter)
        CHECK(one_by_one.rating.tie_parameter == doctest::Approx(cells.tie_parameter).epsilon(1e-9));
    std::vector<std::uint32_t> clusters;
    for (std::uint32_t g = 0; g < games.left.size(); ++g) clusters.push_back(g % 40);
    const auto close = [](const rating_covariance& a, const rating_covariance& b) {
        CHECK((a.matrix - b.matrix).cwiseAbs().maxCoeff() <= 1e-8 * b.matrix.cwiseAbs().maxCoeff());
    };
    close(inverse_information(games.list(), {}, model, one_by_one), inverse_information(counts, board, cells));
    close(sandwich_covariance(games.list(), {}, model, one_by_one, clusters),
          sandwich_covariance(games.list(), board, cells, clusters));
}

struct styled_games {
    game_columns games{.items = 6};
    std::vector<double> features{};
    std::vector<std::uint32_t> judges{};
    [[nodiscard]] game_details details() const { return {{features.data(), games.left.size(), 1}, judges}; }
};

constexpr double sharpness[] = {2, 0.5, 1};

/// z = a_k (grid + 0.3 + 0.8 f), ties by Davidson with ν = 1.
styled_games drawn(std::size_t count, std::uint64_t seed = 5) {
    styled_games list;
    generator random(seed, "styled");
    for (std::size_t g = 0; g < count; ++g) {
        const auto l = static_cast<item_id>(random.below(6));
        const auto r = static_cast<item_id>((l + 1 + random.below(5)) % 6);
        const auto judge = static_cast<std::uint32_t>(random.below(3));
        const double f = random.normal();
        const double z = sharpness[judge] * ((static_cast<double>(l) - static_cast<double>(r)) / 3 + 0.3 + 0.8 * f);
        const outcome_probabilities p = davidson_rule::probabilities({}, z, 0);
        const double u = random.uniform();
        list.games.add(l, r,
                       u < p.left           ? game_result::left
                       : u < p.left + p.tie ? game_result::tie
                                            : game_result::right);
        list.features.push_back(f);
        list.judges.push_back(judge);
    }
    return list;
}

} // namespace

TEST_CASE("without parts of the game the fit is the board's, with every tie model, link, order effect and prior") {
    game_columns games = random_games(6, 1200, 4);
    for (std::size_t g = 0; g < 1200; ++g) games.weights.push_back(0.5 + static_cast<double>(g % 3));
    check_same(games, bradley_terry_model{});
    check_same(games, bradley_terry_model{.ties = drop_rule{}, .order = order_effect{}});
    check_same(games, bradley_terry_model{.ties = davidson_rule{}, .order = order_effect{}});
    check_same(games, bradley_terry_model{.ties = davidson_rule{}, .prior = gaussian_prior{.variance = 0.5}});
    check_same(games,
               bradley_terry_model{.ties = rao_kupper_rule{}, .order = order_effect{}, .prior = pseudo_games{3, 1}});
    check_same(games, bradley_terry_model{.link = probit_choice{}, .ties = rao_kupper_rule{}});
}

TEST_CASE("ties, order effect, features and judges are found together, and the errors hold what they say") {
    const styled_games list = drawn(8000);
    const game_model model{.board = bradley_terry_model{.ties = davidson_rule{}, .order = order_effect{}},
                           .features = game_features{},
                           .judges = judge_discrimination{}};
    const game_fit fit = fit_games(list.games.list(), list.details(), model);
    REQUIRE(fit.converged());
    CHECK(fit.rating.newton_step < 1e-6);
    const rating_covariance v = inverse_information(list.games.list(), list.details(), model, fit);
    const rating_covariance robust = sandwich_covariance(list.games.list(), list.details(), model, fit);
    const auto check_parameter = [&](std::size_t at, double truth) {
        const double found = fit.rating.parameters[at];
        CAPTURE(at);
        CHECK(std::abs(found - truth) < 4 * v.standard_error(at));
        CHECK(v.standard_error(at) < 0.1);
        CHECK(robust.standard_error(at) == doctest::Approx(v.standard_error(at)).epsilon(0.1)); // the model is true
    };
    for (std::size_t i = 0; i < 6; ++i) {
        CHECK(std::abs(fit.rating.scores[i] - (static_cast<double>(i) - 2.5) / 3) < 4 * v.standard_error(i));
        CHECK(robust.standard_error(i) == doctest::Approx(v.standard_error(i)).epsilon(0.1));
    }
    // The same without a matrix, and the same bits whatever the number of threads.
    const game_fit sparse = fit_games(list.games.list(), list.details(), model, without_matrices);
    REQUIRE(sparse.converged());
    check_close(sparse.rating.parameters, fit.rating.parameters, 1e-8);
    const probed_errors probed =
        probe_errors(list.games.list(), list.details(), model, fit, {.accuracy = 0, .most = 8, .worst = 1});
    for (std::size_t p = 0; p < fit.layout.size; ++p)
        CHECK(probed.standard_errors[p] == doctest::Approx(v.standard_error(p)).epsilon(p < 6 ? 0.6 : 1e-5));
#if defined(_OPENMP)
    const int threads = omp_get_max_threads();
    omp_set_num_threads(threads == 1 ? 3 : 1);
    CHECK(fit_games(list.games.list(), list.details(), model, without_matrices).rating.parameters ==
          sparse.rating.parameters);
    CHECK(fit_games(list.games.list(), list.details(), model).rating.parameters == fit.rating.parameters);
    omp_set_num_threads(threads);
#endif
    check_parameter(fit.layout.order, 0.3);
    check_parameter(fit.layout.features, 0.8);
    for (std::size_t k = 0; k < 3; ++k) check_parameter(fit.layout.judges + k, std::log(sharpness[k]));
    check_parameter(fit.layout.ties, 0);
    // What a part leaves out, the others cannot make up for.
    const game_model plain{.board = bradley_terry_model{.ties = davidson_rule{}, .order = order_effect{}}};
    CHECK(fit_games(list.games.list(), {}, plain).rating.log_likelihood < fit.rating.log_likelihood - 100);
}

TEST_CASE("swapping sides mirrors the fit, order of games and names of items do not matter") {
    const styled_games list = drawn(1500);
    styled_games other;
    const std::size_t count = list.games.left.size();
    for (std::size_t k = 0; k < count; ++k) {
        const std::size_t g = (k * 7 + 3) % count; // 7 and 1500 have no common divisor
        const game_result was = list.games.results[g];
        other.games.add(5 - list.games.right[g], 5 - list.games.left[g],
                        was == game_result::tie    ? was
                        : was == game_result::left ? game_result::right
                                                   : game_result::left);
        other.features.push_back(-list.features[g]);
        other.judges.push_back(2 - list.judges[g]);
    }
    const game_model model{
        .board = bradley_terry_model{.ties = rao_kupper_rule{}, .order = order_effect{}, .prior = gaussian_prior{}},
        .features = game_features{},
        .judges = judge_reliability{}};
    const game_fit a = fit_games(list.games.list(), list.details(), model);
    const game_fit b = fit_games(other.games.list(), other.details(), model);
    REQUIRE(a.converged());
    REQUIRE(b.converged());
    for (std::size_t i = 0; i < 6; ++i)
        CHECK(b.rating.scores[5 - i] == doctest::Approx(a.rating.scores[i]).epsilon(1e-7));
    for (std::size_t k = 0; k < 3; ++k) CHECK(b.judges[2 - k] == doctest::Approx(a.judges[k]).epsilon(1e-7));
    CHECK(b.rating.order == doctest::Approx(-a.rating.order).epsilon(1e-7));
    CHECK(b.coefficients[0] == doctest::Approx(a.coefficients[0]).epsilon(1e-7));
    CHECK(b.rating.tie_parameter == doctest::Approx(a.rating.tie_parameter).epsilon(1e-7));
}

TEST_CASE("certificates of composed models") {
    styled_games list = drawn(300);
    const auto status = [&](const auto& model) {
        const fit_status found = fit_games(list.games.list(), list.details(), model).rating.status;
        const fit_status sparse = fit_games(list.games.list(), list.details(), model, without_matrices).rating.status;
        CHECK(((found == sparse) || (found != fit_status::converged && sparse != fit_status::converged)));
        return found;
    };
    const game_model model{.board = bradley_terry_model{.ties = davidson_rule{}},
                           .features = game_features{},
                           .judges = judge_discrimination{}};
    const game_model with_prior{.board = bradley_terry_model{.ties = davidson_rule{}, .prior = gaussian_prior{}},
                                .features = game_features{},
                                .judges = judge_reliability{}};
    CHECK(status(model) == fit_status::converged);
    list.games.items = 7;
    CHECK(status(model) == fit_status::disconnected);
    for (std::uint64_t seed = 1; seed < 10; ++seed) {
        styled_games idle = drawn(300, seed);
        idle.games.items = 7;
        CHECK(fit_games(idle.games.list(), idle.details(), with_prior).converged());
    }
    list.games.add(6, 0, game_result::left, 2);
    for (const double f : {0.1, -0.2}) {
        list.features.push_back(f);
        list.judges.push_back(1);
    }
    const game_fit separated = fit_games(list.games.list(), list.details(), model);
    CHECK(separated.rating.status == fit_status::separated);
    CHECK(separated.rating.graph.undefeated == std::vector<item_id>{6});
    CHECK(separated.rating.parameters.empty());
    CHECK(separated.judges.empty());
    CHECK_THROWS_AS(inverse_information(list.games.list(), list.details(), model, separated), numeric_error);
    CHECK(status(with_prior) == fit_status::converged);
    // The feature is the order effect again.
    list = drawn(300);
    list.features.assign(300, 1);
    CHECK(status(game_model{.board = bradley_terry_model{.ties = davidson_rule{}, .order = order_effect{}},
                            .features = game_features{},
                            .judges = judge_discrimination{}}) == fit_status::unidentified);
    CHECK(fit_games(list.games.list(), {list.details().features},
                    game_model{.board = bradley_terry_model{.order = order_effect{}}, .features = game_features{}},
                    without_matrices)
              .rating.status == fit_status::unidentified);
    // The feature decides every game that is decided.
    list = drawn(300);
    for (std::size_t g = 0; g < 300; ++g)
        list.features[g] = list.games.results[g] == game_result::left    ? 1
                           : list.games.results[g] == game_result::right ? -1
                                                                         : 0;
    const fit_status decided = status(model);
    CHECK((decided == fit_status::unbounded || decided == fit_status::not_converged));
    CHECK(fit_games(list.games.list(), list.details(), model, {.approach = {.iteration_limit = 2}}).rating.status ==
          fit_status::not_converged);
}

TEST_CASE("columns that a model has not asked for, or lacks, are refused") {
    const styled_games list = drawn(50);
    const game_model<> plain;
    const game_model styled{.features = game_features{}};
    CHECK_THROWS_WITH_AS(fit_games(list.games.list(), list.details(), plain), doctest::Contains("without features"),
                         argument_error);
    CHECK_THROWS_WITH_AS(fit_games(list.games.list(), list.details(), styled), doctest::Contains("without judges"),
                         argument_error);
    CHECK_THROWS_AS(fit_games(list.games.list(), {}, styled), argument_error);
}
