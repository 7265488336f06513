#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#if defined(_OPENMP)
#include <omp.h>
#endif

#include <doctest/doctest.h>

#include <preflearn/loss/tokens/from_tokens.hpp>
#include <preflearn/loss/tokens/wspo.hpp>

#include "../token_pairs.hpp"

using namespace preflearn;

static_assert(TokenLoss<wspo, double> && TokenLoss<wspo, float>);

TEST_CASE("value and rewards are the definition's") {
    token_pairs<double> p = random_token_pairs<double>(50, 2);
    const loss_sums sums = wspo{.beta = 0.3}(p.scores(), p.gradients());
    double total = 0, chosen = 0, rejected = 0;
    for (std::size_t i = 0; i < 50; ++i) {
        double squares = 0;
        for (std::size_t at = p.chosen.offsets[i]; at < p.chosen.offsets[i + 1]; ++at) {
            const double shift = 0.3 * (p.chosen.policy[at] - p.chosen.reference[at]);
            squares += std::pow(shift - p.chosen.weak_shift[at], 2);
            chosen += shift;
        }
        for (std::size_t at = p.rejected.offsets[i]; at < p.rejected.offsets[i + 1]; ++at)
            rejected += 0.3 * (p.rejected.policy[at] - p.rejected.reference[at]);
        const double mean = squares / static_cast<double>(p.chosen.offsets[i + 1] - p.chosen.offsets[i]);
        CHECK(p.values[i] == doctest::Approx(p.weight[i] * mean).epsilon(1e-13));
        total += p.weight[i] * mean;
    }
    CHECK(sums.loss == doctest::Approx(total).epsilon(1e-13));
    CHECK(sums.chosen_rewards == doctest::Approx(chosen).epsilon(1e-12));
    CHECK(sums.rejected_rewards == doctest::Approx(rejected).epsilon(1e-12));
    CHECK(sums.pairs == 50);
}

TEST_CASE("the gradient is that of finite differences and stays off the rejected response") {
    const token_pairs<double> p = random_token_pairs<double>(10, 3, 12);
    CHECK(token_gradient_error(wspo{.beta = 0.3}, p) < 1e-8);
    token_pairs<double> q = p;
    wspo{}(q.scores(), q.gradients());
    for (const double d : q.rejected.d_policy) CHECK(d == 0);
    for (const double d : q.chosen.d_divergence) CHECK(d == 0);
}

TEST_CASE("the loss is least where the policy's scaled shift is the weak one's") {
    token_pairs<double> p = random_token_pairs<double>(20, 4);
    for (std::size_t at = 0; at < p.chosen.policy.size(); ++at)
        p.chosen.policy[at] = p.chosen.reference[at] + p.chosen.weak_shift[at] / 0.5;
    CHECK(wspo{.beta = 0.5}(p.scores(), p.gradients()).loss < 1e-26);
    for (const double d : p.chosen.d_policy) CHECK(std::abs(d) < 1e-14);
}

TEST_CASE("padding and threads change nothing; weak_shift alone is needed beyond log-probs") {
    token_pairs<float> ragged = random_token_pairs<float>(90, 5), holes = padded(ragged);
    for (token_pairs<float>* p : {&ragged, &holes}) p->rejected.weak_shift.clear();
    const loss_sums a = wspo{}(ragged.scores(), ragged.gradients()), b = wspo{}(holes.scores(), holes.gradients());
    CHECK(a.loss == b.loss);
    CHECK(a.correct == b.correct);
    CHECK(holes.chosen.at_tokens(holes.chosen.d_policy) == ragged.chosen.d_policy);
    for (std::size_t at = 0; at < holes.chosen.mask.size(); ++at)
        if (holes.chosen.mask[at] == 0) CHECK(holes.chosen.d_policy[at] == 0);
#if defined(_OPENMP)
    const int before = omp_get_max_threads();
    for (const int threads : {1, 3}) {
        omp_set_num_threads(threads);
        CHECK(wspo{}(ragged.scores(), {}).loss == a.loss);
    }
    omp_set_num_threads(before);
#endif
}

TEST_CASE("what is missing or not finite is named") {
    const token_pairs<double> good = random_token_pairs<double>(6, 5);
    token_pairs<double> p = good;
    p.chosen.weak_shift.clear();
    CHECK_THROWS_WITH_AS(wspo{}(p.scores(), {}), doctest::Contains("needs the column weak_shift"), argument_error);
    p = good;
    p.chosen.weak_shift[p.chosen.offsets[4]] = std::numeric_limits<double>::quiet_NaN();
    CHECK_THROWS_WITH_AS(wspo{}(p.scores(), {}), doctest::Contains("pair 4: weak_shift of chosen token 0 is nan"),
                         numeric_error);
    p = good;
    p.rejected.policy[p.rejected.offsets[5]] = -std::numeric_limits<double>::infinity();
    CHECK_THROWS_WITH_AS(wspo{}(p.scores(), {}), doctest::Contains("pair 5: policy of rejected token 0 is -inf"),
                         numeric_error);
    p = good;
    p.chosen.policy[p.chosen.offsets[2]] = -1e200;
    CHECK_THROWS_WITH_AS(wspo{}(p.scores(), {}), doctest::Contains("pair 2: the sum over the chosen"), numeric_error);
    p = good;
    p.weight[1] = -1;
    CHECK_THROWS_WITH_AS(wspo{}(p.scores(), {}), doctest::Contains("pair 1: weight is -1"), argument_error);
    CHECK_THROWS_WITH_AS((wspo{.beta = 0}(good.scores(), {})), doctest::Contains("beta is 0"), argument_error);
    p = good;
    p.chosen.offsets[1] = 0;
    CHECK_THROWS_WITH_AS(wspo{}(p.scores(), {}), doctest::Contains("pair 0: its chosen response is empty"),
                         argument_error);
}
