#include <cmath>
#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/core/numbers/log_space.hpp>
#include <preflearn/loss/pairs/pairwise.hpp>
#include <preflearn/loss/parts/term.hpp>

#include "../pairs.hpp"

using namespace preflearn;

namespace {

/// DPO with a term, less DPO, of one pair with log-probs u and v.
template <class Term> double added(const Term& term, double u, double v) {
    const pairwise<log_ratio, logistic, given_target, given_margin, given_weight, Term> with{.beta = 0.5, .term = term};
    return value_of(with, u, v) - value_of(pairwise<log_ratio, logistic>{.beta = 0.5}, u, v);
}

} // namespace

TEST_CASE("terms add what they say") {
    CHECK(value_of(pairwise<log_ratio, logistic>{.beta = 0.5}, 3, 1) == doctest::Approx(softplus(-1.0)));
    CHECK(added(no_term{}, -3, -1) == 0);
    CHECK(added(chosen_nll_sum{.alpha = 2}, -3, -1) == doctest::Approx(6));
    CHECK(added(centred_rewards{.lambda = 0.5}, -3, -1) == doctest::Approx(8));
}

TEST_CASE("the mean-token likelihood divides by the chosen response's length") {
    const std::vector<double> chosen{-6}, rejected{-1};
    const std::vector<std::uint32_t> three{3}, seven{7};
    const pairwise<reference_free, logistic, given_target, given_margin, given_weight, chosen_nll> loss{.beta = 1};
    std::vector<double> d_chosen(1), d_rejected(1);
    const double value = loss(pair_scores<double>{.chosen = chosen,
                                                  .rejected = rejected,
                                                  .chosen_tokens = three,
                                                  .rejected_tokens = seven},
                              pair_gradients<double>{d_chosen, d_rejected})
                             .loss;
    CHECK(value == doctest::Approx(softplus(5.0) + 2));
    CHECK(d_chosen[0] == doctest::Approx(-1 / (1 + std::exp(-5.0)) - 1.0 / 3));
    CHECK(d_rejected[0] == doctest::Approx(1 / (1 + std::exp(-5.0))));
}

TEST_CASE("terms have exact gradients") {
    const pairs<double> p = random_pairs<double>(20);
    using nll = pairwise<log_ratio, logistic, given_target, given_margin, given_weight, chosen_nll>;
    using centred = pairwise<reference_free, logistic, given_target, given_margin, given_weight, centred_rewards>;
    using preferred = pairwise<log_ratio, logistic, given_target, given_margin, given_weight, preferred_nll>;
    CHECK(gradient_error(nll{}, p) < 1e-7);
    CHECK(gradient_error(preferred{}, p) < 1e-7);
    CHECK(gradient_error(centred{.beta = 1}, p) < 1e-6);
}
