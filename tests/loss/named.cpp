#include <cmath>
#include <span>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/core/concepts.hpp>
#include <preflearn/core/numbers/log_space.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/loss/coupled/weighted_sum.hpp>
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

namespace {

/// Value and gradients of one loss on the pairs.
template <class Loss> std::vector<double> numbers(const Loss& loss, pairs<double> p) {
    std::vector<double> all{loss(p.scores(), p.gradients()).loss};
    all.insert(all.end(), p.d_chosen.begin(), p.d_chosen.end());
    all.insert(all.end(), p.d_rejected.begin(), p.d_rejected.end());
    return all;
}

/// The two losses are one, or `factor` times each other.
template <class A, class B> void check_same(const A& a, const B& b, const pairs<double>& p, double factor = 1) {
    const std::vector<double> x = numbers(a, p), y = numbers(b, p);
    for (std::size_t i = 0; i < x.size(); ++i) CHECK(x[i] == doctest::Approx(factor * y[i]).epsilon(1e-12));
}

} // namespace

TEST_CASE("the reductions that the papers state") {
    pairs<double> p = random_pairs<double>(100), bare = p;
    bare.margin.clear();
    const dpo plain{.beta = 0.3};
    check_same(cdpo{.beta = 0.3}, plain, p);
    check_same(robust_dpo{.beta = 0.3}, plain, p);
    check_same(length_regularised_dpo{.beta = 0.3, .alpha = 0}, plain, p);
    check_same(dpo_positive{.beta = 0.3, .lambda = 0}, plain, p);
    check_same(rpo{.beta = 0.3, .rpo_alpha = 0}, plain, p);
    check_same(confident_dpo{.beta = 0.3, .alpha = 0}, plain, p);
    check_same(odpo{.beta = 0.3, .alpha = 0}, plain, bare);
    check_same(mpo{.beta = 0.3, .preference_weight = 1, .quality_weight = 0, .generation_weight = 0}, plain, bare);
    check_same(basic_dpo<alpha_divergence>{.beta = 0.3, .divergence = {1}}, plain, p);
    check_same(basic_dpo<alpha_divergence>{.beta = 0.3, .divergence = {0}}, basic_dpo<forward_kl>{.beta = 0.3}, p);
    check_same(alphapo{}, simpo{}, p);
    check_same(simpo{.beta = 2, .simpo_gamma = 0.5}, simpo_ratio{.beta = 2, .gamma_beta_ratio = 0.25}, p);
    check_same(smoothed_bradley_terry{.label_smoothing = 0}, bradley_terry{}, p);
    check_same(centred_bradley_terry{.center_rewards_coefficient = 0}, bradley_terry{}, p);
    check_same(cpo{.beta = 1, .label_smoothing = 0, .cpo_alpha = 0}, bradley_terry{}, p);
    // SimPO without a margin is the length-normalised DPO without a reference.
    pairs<double> free = p;
    free.reference_chosen.clear();
    free.reference_rejected.clear();
    check_same(simpo{.beta = 0.3, .simpo_gamma = 0}, dpo_mean{.beta = 0.3}, free);
    // ROPO with a small α is DPO times 4 α.
    check_same(ropo{.beta = 0.3, .alpha = 1e-14}, plain, p, 4e-14);
    // One confidence for all pairs is a factor.
    for (double& q : p.target) q = 0.875;
    pairs<double> hard = p;
    hard.target.clear();
    const std::vector<double> weighted = numbers(confidence_weighted_dpo{.beta = 0.3}, p), once = numbers(plain, hard);
    for (std::size_t i = 0; i < once.size(); ++i) CHECK(weighted[i] == doctest::Approx(0.75 * once[i]).epsilon(1e-13));
}

TEST_CASE("confidence weights are part of the loss: its mean is divided by the weights given, not by confidences") {
    pairs<double> p = random_pairs<double>(50);
    double weight = 0;
    for (const double w : p.weight) weight += w;
    CHECK(confidence_weighted_dpo{}(p.scores(), p.gradients()).weight == doctest::Approx(weight).epsilon(1e-14));
    p.weight.clear();
    CHECK(confidence_weighted_dpo{}(p.scores(), p.gradients()).weight == 50);
}

TEST_CASE("the corrected loss is unbiased: flipping labels with probability ε gives the clean loss on average") {
    pairs<double> p = random_pairs<double>(60);
    p.target.clear();
    pairs<double> noisy = p;
    noisy.target.assign(60, 0.8); // the label is right with probability 0.8
    const std::vector<double> x = numbers(robust_dpo{.beta = 0.3, .label_smoothing = 0.2}, noisy),
                              y = numbers(dpo{.beta = 0.3}, p);
    for (std::size_t i = 0; i < x.size(); ++i) CHECK(x[i] == doctest::Approx(y[i]).epsilon(1e-12));
}

TEST_CASE("parameters outside their range are argument errors") {
    pairs<double> p = random_pairs<double>(3);
    p.margin.clear();
    CHECK_THROWS_AS(dpo{.beta = 0}(p.scores(), p.gradients()), argument_error);
    CHECK_THROWS_AS(exo{.label_smoothing = 0}(p.scores(), p.gradients()), argument_error);
    CHECK_THROWS_AS(robust_dpo{.label_smoothing = 0.5}(p.scores(), p.gradients()), argument_error);
    CHECK_THROWS_AS(cdpo{.label_smoothing = 2}(p.scores(), p.gradients()), argument_error);
    CHECK_THROWS_AS(discopop{.discopop_tau = 0}(p.scores(), p.gradients()), argument_error);
    CHECK_THROWS_AS(rao_kupper{.eta = 0}(p.scores(), p.gradients()), argument_error);
    CHECK_THROWS_AS(orpo{.beta = -1}(p.scores(), p.gradients()), argument_error);
    CHECK_THROWS_AS(dpo_positive{.lambda = -1}(p.scores(), p.gradients()), argument_error);
    p.rejected_tokens.clear();
    CHECK_THROWS_WITH_AS(simpo{}(p.scores(), p.gradients()), doctest::Contains("needs the responses' lengths"),
                         argument_error);
}

TEST_CASE("squares beyond the type's range leave no NaN, whatever is 0 beside them") {
    pairs<double> p = published_pairs();
    p.chosen = {-6000, -6000};
    p.rejected = {-28, -28};
    p.target = {0, 1}; // a slope of the score that is 0, targets of 0 and 1
    p.weight.assign(2, 1);
    CHECK(!std::isnan(basic_ipo_sum<forward_kl>{}(p.scores(), p.gradients()).loss));
    for (const std::vector<double>& d : {p.d_chosen, p.d_rejected}) CHECK(!(std::isnan(d[0]) || std::isnan(d[1])));
    p.weight.assign(2, 0);
    CHECK(basic_ipo_sum<forward_kl>{}(p.scores(), p.gradients()).loss == 0);
}

TEST_CASE("parameters far out give their limits") {
    pairs<double> p = published_pairs();
    p.target.assign(2, 1);
    CHECK(rao_kupper{.eta = 400}(p.scores(), p.gradients()).loss == doctest::Approx(800 - 1.5 + 1.75));
    p.target.assign(2, 0.5); // a tie is sure
    CHECK(rao_kupper{.eta = 400}(p.scores(), p.gradients()).loss == 0);
    p.target.clear();
    p.target.assign(2, 0.5); // the bounded loss is even about 1/2, its gradient nothing
    const double z = 1, a = 1e9;
    CHECK_EQ(ropo{.beta = 1, .alpha = a}(p.scores(), p.gradients()).pairs, 2);
    CHECK(p.d_chosen[0] == doctest::Approx(4 * a / ((1 + a) * (1 + a)) * std::tanh(z / 2) / 2).epsilon(1e-12));
    p.target.clear();
    const double far = ropo{.beta = 1, .alpha = 1e200}(p.scores(), p.gradients()).loss;
    CHECK(far == doctest::Approx(4 / (1 + std::exp(1.0)) + 4 / (1 + std::exp(-2.25)))); // 4 s(-z), bounded
}

TEST_CASE("values that TRL 1.16 gives for two pairs, mean over the pairs") {
    pairs<double> p = published_pairs();
    p.chosen_tokens = {5, 12};
    p.rejected_tokens = {7, 10};
    const auto mean = [&](const auto& loss) { return loss(p.scores(), p.gradients()).loss / 2; };
    const auto near = [](double value) { return doctest::Approx(value).epsilon(1e-13); };
    CHECK(mean(cdpo{.label_smoothing = 0.125}) == near(0.720366831061637));
    CHECK(mean(hinge{}) == near(1.0625));
    CHECK(mean(ipo_mean{}) == near(25.1992263676304));
    CHECK(mean(ipo_sum{}) == near(34.28125));
    CHECK(mean(dpo_mean{}) == near(0.694010052127819));
    CHECK(mean(exo{.label_smoothing = 0.125}) == near(0.44730302998497085)); // TRL's own is 3e-9 off
    CHECK(mean(robust_dpo{.label_smoothing = 0.125}) == near(0.738595997728304));
    CHECK(mean(discopop{}) == near(0.845296169312969));
    CHECK(mean(nca{}) == near(1.40400808951956));
    CHECK(mean(bco_pair{}) == near(1.41945749570866));
    CHECK(mean(sppo_hard{}) == near(57.78125));
    CHECK(mean(apo_zero{}) == near(1.01559688394214));
    CHECK(mean(apo_down{}) == near(1.00616136308807));
    CHECK(mean(basic_dpo<forward_kl>{}) == near(0.751901563476061));
    CHECK(mean(basic_dpo<js_divergence>{}) == near(0.711402661091241));
}
