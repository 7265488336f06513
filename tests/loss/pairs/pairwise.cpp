#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <span>
#include <vector>

#if defined(_OPENMP)
#include <omp.h>
#endif

#include <doctest/doctest.h>

#include <preflearn/core/numbers/log_space.hpp>
#include <preflearn/loss/pairs/pairwise.hpp>
#include <preflearn/loss/pairs/rewards_scaled.hpp>
#include <preflearn/loss/parts/label_links.hpp>
#include <preflearn/loss/parts/margin_links.hpp>
#include <preflearn/loss/parts/pair_links.hpp>

#include "../pairs.hpp"

using namespace preflearn;

namespace {

// Parts as a user would write them, one of each kind.
/// The f-divergence score of the Jensen-Shannon divergence, log 2 + log σ(u), per token.
struct mean_jensen_shannon {
    static constexpr bool uses_reference = true, uses_tokens = true;
    template <class Real> response_score<Real> operator()(Real u, Real tokens) const {
        return {(std::numbers::ln2_v<Real> + log_sigmoid(u)) / tokens, sigmoid(-u) / tokens};
    }
};
/// (z - ½)²
struct squared {
    template <class Real> margin_penalty<Real> operator()(Real z) const {
        return {(z - Real(0.5)) * (z - Real(0.5)), 2 * z - 1};
    }
};
/// e^{-z}
struct exponential {
    template <class Real> margin_penalty<Real> operator()(Real z) const { return {std::exp(-z), -std::exp(-z)}; }
};
/// NCA: -log σ(a) - ½ log σ(-a) - ½ log σ(-b), no function of a - b.
struct contrast {
    template <class Real> pair_penalty<Real> operator()(Real a, Real b) const {
        return {softplus(-a) + softplus(a) / 2 + softplus(b) / 2, -sigmoid(-a) + sigmoid(a) / 2, sigmoid(b) / 2};
    }
};
/// The noise-corrected loss of flipped labels (Chowdhury et al. 2024): factors that are no probabilities.
struct corrected {
    double flips = 0.125;
    template <class Real> target_mixture<Real> operator()(Real q) const {
        const auto e = static_cast<Real>(flips);
        return {(q - e) / (1 - 2 * e), (1 - q - e) / (1 - 2 * e)};
    }
};
struct confidence {
    template <class Real> Real operator()(Real given, Real q) const { return given * std::abs(2 * q - 1); }
};
struct fixed_margin {
    double gamma = 0.5;
    template <class Real> Real operator()(Real given) const { return given + static_cast<Real>(gamma); }
};

using everything = pairwise<mean_jensen_shannon, squared, corrected, fixed_margin, confidence>;
static_assert(PreferenceLoss<everything, double> && PreferenceLoss<everything, float>);

/// The definition, pair by pair.
template <class L> double naive_loss(const L& loss, const pairs<double>& p) {
    double sum = 0;
    for (std::size_t i = 0; i < p.chosen.size(); ++i) {
        const double u = loss.score(p.chosen[i] - p.reference_chosen[i], double(p.chosen_tokens[i])).value;
        const double v = loss.score(p.rejected[i] - p.reference_rejected[i], double(p.rejected_tokens[i])).value;
        const double z = loss.beta * (u - v) - loss.margin(p.margin[i]);
        const auto [a, b, constant] = loss.target(p.target[i]);
        sum += loss.weight(p.weight[i], p.target[i]) * (a * loss.link(z).value + b * loss.link(-z).value + constant);
    }
    return sum;
}

} // namespace

TEST_CASE("value is the definition summed pair by pair, on sizes that fill no vector and no block") {
    for (const std::size_t n : {0U, 1U, 7U, 255U, 257U, 4097U, 70'001U}) {
        const pairs<double> p = random_pairs<double>(n, n);
        CHECK(pairwise{}(p.scores(), pair_gradients<double>{}).loss == doctest::Approx(naive_loss(pairwise{}, p)));
        CHECK(everything{}(p.scores(), pair_gradients<double>{}).loss == doctest::Approx(naive_loss(everything{}, p)));
    }
}

TEST_CASE("gradients agree with finite differences for every kind of part") {
    CHECK(gradient_error(pairwise{.beta = 0.4}, random_pairs<double>(60)) < 1e-9);
    CHECK(gradient_error(pairwise<reference_free>{.beta = 0.2}, random_pairs<double>(60)) < 1e-9);
    CHECK(gradient_error(pairwise<mean_jensen_shannon>{}, random_pairs<double>(60)) < 1e-9);
    CHECK(gradient_error(pairwise<log_ratio, squared>{}, random_pairs<double>(60)) < 1e-7);
    CHECK(gradient_error(everything{.beta = 2}, random_pairs<double>(60)) < 1e-6);
    pairs<double> p = random_pairs<double>(60);
    p.margin.clear();
    CHECK(gradient_error(pairwise<log_ratio, contrast>{.beta = 0.3}, p) < 1e-9);
    CHECK(gradient_error(pairwise<mean_jensen_shannon, contrast, corrected>{}, p) < 1e-9);
}

TEST_CASE("swapping the responses of a pair mirrors target, margin and gradients") {
    pairs<double> p = random_pairs<double>(300), q = p;
    std::swap(q.chosen, q.rejected);
    std::swap(q.reference_chosen, q.reference_rejected);
    for (double& target : q.target) target = 1 - target;
    for (double& margin : q.margin) margin = -margin;
    const loss_sums a = pairwise{}(p.scores(), p.gradients()), b = pairwise{}(q.scores(), q.gradients());
    CHECK(a.loss == doctest::Approx(b.loss).epsilon(1e-14));
    CHECK(a.correct + b.correct + a.ties == 300);
    for (std::size_t i = 0; i < 300; ++i) CHECK(p.d_chosen[i] == doctest::Approx(q.d_rejected[i]).epsilon(1e-13));
}

TEST_CASE("adding one number to both log-probs of a pair changes nothing but the rewards") {
    pairs<double> p = random_pairs<double>(200), shifted = p;
    for (std::size_t i = 0; i < 200; ++i) {
        shifted.chosen[i] += 16;
        shifted.rejected[i] += 16;
    }
    const loss_sums a = pairwise{}(p.scores(), p.gradients()), b = pairwise{}(shifted.scores(), shifted.gradients());
    CHECK(a.loss == b.loss); // the columns lie on a grid where the shift is exact
    CHECK(p.d_chosen == shifted.d_chosen);
    CHECK(b.chosen_rewards - a.chosen_rewards == doctest::Approx(200 * 1.6));
}

TEST_CASE("a target of one half pulls the margin to zero and is least there") {
    pairs<double> p = random_pairs<double>(100);
    p.weight.clear();
    p.margin.clear();
    std::fill(p.target.begin(), p.target.end(), 0.5);
    pairwise{}(p.scores(), p.gradients());
    for (std::size_t i = 0; i < 100; ++i) {
        const double z = p.chosen[i] - p.reference_chosen[i] - p.rejected[i] + p.reference_rejected[i];
        CHECK(p.d_chosen[i] * z >= 0);
    }
    p.chosen = p.rejected = p.reference_chosen = p.reference_rejected;
    CHECK(pairwise{}(p.scores(), p.gradients()).loss == doctest::Approx(100 * std::log(2.0)));
    CHECK(*std::ranges::max_element(p.d_chosen) == 0);
}

TEST_CASE_TEMPLATE("margins to ±1e30 saturate to the documented limits", Real, float, double) {
    for (const Real size : {Real(1e4), Real(1e8), Real(1e30)}) {
        const std::vector<Real> high(3, size), low(3, -size), target{1, 0, Real(0.25)};
        std::vector<Real> d(3), e(3);
        const pair_gradients<Real> out{d, e};
        const pairwise<> loss{.beta = 1};
        loss_sums sums = loss(pair_scores<Real>{.chosen = high, .rejected = low}, out);
        CHECK(sums.loss == 0);
        CHECK(d == std::vector<Real>(3, 0));
        sums = loss(pair_scores<Real>{.chosen = low, .rejected = high}, out);
        CHECK(sums.loss == doctest::Approx(6 * static_cast<double>(size)));
        CHECK(d == std::vector<Real>(3, -1));
        CHECK(e == std::vector<Real>(3, 1));
        sums = loss(pair_scores<Real>{.chosen = high, .rejected = low, .target = target}, out);
        CHECK(sums.loss == doctest::Approx(2 * 1.75 * static_cast<double>(size)));
        CHECK(d == std::vector<Real>{0, 1, Real(0.75)});
    }
}

TEST_CASE("float agrees with double on numbers that float holds") {
    pairs<double> p = random_pairs<double>(5000);
    pairs<float> q = random_pairs<float>(5000);
    const loss_sums a = pairwise{}(p.scores(), p.gradients()), b = pairwise{}(q.scores(), q.gradients());
    CHECK(b.loss == doctest::Approx(a.loss).epsilon(1e-6));
    CHECK(b.correct == a.correct);
    for (std::size_t i = 0; i < 5000; ++i) CHECK(q.d_chosen[i] == doctest::Approx(p.d_chosen[i]).epsilon(1e-5));
}

TEST_CASE_TEMPLATE("empty columns stand for weight one, target one and margin zero, to the bit", Real, float, double) {
    const auto check = [](const auto& loss, bool margins = true) {
        pairs<Real> p = random_pairs<Real>(1000), q = p;
        p.weight.clear();
        p.target.clear();
        p.margin.clear();
        q.weight.assign(1000, 1);
        q.target.assign(1000, 1);
        q.margin.assign(margins ? 1000 : 0, 0);
        CHECK(loss(p.scores(), p.gradients()).loss == loss(q.scores(), q.gradients()).loss);
        CHECK(p.d_chosen == q.d_chosen);
        CHECK(p.d_rejected == q.d_rejected);
        // so the code that reads all columns, for losses by name, is no other loss
        CHECK(loss.with_all_columns(p.scores(), q.gradients()).loss == loss(p.scores(), p.gradients()).loss);
        CHECK(p.d_chosen == q.d_chosen);
        CHECK(p.d_rejected == q.d_rejected);
    };
    check(pairwise{});
    check(pairwise<log_ratio, noise_tolerant_link>{});
    check(pairwise<per_token<log_ratio>, squared_link, smoothed_target, constant_margin>{});
    check(pairwise<log_ratio, kl_to_label, as_labelled, given_margin, confidence_weight, preferred_nll>{});
    check(pairwise<log_ratio, preference_and_quality, given_target, given_margin, given_weight, preferred_nll>{},
          false);
    check(rewards_scaled<pairwise<log_ratio, noise_contrast>>{}, false);
}

namespace {

/// The log-ratio by another name, so that its slope is not known to be 1.
struct other_log_ratio {
    static constexpr bool uses_reference = true, uses_tokens = false;
    template <class Real> response_score<Real> operator()(Real u, Real /*tokens*/) const { return {u, 1}; }
    template <class Real> pair_score<Real> pair(const pair_point<Real>& at) const {
        return {{at.u, 1}, {at.v, 1}, at.difference};
    }
};

} // namespace

TEST_CASE("a score whose slope is known to be one has the bits of one of which that is not known") {
    pairs<float> p = random_pairs<float>(3000), q = p;
    CHECK(pairwise<log_ratio, logistic>{}(p.scores(), p.gradients()).loss ==
          pairwise<other_log_ratio, logistic>{}(q.scores(), q.gradients()).loss);
    CHECK(p.d_chosen == q.d_chosen);
    CHECK(p.d_rejected == q.d_rejected);
}

TEST_CASE("a weight multiplies a pair's loss and gradient, and a weight of zero removes the pair") {
    pairs<double> p = random_pairs<double>(64), q = p;
    for (double& weight : q.weight) weight *= 4;
    const loss_sums a = pairwise{}(p.scores(), p.gradients()), b = pairwise{}(q.scores(), q.gradients());
    CHECK(b.loss == 4 * a.loss);
    CHECK(b.weight == 4 * a.weight);
    CHECK(q.d_chosen[10] == 4 * p.d_chosen[10]);
    std::fill(q.weight.begin(), q.weight.end(), 0);
    CHECK(pairwise{}(q.scores(), q.gradients()).loss == 0);
    CHECK(*std::ranges::min_element(q.d_chosen) == 0);
}

TEST_CASE("a swapped loss beyond the type's range does not touch pairs with a hard target") {
    pairs<double> p;
    p.chosen = {1e200};
    p.rejected = {0};
    p.target = {1};
    CHECK(pairwise<log_ratio, exponential>{}(p.scores(), p.gradients()).loss == 0);
    CHECK(p.d_chosen[0] == 0);
}

TEST_CASE("sums add up over shards, and the bits do not depend on the number of threads") {
    pairs<double> p = random_pairs<double>(100'000);
    const loss_sums all = pairwise{}(p.scores(), p.gradients());
    const std::vector<double> gradient = p.d_chosen;
#if defined(_OPENMP)
    const int before = omp_get_max_threads();
    for (const int threads : {1, 2, 3, 7}) {
        omp_set_num_threads(threads);
        const loss_sums again = pairwise{}(p.scores(), p.gradients());
        CHECK(again.loss == all.loss);
        CHECK(again.chosen_rewards == all.chosen_rewards);
        CHECK(p.d_chosen == gradient);
    }
    omp_set_num_threads(before);
#endif
    loss_sums added;
    for (std::size_t at = 0; at < 100'000; at += 12'500) {
        const auto part = [&](const std::vector<double>& column) { return std::span(column).subspan(at, 12'500); };
        added += pairwise{}(pair_scores<double>{.chosen = part(p.chosen),
                                                .rejected = part(p.rejected),
                                                .reference_chosen = part(p.reference_chosen),
                                                .reference_rejected = part(p.reference_rejected),
                                                .weight = part(p.weight),
                                                .target = part(p.target),
                                                .margin = part(p.margin)},
                            pair_gradients<double>{});
    }
    CHECK(added.loss == doctest::Approx(all.loss).epsilon(1e-13));
    CHECK(added.correct == all.correct);
    CHECK(added.pairs == all.pairs);
}

TEST_CASE("what a composition needs and does not get is an argument error") {
    pairs<double> p = random_pairs<double>(5);
    p.chosen_tokens.clear();
    CHECK_THROWS_AS(pairwise<mean_jensen_shannon>{}(p.scores(), p.gradients()), argument_error);
    CHECK_THROWS_WITH_AS((pairwise<log_ratio, contrast>{}(p.scores(), p.gradients())),
                         doctest::Contains("takes no margin column"), argument_error);
}

TEST_CASE("what is no number though its pair is finite is reported with its pair; an infinite loss is a loss") {
    /// f + f z: for an f beyond the range infinite where z > 0 and no number where z < 0.
    struct line {
        double factor;
        margin_penalty<float> operator()(float z) const {
            const float f = static_cast<float>(factor);
            return {f + f * z, f};
        }
    };
    const auto loss = [](double factor) { return pairwise<reference_free, line>{.beta = 1, .link = {factor}}; };
    const std::vector<float> chosen{-1, -2, -3}, rejected{-2, -1, -1};
    const pair_scores<float> all{.chosen = chosen, .rejected = rejected};
    CHECK(loss(1)(all, {}).loss == 2 + 0 - 1);
    CHECK_THROWS_WITH_AS(loss(1e39)(all, {}),
                         "pair 1: the loss is not a number; a parameter exceeds the range of the type", numeric_error);
    const pair_scores<float> first{.chosen = std::span(chosen).first(1), .rejected = std::span(rejected).first(1)};
    CHECK(loss(1e39)(first, {}).loss == std::numeric_limits<double>::infinity());
}

TEST_CASE("the curvature is the derivative of the gradient, along the margin") {
    pairs<double> p = random_pairs<double>(300);
    const auto check = [&](const auto& loss) {
        std::vector<double> curvature(p.chosen.size());
        loss.curvature(p.scores(), std::span(curvature));
        pairs<double> above = p, below = p;
        const double step = 1e-5;
        for (std::size_t i = 0; i < p.chosen.size(); ++i) {
            above.chosen[i] += step;
            below.chosen[i] -= step;
        }
        loss(above.scores(), above.gradients());
        loss(below.scores(), below.gradients());
        for (std::size_t i = 0; i < p.chosen.size(); ++i) {
            const double second = (above.d_chosen[i] - below.d_chosen[i]) / (2 * step) / (loss.beta * loss.beta);
            CHECK(curvature[i] == doctest::Approx(second).epsilon(1e-6).scale(1e-3));
        }
    };
    check(pairwise<log_ratio, logistic>{.beta = 0.2});
    check(pairwise<log_ratio, probit_link, smoothed_target>{.beta = 0.1, .target = {0.1}});
    check(pairwise<log_ratio, squared_link>{.beta = 0.3});
    p.chosen[3] = std::numeric_limits<double>::infinity();
    std::vector<double> curvature(p.chosen.size());
    CHECK_THROWS_AS((pairwise<log_ratio, logistic>{}.curvature(p.scores(), std::span(curvature))), numeric_error);
}
