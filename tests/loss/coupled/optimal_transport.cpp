#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/loss/coupled/optimal_transport.hpp>
#include <preflearn/loss/named.hpp>

#include "../dual.hpp"
#include "../shards.hpp"

using namespace preflearn;

static_assert(CoupledPreferenceLoss<aot, float> && CoupledPreferenceLoss<aot, double> &&
              CoupledPreferenceLoss<aot_unpaired, float> && CoupledPreferenceLoss<aot_unpaired, double>);

namespace {

/// Pairs without the columns that have no meaning once pairs are taken apart.
template <class Real> pairs<Real> bare_pairs(std::size_t n, std::uint64_t seed = 1) {
    pairs<Real> p = random_pairs<Real>(n, seed);
    p.weight.clear();
    p.target.clear();
    p.margin.clear();
    return p;
}

extended smoothed(extended z, extended e) { return -(1 - e) * log_sigma(z).value - e * log_sigma(-z).value; }

/// The definition: sort both sides, compare rank by rank.
extended naive_loss(const aot& loss, const pairs<double>& p) {
    std::vector<extended> x, y;
    for (std::size_t i = 0; i < p.chosen.size(); ++i) {
        x.push_back(extended(p.chosen[i]) - p.rejected[i]);
        y.push_back(extended(p.reference_chosen[i]) - p.reference_rejected[i]);
    }
    std::ranges::sort(x);
    std::ranges::sort(y);
    extended sum = 0;
    for (std::size_t k = 0; k < x.size(); ++k) sum += smoothed(loss.beta * (x[k] - y[k]), loss.label_smoothing);
    return sum;
}
extended naive_loss(const aot_unpaired& loss, const pairs<double>& p) {
    std::vector<extended> u, v;
    for (std::size_t i = 0; i < p.chosen.size(); ++i) {
        u.push_back(extended(p.chosen[i]) - p.reference_chosen[i]);
        v.push_back(extended(p.rejected[i]) - p.reference_rejected[i]);
    }
    std::ranges::sort(u);
    std::ranges::sort(v);
    extended sum = 0;
    for (std::size_t k = 0; k < u.size(); ++k) sum += smoothed(loss.beta * (u[k] - v[k]), loss.label_smoothing);
    return sum;
}

/// Both losses, smoothed and not.
template <class Use> void for_each_form(const Use& use) {
    for (const double smoothing : {0.0, 0.125}) {
        use(aot{.beta = 0.3, .label_smoothing = smoothing});
        use(aot_unpaired{.beta = 0.3, .label_smoothing = smoothing});
    }
}

} // namespace

TEST_CASE("value is the definition, on sizes that fill no block") {
    for_each_form([](const auto& loss) {
        for (const std::size_t n : {0U, 1U, 7U, 1000U, 16384U, 40'001U}) {
            const pairs<double> p = bare_pairs<double>(n, n);
            CHECK(loss(p.scores(), pair_gradients<double>{}).loss ==
                  doctest::Approx(static_cast<double>(naive_loss(loss, p))).epsilon(1e-12));
        }
    });
}

TEST_CASE("one pair alone is DPO on that pair") {
    for_each_form([](const auto& loss) {
        for (std::uint64_t seed = 0; seed < 50; ++seed) {
            pairs<double> p = bare_pairs<double>(1, seed), q = p;
            const loss_sums a = loss(p.scores(), p.gradients());
            const loss_sums b = cdpo{.beta = 0.3, .label_smoothing = loss.label_smoothing}(q.scores(), q.gradients());
            CHECK(a.loss == doctest::Approx(b.loss).epsilon(1e-14));
            CHECK(a.chosen_rewards == b.chosen_rewards);
            CHECK(p.d_chosen[0] == doctest::Approx(q.d_chosen[0]).epsilon(1e-12));
            CHECK(p.d_rejected[0] == doctest::Approx(q.d_rejected[0]).epsilon(1e-12));
        }
    });
}

TEST_CASE("gradients agree with finite differences where no two scores are equal") {
    pairs<double> p = bare_pairs<double>(40);
    generator random(3, "apart");
    for (double& x : p.chosen) x += 0.01 * random.uniform();
    for (double& x : p.rejected) x += 0.01 * random.uniform();
    for_each_form([&](const auto& loss) { CHECK(batch_gradient_error(loss, p, 1e-6) < 1e-8); });
}

TEST_CASE("merged shards are the batch, and the threads change no bit") {
    for_each_form([](const auto& loss) {
        check_merging(loss, bare_pairs<double>(300), 0);
        check_threads(loss, bare_pairs<double>(40'000));
        check_threads(loss, bare_pairs<float>(40'000));
    });
}

TEST_CASE("the order of the pairs changes no value; gradients follow their pair") {
    for_each_form([](const auto& loss) {
        pairs<double> p = bare_pairs<double>(64), q = p;
        generator random(3, "apart");
        for (double& x : p.chosen) x += 1e-3 * random.uniform();
        for (double& x : p.rejected) x += 1e-3 * random.uniform();
        q = p;
        for (auto* column : {&q.chosen, &q.rejected, &q.reference_chosen, &q.reference_rejected})
            std::ranges::reverse(*column);
        CHECK(loss(p.scores(), p.gradients()).loss == loss(q.scores(), q.gradients()).loss);
        std::ranges::reverse(q.d_chosen);
        std::ranges::reverse(q.d_rejected);
        CHECK(p.d_chosen == q.d_chosen);
        CHECK(p.d_rejected == q.d_rejected);
    });
}

TEST_CASE("unpaired: which rejected response stands beside which chosen one does not matter") {
    pairs<double> p = bare_pairs<double>(64), q = p;
    std::ranges::reverse(q.rejected);
    std::ranges::reverse(q.reference_rejected);
    const aot_unpaired loss{};
    CHECK(loss(p.scores(), p.gradients()).loss == loss(q.scores(), q.gradients()).loss);
    CHECK(p.d_chosen == q.d_chosen);
}

TEST_CASE("equal scores take the ranks in the order of the pairs") {
    pairs<double> p;
    p.chosen = {-1, -1, -1};
    p.rejected = {-2, -2, -2};
    p.reference_chosen = {-1, -3, -2};
    p.reference_rejected = {-3, -1, -2};
    const aot loss{.beta = 1};
    loss(p.scores(), p.gradients());
    // The reference's differences are −2, 0, 2 in order.
    const std::array<double, 3> against{-2, 0, 2};
    for (std::size_t i = 0; i < 3; ++i) CHECK(p.d_chosen[i] == doctest::Approx(-1 / (1 + std::exp(1 - against[i]))));
}

TEST_CASE_TEMPLATE("log-probs to ±1e30 saturate to the limits", Real, float, double) {
    for (const Real size : {Real(1e4), Real(1e30)}) {
        const std::vector<Real> high(3, size), low(3, -size);
        std::vector<Real> d(3), e(3);
        for_each_form([&](auto loss) {
            loss.beta = 1;
            loss.label_smoothing = 0;
            CHECK(loss(pair_scores<Real>{.chosen = high, .rejected = low}, pair_gradients<Real>{d, e}).loss == 0);
            CHECK(d == std::vector<Real>(3, 0));
            CHECK(loss(pair_scores<Real>{.chosen = low, .rejected = high}, pair_gradients<Real>{d, e}).loss ==
                  doctest::Approx(6 * static_cast<double>(size)));
            CHECK(d == std::vector<Real>(3, -1));
            CHECK(e == std::vector<Real>(3, 1));
        });
    }
}

TEST_CASE("what has no meaning here, or is not finite, is named") {
    for_each_form([](const auto& loss) {
        pairs<double> p = bare_pairs<double>(20);
        p.rejected[7] = std::numeric_limits<double>::quiet_NaN();
        CHECK_THROWS_WITH_AS(loss(p.scores(), p.gradients()), doctest::Contains("pair 7: rejected is nan"),
                             numeric_error);
        p = bare_pairs<double>(20);
        p.target.assign(20, 0.5);
        CHECK_THROWS_WITH_AS(loss(p.scores(), p.gradients()), doctest::Contains("no weight, target or margin"),
                             argument_error);
        p = bare_pairs<double>(20);
        auto smoothed_too_much = loss;
        smoothed_too_much.label_smoothing = 1.5;
        CHECK_THROWS_WITH_AS(smoothed_too_much(p.scores(), p.gradients()), doctest::Contains("label_smoothing is 1.5"),
                             argument_error);
        CHECK_THROWS_WITH_AS(loss.map(p.scores(), loss.reduce(p.scores()), p.gradients(), 5),
                             doctest::Contains("pairs 5 to 25 of a batch of 20"), argument_error);
    });
}
