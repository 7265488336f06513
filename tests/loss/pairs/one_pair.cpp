#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/loss/by_name/pair_list.hpp>
#include <preflearn/loss/pairs/one_pair.hpp>

#include "../pairs.hpp"

using namespace preflearn;

namespace {

template <class... Parts> auto composition(const pairwise<Parts...>& loss) { return loss; }
template <class Loss> auto composition(const rewards_scaled<Loss>& loss) { return composition(loss.loss); }
template <class Loss> auto composition(const Loss& loss) { return composition(loss.parts()); }

template <class Real, class Loss> void check_against_batch(const Loss& loss) {
    pairs<Real> p = random_pairs<Real>(37);
    pair_scores<Real> scores = p.scores();
    if constexpr (!loss_uses_margin<Loss>) scores.margin = {};
    std::vector<Real> values(p.chosen.size());
    pair_gradients<Real> gradients = p.gradients();
    gradients.values = values;
    loss(scores, gradients);
    const auto parts = composition(loss);
    const Real tolerance = 64 * std::numeric_limits<Real>::epsilon();
    for (std::size_t i = 0; i < values.size(); ++i) {
        single_pair<Real> pair{p.chosen[i], p.rejected[i]};
        if constexpr (loss_uses_reference<Loss>) {
            pair.reference_chosen = p.reference_chosen[i];
            pair.reference_rejected = p.reference_rejected[i];
        }
        pair.weight = p.weight[i];
        if constexpr (loss_uses_target<Loss>) pair.target = p.target[i];
        if constexpr (loss_uses_margin<Loss>) pair.margin = p.margin[i];
        pair.chosen_tokens = p.chosen_tokens[i];
        pair.rejected_tokens = p.rejected_tokens[i];
        const pair_outcome<Real> one = outcome_of_pair(parts, pair);
        const auto near = [&](Real found, Real wanted) {
            return std::abs(found - wanted) <= tolerance * (1 + std::abs(wanted));
        };
        CHECK(one.sound);
        CHECK(near(one.loss, values[i]));
        CHECK(near(one.d_chosen, p.d_chosen[i]));
        CHECK(near(one.d_rejected, p.d_rejected[i]));
    }
}

} // namespace

TEST_CASE("One pair alone has the loss and the derivatives that it has in a batch, for every named loss") {
    for_each_named_loss([](const auto& loss) {
        CAPTURE(std::string(loss.about.name));
        check_against_batch<float>(loss);
        check_against_batch<double>(loss);
    });
}

TEST_CASE("A large log-prob loses nothing beside a reference of its size") {
    const single_pair<float> pair{-100000.F, -100000.0078125F, -99999.9921875F, -99999.9921875F};
    const pair_point<float> at = point_of(pair);
    CHECK(at.difference == (-100000.F - -99999.9921875F) - (-100000.0078125F - -99999.9921875F));
    const single_pair<float> apart{1e8F, 3.F, 1.F, -1e8F}; // u and v round by 1 and 5
    CHECK(static_cast<double>(point_of(apart).difference) == (1e8 - 1) - (3 + 1e8));
}

TEST_CASE("What a batch would be refused for is said of one pair, too") {
    const auto sound = [](const auto& parts, const single_pair<double>& pair) {
        return outcome_of_pair(parts, pair).sound;
    };
    const auto parts = dpo{}.parts();
    const double nan = std::numeric_limits<double>::quiet_NaN(), infinite = std::numeric_limits<double>::infinity();
    CHECK(sound(parts, {.chosen = -1, .rejected = -2}));
    CHECK_FALSE(sound(parts, {.chosen = nan, .rejected = -2}));
    CHECK_FALSE(sound(parts, {.chosen = -1, .rejected = -infinite}));
    CHECK_FALSE(sound(parts, {.chosen = -1, .rejected = -2, .weight = -1}));
    CHECK_FALSE(sound(parts, {.chosen = -1, .rejected = -2, .target = 1.5}));
    CHECK_FALSE(sound(parts, {.chosen = -1, .rejected = -2, .margin = nan}));
    CHECK_FALSE(sound(cpo{}.parts(), {.chosen = -1, .rejected = -2, .chosen_tokens = 0}));
    CHECK_FALSE(sound(simpo{}.parts(), {.chosen = -1, .rejected = -2, .rejected_tokens = 0}));
}

TEST_CASE("A certain response has the limits that it has in a batch") {
    const auto of = [](double chosen, double rejected) {
        return outcome_of_pair(
            orpo{}.parts(),
            single_pair<double>{.chosen = chosen, .rejected = rejected, .chosen_tokens = 2, .rejected_tokens = 3});
    };
    const std::vector<double> chosen{0}, rejected{-7};
    const std::vector<std::uint32_t> two{2}, three{3};
    std::vector<double> d_chosen(1), d_rejected(1), values(1);
    const auto loss = pairwise<mean_log_odds, logistic>{.beta = 1};
    loss(pair_scores<double>{.chosen = chosen, .rejected = rejected, .chosen_tokens = two, .rejected_tokens = three},
         pair_gradients<double>{d_chosen, d_rejected, values});
    const pair_outcome<double> one = outcome_of_pair(
        loss, single_pair<double>{.chosen = 0, .rejected = -7, .chosen_tokens = 2, .rejected_tokens = 3});
    CHECK(one.sound);
    CHECK(one.loss == values[0]);
    CHECK(one.d_chosen == doctest::Approx(d_chosen[0]).epsilon(1e-14));
    CHECK(one.d_rejected == d_rejected[0]);
    CHECK(of(0, -7).sound);
    CHECK_FALSE(of(-7, 0).sound);
    CHECK_FALSE(of(0, 0).sound);
    CHECK_FALSE(of(1, -7).sound);
}
