#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/loss/pairs/pairwise.hpp>
#include <preflearn/loss/parts/margin_links.hpp>

using namespace preflearn;

namespace {

/// ORPO of one pair among others, in two pieces.
template <class Real> struct certain_pair {
    std::vector<Real> chosen = std::vector<Real>(700, -5), rejected = std::vector<Real>(700, -7), target{}, weight{},
                      margin{}, d_chosen = std::vector<Real>(700), d_rejected = d_chosen, values = d_chosen;
    std::vector<std::uint32_t> chosen_tokens = std::vector<std::uint32_t>(700, 2), rejected_tokens = {};
    static constexpr std::size_t at = 600;

    certain_pair(Real c, Real r) : rejected_tokens(700, 3) {
        chosen[at] = c;
        rejected[at] = r;
    }
    [[nodiscard]] pair_scores<Real> scores() const {
        return {.chosen = chosen,
                .rejected = rejected,
                .chosen_tokens = chosen_tokens,
                .rejected_tokens = rejected_tokens,
                .weight = weight,
                .target = target,
                .margin = margin};
    }
    template <class Loss> loss_sums operator()(const Loss& loss) {
        return loss(scores(), pair_gradients<Real>{d_chosen, d_rejected, values});
    }
};

template <class Link = logistic>
using odds_loss = pairwise<mean_log_odds, scaled_link<Link>, given_target, given_margin, given_weight, chosen_nll>;

} // namespace

TEST_CASE_TEMPLATE("where the chosen response is certain, value and gradient are the limits, beside pairs that are not",
                   Real, float, double) {
    const double odds = std::exp(-2.0) / (1 - std::exp(-2.0)), tolerance = 10 * std::numeric_limits<Real>::epsilon();
    certain_pair<Real> pair(0, -6), near(-std::numeric_limits<Real>::min(), -6);
    const odds_loss<> loss{.beta = 1, .link = {.factor = 0.1}};
    const loss_sums sums = pair(loss), sums_near = near(loss);
    CHECK(pair.values[pair.at] == 0);
    CHECK(pair.d_chosen[pair.at] == doctest::Approx(-0.5 * (1 + 0.1 * odds)).epsilon(tolerance));
    CHECK(pair.d_rejected[pair.at] == 0);
    CHECK(sums.loss == doctest::Approx(sums_near.loss).epsilon(tolerance)); // it is approached
    CHECK(near.d_chosen[pair.at] == doctest::Approx(static_cast<double>(pair.d_chosen[pair.at])).epsilon(tolerance));
    CHECK(sums.correct == 700);
    CHECK(sums.chosen_log_probs == doctest::Approx(-5.0 * 699));
    CHECK(sums.chosen_rewards == doctest::Approx(-5.0 * 699));
    near.chosen[pair.at] = -5;
    near(loss);
    for (std::size_t i = 0; i < 700; ++i)
        if (i != pair.at) CHECK((pair.values[i] == near.values[i] && pair.d_chosen[i] == near.d_chosen[i]));
    // weights, a label of 1 and margins
    pair.weight.assign(700, 3);
    pair.target.assign(700, 1);
    pair.margin.assign(700, 0.5);
    CHECK(pair(loss).weight == 2100);
    CHECK(pair.d_chosen[pair.at] == doctest::Approx(-1.5 * (1 + 0.1 * odds * std::exp(0.5))).epsilon(tolerance));
    // the rejected one, where the label says that it is the better one
    certain_pair<Real> other(-6, 0);
    other.target.assign(700, 0);
    other(loss);
    const double chosen_odds = std::exp(-3.0) / (1 - std::exp(-3.0));
    CHECK(other.values[pair.at] == 3); // the likelihood alone
    CHECK(other.d_chosen[pair.at] == -0.5);
    CHECK(other.d_rejected[pair.at] == doctest::Approx(-0.1 * chosen_odds / 3).epsilon(tolerance));
}

TEST_CASE("other links have their own limits: none of the slope's, or no finite one") {
    certain_pair<double> pair(0, -6);
    const double odds = std::exp(-2.0) / (1 - std::exp(-2.0));
    pair(odds_loss<hinge_link>{.beta = 1});
    CHECK(pair.d_chosen[pair.at] == -0.5);
    pair(odds_loss<exponential_link>{.beta = 1});
    CHECK(pair.d_chosen[pair.at] == doctest::Approx(-0.5 * (1 + odds)).epsilon(1e-14));
    pair(odds_loss<>{.beta = 2}); // σ(−2 Δ) vanishes before the slope has grown
    CHECK(pair.d_chosen[pair.at] == -0.5);
    const auto complain = [&](const auto& loss) {
        CHECK_THROWS_WITH_AS(pair(loss), doctest::Contains("pair 600: the chosen response is certain (log-prob 0)"),
                             numeric_error);
    };
    complain(odds_loss<>{.beta = 0.5}); // the slope grows faster
    complain(odds_loss<squared_link>{.beta = 1});
    complain(odds_loss<probit_link>{.beta = 1});
    pair.target.assign(700, 0.9); // a tenth of an infinite loss
    complain(odds_loss<>{.beta = 1});
    pair.target.clear();
    pair.rejected[pair.at] = 0;
    CHECK_THROWS_WITH_AS(pair(odds_loss<>{.beta = 1}), doctest::Contains("pair 600: both responses are certain"),
                         numeric_error);
    pair.chosen[pair.at] = -1;
    CHECK_THROWS_WITH_AS(pair(odds_loss<>{.beta = 1}), doctest::Contains("pair 600: the rejected response is certain"),
                         numeric_error);
    pair.rejected[pair.at] = 0.5;
    CHECK_THROWS_WITH_AS(pair(odds_loss<>{.beta = 1}),
                         "pair 600: rejected is 0.5: a log-probability is positive, at most 0 was expected",
                         numeric_error);
}
