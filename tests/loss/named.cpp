#include <cmath>
#include <span>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/core/concepts.hpp>
#include <preflearn/core/log_space.hpp>
#include <preflearn/loss/named.hpp>

#include "pairs.hpp"

using namespace preflearn;

static_assert(PreferenceLoss<dpo, float> && PreferenceLoss<dpo, double>);
static_assert(PreferenceLoss<bradley_terry, float> && PreferenceLoss<bradley_terry, double>);

namespace {

/// Two pairs whose loss, gradient and metrics TRL 1.16 gives in double.
pairs<double> published_pairs() {
    pairs<double> p;
    p.chosen = {-12.5, -30.25};
    p.rejected = {-14, -28.5};
    p.reference_chosen = {-13, -29};
    p.reference_rejected = {-13.5, -29.5};
    return p;
}

} // namespace

TEST_CASE("DPO agrees with TRL 1.16 in value, gradient and metrics") {
    pairs<double> p = published_pairs();
    const loss_sums sums = dpo{.beta = 0.1}(p.scores(), p.gradients());
    CHECK(sums.loss / sums.weight == doctest::Approx(0.728179331061637).epsilon(1e-14));
    CHECK(p.d_chosen[0] / 2 == doctest::Approx(-0.0237510406261).epsilon(1e-11));
    CHECK(p.d_chosen[1] / 2 == doctest::Approx(-0.0278006945272).epsilon(1e-11));
    CHECK(p.d_rejected[0] / 2 == doctest::Approx(0.0237510406261).epsilon(1e-11));
    CHECK(p.d_rejected[1] / 2 == doctest::Approx(0.0278006945272).epsilon(1e-11));
    CHECK(sums.chosen_rewards / 2 == doctest::Approx(-0.0375));
    CHECK(sums.rejected_rewards / 2 == doctest::Approx(0.025));
    CHECK(sums.pairs == 2);
    CHECK(sums.correct == 1);
    CHECK(sums.ties == 0);
}

TEST_CASE("a target of 1 - ε is the label-smoothed (conservative) DPO") {
    pairs<double> p = published_pairs();
    p.target = {0.875, 0.875};
    CHECK(dpo{.beta = 0.1}(p.scores(), p.gradients()).loss / 2 == doctest::Approx(0.720366831061637).epsilon(1e-14));
}

TEST_CASE("DPO is minus the log of the Bradley-Terry probability of the scaled log-ratios") {
    const pairs<double> p = random_pairs<double>(50);
    for (std::size_t i = 0; i < 50; ++i) {
        const auto at = [i](const std::vector<double>& column) { return std::span(column).subspan(i, 1); };
        const double z = 0.3 * (p.chosen[i] - p.reference_chosen[i] - p.rejected[i] + p.reference_rejected[i]);
        const double loss = dpo{.beta = 0.3}(pair_scores<double>{at(p.chosen), at(p.rejected), at(p.reference_chosen),
                                                                 at(p.reference_rejected)},
                                             pair_gradients<double>{})
                                .loss;
        CHECK(loss == doctest::Approx(softplus(-z)).epsilon(1e-13));
    }
}

TEST_CASE("without reference columns DPO is reference-free, and at β = 1 it is the Bradley-Terry loss of rewards") {
    pairs<double> p = random_pairs<double>(40);
    const double rewards = bradley_terry{}(p.scores(), p.gradients()).loss;
    p.reference_chosen.clear();
    p.reference_rejected.clear();
    CHECK(rewards == dpo{.beta = 1}(p.scores(), p.gradients()).loss);
}

TEST_CASE("a policy that equals its reference has loss log 2, no reward and only ties") {
    pairs<float> p = random_pairs<float>(33);
    p.reference_chosen = p.chosen;
    p.reference_rejected = p.rejected;
    p.weight.clear();
    p.target.clear();
    p.margin.clear();
    const loss_sums sums = dpo{}(p.scores(), p.gradients());
    CHECK(sums.loss / 33 == doctest::Approx(std::log(2.0)));
    CHECK(sums.chosen_rewards == 0);
    CHECK(sums.ties == 33);
    CHECK(sums.correct == 0);
}
