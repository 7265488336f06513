#include <array>
#include <concepts>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/core/concepts.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/loss/coupled/optimal_transport.hpp>
#include <preflearn/loss/coupled/robust.hpp>
#include <preflearn/loss/coupled/weighted_sum.hpp>
#include <preflearn/loss/named.hpp>
#include <preflearn/loss/parts/margin_links.hpp>

#include "../shards.hpp"

using namespace preflearn;

static_assert(PreferenceLoss<weighted_sum<dpo, ipo_sum>, double>);

TEST_CASE("value and gradient are the weighted sums, on sizes that fill no piece and no block") {
    const weighted_sum<dpo, ipo_sum, chosen_likelihood> sum{
        .losses = {dpo{.beta = 0.2}, ipo_sum{}, chosen_likelihood{}}, .weights = {2, 0.5, 3}};
    for (const std::size_t n : {0U, 1U, 255U, 257U, 5000U}) {
        pairs<double> a = random_pairs<double>(n), b = a, c = a, all = a;
        for (pairs<double>* p : {&a, &b, &c, &all}) p->margin.clear();
        const double expected = 2 * dpo{.beta = 0.2}(a.scores(), a.gradients()).loss +
                                0.5 * ipo_sum{}(b.scores(), b.gradients()).loss +
                                3 * chosen_likelihood{}(c.scores(), c.gradients()).loss;
        const loss_sums sums = sum(all.scores(), all.gradients());
        CHECK(sums.loss == doctest::Approx(expected));
        CHECK(sums.pairs == n);
        CHECK(sum(all.scores(), pair_gradients<double>{}).loss == sums.loss);
        for (std::size_t i = 0; i < n; ++i) {
            CHECK(all.d_chosen[i] ==
                  doctest::Approx(2 * a.d_chosen[i] + 0.5 * b.d_chosen[i] + 3 * c.d_chosen[i]).epsilon(1e-13));
            CHECK(all.d_rejected[i] ==
                  doctest::Approx(2 * a.d_rejected[i] + 0.5 * b.d_rejected[i] + 3 * c.d_rejected[i]).epsilon(1e-13));
        }
    }
}

namespace {

/// A loss of a user's, which says nothing of what it reads.
struct own_loss {
    template <std::floating_point Real>
    loss_sums operator()(const pair_scores<Real>& scores, const pair_gradients<Real>& gradients) const {
        return simpo{}(scores, gradients);
    }
};

} // namespace

TEST_CASE("losses without parts, compositions and sums are summed, and what they need is known") {
    using composed = pairwise<per_token<reference_free>, hinge_link>;
    static_assert(!weighted_sum<composed, bradley_terry>::uses_reference);
    static_assert(weighted_sum<composed, bradley_terry>::uses_tokens);
    static_assert(weighted_sum<weighted_sum<dpo, bco_pair>, bradley_terry>::uses_reference);
    static_assert(weighted_sum<own_loss, composed>::uses_reference);
    pairs<double> p = random_pairs<double>(300);
    const double alone = simpo{}(p.scores(), p.gradients()).loss;
    const weighted_sum<own_loss, weighted_sum<own_loss, simpo>> sum{.losses = {}, .weights = {0.5, 1}};
    CHECK(sum(p.scores(), p.gradients()).loss == doctest::Approx(0.5 * alone)); // the inner weights are 0
}

namespace {

using mpo_in_turn = weighted_sum<dpo, bco_pair, chosen_likelihood>;

} // namespace

TEST_CASE("MPO in one pass is the weighted sum of its three losses, with soft targets and weights, too") {
    pairs<double> p = random_pairs<double>(1000), q = p;
    p.margin.clear();
    q.margin.clear();
    const mpo loss{.beta = 0.3, .preference_weight = 0.5, .quality_weight = 0.7, .generation_weight = 2};
    const mpo_in_turn sum{.losses = {dpo{.beta = 0.3}, bco_pair{.beta = 0.3}, {}}, .weights = {0.5, 0.7, 2}};
    for (const bool plain : {false, true}) {
        if (plain) p.target.clear(), p.weight.clear(), q.target.clear(), q.weight.clear();
        CHECK(loss(p.scores(), p.gradients()).loss ==
              doctest::Approx(sum(q.scores(), q.gradients()).loss).epsilon(1e-13));
        for (std::size_t i = 0; i < 1000; ++i) {
            CHECK(p.d_chosen[i] == doctest::Approx(q.d_chosen[i]).epsilon(1e-13));
            CHECK(p.d_rejected[i] == doctest::Approx(q.d_rejected[i]).epsilon(1e-13));
        }
    }
}

TEST_CASE("a sum with a loss that couples the batch is coupled: shards merge, the gradient goes through the state") {
    using sum = weighted_sum<distributionally_robust<dpo>, bco_pair, aot>;
    static_assert(CoupledLoss<sum> && !CoupledLoss<mpo_in_turn>);
    const sum loss{.losses = {}, .weights = {0.5, 2, 3}};
    pairs<double> p = random_pairs<double>(100);
    p.margin.clear();
    p.weight.clear();
    p.target.clear();
    pairs<double> q = p;
    const double expected = 0.5 * distributionally_robust<dpo>{}(q.scores(), {}).loss +
                            2 * bco_pair{}(q.scores(), {}).loss + 3 * aot{}(q.scores(), {}).loss;
    CHECK(loss(p.scores(), p.gradients()).loss == doctest::Approx(expected).epsilon(1e-13));
    CHECK(batch_gradient_error(loss, p, 1e-6) < 1e-7);
    check_merging(loss, p, 1e-12);
}

TEST_CASE("a fault is named by the pair's place in the batch") {
    pairs<double> p = random_pairs<double>(1000);
    p.margin.clear();
    p.target.assign(1000, 1);
    p.target[700] = 1.5;
    CHECK_THROWS_WITH_AS(mpo_in_turn{}(p.scores(), p.gradients()), doctest::Contains("pair 700: target is 1.5"),
                         argument_error);
    p.target[700] = 1;
    p.chosen[700] = std::numeric_limits<double>::quiet_NaN();
    CHECK_THROWS_WITH_AS(mpo_in_turn{}(p.scores(), p.gradients()), doctest::Contains("pair 700: chosen is nan"),
                         numeric_error);
}

TEST_CASE("what it reports besides the loss is what its first loss reports") {
    pairs<double> p = random_pairs<double>(300);
    p.margin.clear();
    const loss_sums first = dpo{}(p.scores(), p.gradients()),
                    sums = mpo_in_turn{.losses = {}, .weights = {0.8, 0.2, 1}}(p.scores(), p.gradients());
    CHECK(sums.weight == first.weight);
    CHECK(sums.correct == first.correct);
    CHECK(sums.chosen_rewards == doctest::Approx(first.chosen_rewards));
}
