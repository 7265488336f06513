#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <type_traits>
#include <vector>

#include <Eigen/Core>
#include <doctest/doctest.h>
#include <xtensor/xtensor.hpp>

#include <preflearn/core/column.hpp>
#include <preflearn/core/numbers/half.hpp>
#include <preflearn/loss/coupled/robust.hpp>
#include <preflearn/loss/coupled/weighted_sum.hpp>
#include <preflearn/loss/named.hpp>
#include <preflearn/loss/pairs/evaluate.hpp>

#include "../pairs.hpp"

using namespace preflearn;

namespace {

/// A loss that writes nothing.
constexpr auto silent = [](const auto& scores, const auto&) { return loss_sums{.pairs = scores.size()}; };

} // namespace

TEST_CASE("reductions are the sum, the mean and the weighted mean, of values and gradients alike") {
    pairs<double> p = random_pairs<double>(1000);
    const dpo loss{};
    const pair_scores<double> scores = p.scores();
    double weight = 0;
    for (const double w : p.weight) weight += w;
    value_and_gradient(loss, scores, p.gradients(), reduction::sum);
    const std::vector<double> summed = p.d_chosen;
    const double sum = reduced_loss(loss, scores, reduction::sum);
    CHECK(reduced_loss(loss, scores, reduction::mean) == doctest::Approx(sum / 1000).epsilon(1e-14));
    CHECK(reduced_loss(loss, scores) == doctest::Approx(sum / weight).epsilon(1e-14));
    value_and_gradient(loss, scores, p.gradients(), reduction::mean);
    CHECK(p.d_chosen[7] == doctest::Approx(summed[7] / 1000).epsilon(1e-14));
    value_and_gradient(loss, scores, p.gradients());
    CHECK(p.d_chosen[7] == doctest::Approx(summed[7] / weight).epsilon(1e-14));
}

TEST_CASE("without reduction every pair has its weighted loss, in sums of losses, too") {
    const pairs<double> p = random_pairs<double>(777);
    const auto check = [&](const auto& loss) {
        std::vector<double> each(777);
        losses_of_pairs(loss, p.scores(), std::span(each));
        double sum = 0;
        for (const double x : each) sum += x;
        CHECK(sum == doctest::Approx(reduced_loss(loss, p.scores(), reduction::sum)).epsilon(1e-12));
        const auto at = [](const auto& column) { return std::span(column).subspan(5, 1); };
        const pair_scores<double> one{at(p.chosen),
                                      at(p.rejected),
                                      at(p.reference_chosen),
                                      at(p.reference_rejected),
                                      at(p.chosen_tokens),
                                      at(p.rejected_tokens),
                                      at(p.weight),
                                      at(p.target),
                                      {}};
        pair_scores<double> all = p.scores();
        all.margin = {};
        losses_of_pairs(loss, all, std::span(each));
        CHECK(each[5] == reduced_loss(loss, one, reduction::sum));
    };
    check(dpo{});
    check(simpo{});
    pairs<double> without = p;
    std::vector<double> each(777);
    pair_scores<double> scores = p.scores();
    scores.margin = {};
    losses_of_pairs(mpo{}, scores, std::span(each));
    double sum = 0;
    for (const double x : each) sum += x;
    CHECK(sum == doctest::Approx(reduced_loss(mpo{}, scores, reduction::sum)).epsilon(1e-12));
}

TEST_CASE("a loss that writes no values is told so, instead of garbage") {
    const std::vector<double> x{1, 2};
    std::vector<double> out(2);
    CHECK_THROWS_WITH_AS(losses_of_pairs(silent, pair_scores<double>{.chosen = x, .rejected = x}, std::span(out)),
                         "this loss does not write the values of pairs: pair 0 has none", argument_error);
}

TEST_CASE("metrics are TRL's: means over pairs, a tie is not correct") {
    const std::vector<double> chosen{-12.5, -30.25, -7}, rejected{-14, -28.5, -7}, reference_chosen{-13, -29, -7},
        reference_rejected{-13.5, -29.5, -7};
    const loss_report report = value_and_gradient(dpo{},
                                                  pair_scores<double>{.chosen = chosen,
                                                                      .rejected = rejected,
                                                                      .reference_chosen = reference_chosen,
                                                                      .reference_rejected = reference_rejected},
                                                  pair_gradients<double>{});
    // The first two pairs are those of TRL 1.16's batch: 0.728179331061637; the third is log 2.
    CHECK(report.value == doctest::Approx((2 * 0.728179331061637 + std::log(2)) / 3).epsilon(1e-14));
    CHECK(report.rewards_chosen == doctest::Approx(-0.0375 * 2 / 3));
    CHECK(report.rewards_rejected == doctest::Approx(0.025 * 2 / 3));
    CHECK(report.rewards_margins == doctest::Approx(-0.0625 * 2 / 3));
    CHECK(report.rewards_accuracies == doctest::Approx(1.0 / 3));
    CHECK(report.rewards_ties == doctest::Approx(1.0 / 3));
    CHECK(report.logps_chosen == doctest::Approx((-21.375 * 2 - 7) / 3));
    CHECK(report.logps_rejected == doctest::Approx((-21.25 * 2 - 7) / 3));
}

TEST_CASE_TEMPLATE("without metrics a loss and its gradient have the same bits", Real, float, double) {
    const auto check = [](const auto& loss) {
        pairs<Real> with = random_pairs<Real>(3000);
        with.margin.clear(); // some losses take none
        pairs<Real> without = with;
        const loss_sums all = loss(with.scores(), with.gradients());
        pair_gradients<Real> wanted = without.gradients();
        wanted.metrics = false;
        const loss_sums few = loss(without.scores(), wanted);
        CHECK(all.loss == few.loss);
        CHECK(all.weight == few.weight);
        CHECK(all.pairs == few.pairs);
        CHECK(std::ranges::equal(with.gradients().chosen, without.gradients().chosen));
        CHECK(std::ranges::equal(with.gradients().rejected, without.gradients().rejected));
        CHECK(std::isfinite(all.chosen_rewards));
        CHECK(std::isnan(few.chosen_rewards)); // not zero, which would be a metric
        CHECK(std::isnan(few.rejected_log_probs));
    };
    check(dpo{});
    check(mpo{});
    check(weighted_sum<dpo, hinge>{{dpo{}, hinge{}}, {0.5, 0.5}});
    check(dr_dpo{});
}

TEST_CASE("Eigen's and xtensor's columns give what vectors give") {
    pairs<double> p = random_pairs<double>(100);
    const double expected = value_and_gradient(dpo{}, p.scores(), p.gradients()).value;
    const Eigen::VectorXd chosen = Eigen::VectorXd::Map(p.chosen.data(), 100),
                          rejected = Eigen::VectorXd::Map(p.rejected.data(), 100);
    xt::xtensor<double, 1> weight = xt::zeros<double>({100});
    std::copy(p.weight.begin(), p.weight.end(), weight.begin());
    Eigen::VectorXd d_chosen(100);
    xt::xtensor<double, 1> d_rejected = xt::zeros<double>({100});
    pair_scores<double> scores = p.scores();
    scores.chosen = as_column(chosen);
    scores.rejected = as_column(rejected);
    scores.weight = as_column(weight);
    CHECK(value_and_gradient(dpo{}, scores, pair_gradients<double>{as_column(d_chosen), as_column(d_rejected)}).value ==
          expected);
    CHECK(d_chosen[31] == p.d_chosen[31]);
    CHECK(d_rejected[31] == p.d_rejected[31]);
}

TEST_CASE_TEMPLATE("16-bit columns are computed in float", Narrow, Eigen::bfloat16, Eigen::half, bfloat16, float16) {
    const pairs<float> p = random_pairs<float>(50);
    const auto narrowed = [](const std::vector<float>& wide) {
        std::vector<Narrow> narrow;
        for (const float x : wide) narrow.push_back(static_cast<Narrow>(x));
        return narrow;
    };
    const auto widened = [](const std::vector<Narrow>& narrow) {
        std::vector<float> wide;
        for (const Narrow x : narrow) wide.push_back(static_cast<float>(x));
        return wide;
    };
    const std::vector<Narrow> chosen = narrowed(p.chosen), rejected = narrowed(p.rejected), weight = narrowed(p.weight);
    const std::vector<float> wide_chosen = widened(chosen), wide_rejected = widened(rejected),
                             wide_weight = widened(weight);
    const pair_scores<Narrow> scores{.chosen = chosen, .rejected = rejected, .weight = weight};
    const pair_scores<float> wide{.chosen = wide_chosen, .rejected = wide_rejected, .weight = wide_weight};
    std::vector<Narrow> d_chosen(50), d_rejected(50), each(50), too_few(49);
    std::vector<float> wide_d_chosen(50), wide_d_rejected(50), wide_each(50);
    const bradley_terry loss{};
    const loss_report report = value_and_gradient(loss, scores, pair_gradients<Narrow>{d_chosen, d_rejected});
    const loss_report expected = value_and_gradient(loss, wide, pair_gradients<float>{wide_d_chosen, wide_d_rejected});
    CHECK(report.value == expected.value);
    CHECK(report.logps_chosen == expected.logps_chosen);
    losses_of_pairs(loss, scores, std::span(each));
    losses_of_pairs(loss, wide, std::span(wide_each));
    for (std::size_t i = 0; i < 50; ++i) {
        CHECK(d_chosen[i] == static_cast<Narrow>(wide_d_chosen[i]));
        CHECK(each[i] == static_cast<Narrow>(wide_each[i]));
    }
    CHECK_THROWS_AS(losses_of_pairs(loss, scores, std::span(too_few)), argument_error);
    CHECK_THROWS_AS(losses_of_pairs(silent, scores, std::span(each)), argument_error);
}

TEST_CASE("a mean of nothing is refused") {
    const pair_scores<double> none{};
    CHECK(reduced_loss(dpo{}, none, reduction::sum) == 0);
    CHECK_THROWS_AS(reduced_loss(dpo{}, none), argument_error);
    const std::vector<double> x{1}, zero{0};
    CHECK_THROWS_AS(reduced_loss(bradley_terry{}, pair_scores<double>{.chosen = x, .rejected = x, .weight = zero}),
                    argument_error);
}
