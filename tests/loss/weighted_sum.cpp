#include <array>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/core/concepts.hpp>
#include <preflearn/loss/weighted_sum.hpp>

#include "pairs.hpp"

using namespace preflearn;

static_assert(PreferenceLoss<mpo, float> && PreferenceLoss<weighted_sum<dpo, ipo_sum>, double>);

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

TEST_CASE("what it reports besides the loss is what its first loss reports") {
    pairs<double> p = random_pairs<double>(300);
    p.margin.clear();
    const loss_sums first = dpo{}(p.scores(), p.gradients()), sums = mpo{}(p.scores(), p.gradients());
    CHECK(sums.weight == first.weight);
    CHECK(sums.correct == first.correct);
    CHECK(sums.chosen_rewards == doctest::Approx(first.chosen_rewards));
}
