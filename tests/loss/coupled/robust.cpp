#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/loss/coupled/robust.hpp>
#include <preflearn/loss/named.hpp>

#include "../dual.hpp"
#include "../shards.hpp"

using namespace preflearn;

static_assert(CoupledPreferenceLoss<dr_dpo, float> && CoupledPreferenceLoss<distributionally_robust<mpo>, double>);

namespace {

/// The definition in long double for DPO with weights and targets: W · −β' log(Σ w e^{−ℓ/β'} / W).
extended naive_loss(const dr_dpo& loss, const pairs<double>& p) {
    extended sum = 0, total = 0;
    for (std::size_t i = 0; i < p.chosen.size(); ++i) {
        const extended z =
            loss.beta * (extended(p.chosen[i]) - p.reference_chosen[i] - p.rejected[i] + p.reference_rejected[i]) -
            (p.margin.empty() ? 0 : p.margin[i]);
        const extended q = p.target.empty() ? 1 : p.target[i], w = p.weight.empty() ? 1 : p.weight[i];
        const extended single = -q * log_sigma(z).value - (1 - q) * log_sigma(-z).value;
        sum += w * std::exp(-single / extended(loss.beta_prime));
        total += w;
    }
    return -total * extended(loss.beta_prime) * std::log(sum / total);
}

/// A user's loss that knows nothing of values per pair.
struct without_values {
    loss_sums operator()(const pair_scores<double>& s, const pair_gradients<double>&) const {
        return {.pairs = s.size()};
    }
};

} // namespace

TEST_CASE("value is the definition, with weights, targets and margins") {
    for (const double beta_prime : {0.25, 1.0, 10.0}) {
        for (const std::size_t n : {1U, 7U, 2000U, 70'001U}) {
            const dr_dpo loss{.beta = 0.3, .beta_prime = beta_prime};
            pairs<double> p = random_pairs<double>(n, n);
            CHECK(loss(p.scores(), {}).loss ==
                  doctest::Approx(static_cast<double>(naive_loss(loss, p))).epsilon(1e-12));
            CHECK(loss(p.scores(), {}).weight == doctest::Approx(dpo{}(p.scores(), {}).weight).epsilon(1e-13));
            p.weight.clear();
            p.target.clear();
            p.margin.clear();
            CHECK(loss(p.scores(), {}).loss ==
                  doctest::Approx(static_cast<double>(naive_loss(loss, p))).epsilon(1e-12));
        }
    }
    const pairs<double> none;
    CHECK(dr_dpo{}(none.scores(), {}).loss == 0);
}

TEST_CASE("gradients agree with finite differences, whatever the inner loss") {
    pairs<double> p = random_pairs<double>(30);
    CHECK(batch_gradient_error(dr_dpo{.beta = 0.3, .beta_prime = 0.7}, p) < 1e-8);
    CHECK(batch_gradient_error(distributionally_robust<simpo>{.beta_prime = 2}, p) < 1e-8);
    CHECK(batch_gradient_error(distributionally_robust<confidence_weighted_dpo>{}, p) < 1e-8);
    p.margin.clear();
    CHECK(batch_gradient_error(distributionally_robust<mpo>{.beta_prime = 3}, p) < 1e-8);
}

TEST_CASE("β' to infinity is the mean of the inner loss; β' to zero is the smallest of them") {
    pairs<double> p = random_pairs<double>(500), q = p;
    const loss_sums mean = dpo{}(q.scores(), q.gradients());
    for (const double beta_prime : {1e4, 1e8, 1e14}) {
        const loss_sums sums = dr_dpo{.beta_prime = beta_prime}(p.scores(), p.gradients());
        CHECK(sums.loss == doctest::Approx(mean.loss).epsilon(10 / beta_prime + 1e-12));
        for (std::size_t i = 0; i < 500; ++i)
            CHECK(p.d_chosen[i] == doctest::Approx(q.d_chosen[i]).epsilon(20 / beta_prime + 1e-12));
    }
    p.weight.clear();
    double smallest = 1e300;
    for (std::size_t i = 0; i < 500; ++i) smallest = std::min(smallest, dpo{}(part_of(p, i, i + 1), {}).loss);
    const loss_sums sums = dr_dpo{.beta_prime = 1e-9}(p.scores(), p.gradients());
    CHECK(sums.loss == doctest::Approx(500 * smallest).epsilon(1e-5));
    CHECK(std::ranges::count_if(p.d_chosen, [](double x) { return x != 0; }) == 1);
}

TEST_CASE("pairs that contradict count less than under the mean, others more") {
    pairs<double> p;
    p.chosen = {5, 5, -20};
    p.rejected = {0, 0, 0};
    dr_dpo{.beta = 1}(p.scores(), p.gradients());
    const double left = 1 / (1 + std::exp(5.0));
    CHECK(-p.d_chosen[0] > left);
    CHECK(-p.d_chosen[2] < 1e-8);
    // The shares of the pairs add up to their number.
    CHECK(p.d_chosen[0] / -left + p.d_chosen[1] / -left + p.d_chosen[2] / -(1 - 1 / (1 + std::exp(20.0))) ==
          doctest::Approx(3));
}

TEST_CASE("merged shards are the batch up to rounding, and the threads change no bit") {
    check_merging(dr_dpo{.beta_prime = 0.5}, random_pairs<double>(300), 1e-12);
    check_threads(dr_dpo{}, random_pairs<double>(40'000));
    check_threads(dr_dpo{}, random_pairs<float>(40'000));
}

TEST_CASE_TEMPLATE("log-probs to ±1e30 leave value and gradient finite", Real, float, double) {
    const std::vector<Real> chosen{Real(1e30), Real(-1e30), 1}, rejected{Real(-1e30), Real(1e30), 0};
    std::vector<Real> d(3), e(3);
    const loss_sums sums = dr_dpo{.beta = 1}({.chosen = chosen, .rejected = rejected}, pair_gradients<Real>{d, e});
    CHECK(sums.loss == doctest::Approx(-3 * std::log((1 + std::exp(-std::log1p(std::exp(-1.0)))) / 3)));
    CHECK(d[0] == 0);
    CHECK(d[1] == 0);
    CHECK(std::isfinite(d[2]));
    const std::vector<Real> worst(3, Real(-1e30)), best(3, Real(1e30));
    CHECK(dr_dpo{.beta = 1}({.chosen = worst, .rejected = best}, pair_gradients<Real>{d, e}).loss ==
          doctest::Approx(6e30));
    CHECK(d == std::vector<Real>(3, -1));
}

TEST_CASE("a pair of weight zero counts nothing, and equal weights change nothing but the scale") {
    pairs<double> p = random_pairs<double>(50), q = p;
    p.weight.assign(50, 1);
    p.weight[20] = 0;
    q.weight.assign(50, 2);
    q.weight[20] = 0;
    const loss_sums a = dr_dpo{}(p.scores(), p.gradients()), b = dr_dpo{}(q.scores(), q.gradients());
    CHECK(2 * a.loss == doctest::Approx(b.loss).epsilon(1e-14));
    CHECK(p.d_chosen[20] == 0);
    p.weight.assign(50, 0);
    CHECK(dr_dpo{}(p.scores(), p.gradients()).loss == 0);
    CHECK(*std::ranges::max_element(p.d_chosen) == 0);
}

TEST_CASE("what is wrong is named by its pair") {
    pairs<double> p = random_pairs<double>(3000);
    p.reference_chosen[2048] = std::numeric_limits<double>::infinity();
    CHECK_THROWS_WITH_AS(dr_dpo{}(p.scores(), p.gradients()), doctest::Contains("pair 2048: reference_chosen is inf"),
                         numeric_error);
    p = random_pairs<double>(3000);
    p.weight[1999] = -1;
    CHECK_THROWS_WITH_AS(dr_dpo{}(p.scores(), p.gradients()), doctest::Contains("pair 1999: weight is -1"),
                         argument_error);
    p = random_pairs<double>(3);
    CHECK_THROWS_WITH_AS(dr_dpo{.beta_prime = 0}(p.scores(), p.gradients()), doctest::Contains("beta_prime is 0"),
                         argument_error);
    CHECK_THROWS_WITH_AS(distributionally_robust<without_values>{}(p.scores(), p.gradients()),
                         doctest::Contains("pair_gradients::values"), argument_error);
}
