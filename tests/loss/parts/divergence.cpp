#include <cmath>
#include <limits>

#include <doctest/doctest.h>

#include <preflearn/loss/named.hpp>
#include <preflearn/loss/parts/divergence.hpp>

#include "../pairs.hpp"

using namespace preflearn;

namespace {

template <class Use> void for_each_divergence(const Use& use) {
    use(reverse_kl{});
    use(forward_kl{});
    use(js_divergence{});
    use(alpha_divergence{});
    use(alpha_divergence{.coefficient = 2.5});
    use(alpha_divergence::of_alpha(0.7));
}

pair_point<double> point(double u, double v) { return {u, v, u, v, u - v, 1, 1}; }

} // namespace

TEST_CASE("scores rise with the log-ratio, by the slope that they report") {
    for_each_divergence([](const auto& score) {
        for (double u = -6; u < 6; u += 0.3) {
            const double h = 1e-5, above = score(u + h, 1.0).value, below = score(u - h, 1.0).value;
            CHECK(above > below);
            CHECK((above - below) / (2 * h) == doctest::Approx(score(u, 1.0).derivative).epsilon(1e-7));
        }
        CHECK(score(0.0, 1.0).derivative ==
              doctest::Approx(std::is_same_v<decltype(score), const js_divergence&> ? 0.5 : 1));
    });
}

TEST_CASE("the difference of two scores is their subtraction, and does not cancel where they are close") {
    for_each_divergence([](const auto& score) {
        for (double u = -6; u < 6; u += 0.7) {
            for (double v = -6; v < 6; v += 0.6)
                CHECK(scores_of_pair(score, point(u, v)).difference ==
                      doctest::Approx(score(u, 1.0).value - score(v, 1.0).value).epsilon(1e-11));
        }
        pair_point<double> close = point(-25, -25);
        close.difference = 1e-12;
        CHECK(scores_of_pair(score, close).difference ==
              doctest::Approx(1e-12 * score(-25.0, 1.0).derivative).epsilon(1e-3));
    });
}

TEST_CASE("both conventions of the alpha divergence and its limits") {
    // TRL up to 0.28: (1 − e^{−α u}) / α.
    CHECK(alpha_divergence::of_alpha(0.7)(1.3, 1.0).value == doctest::Approx((1 - std::exp(-0.7 * 1.3)) / 0.7));
    // TRL from 0.29: (e^{(a − 1) u} − 1) / (a − 1).
    CHECK(alpha_divergence{.coefficient = 0.3}(1.3, 1.0).value == doctest::Approx((std::exp(-0.7 * 1.3) - 1) / -0.7));
    CHECK(alpha_divergence{.coefficient = 1}(1.3, 1.0).value == 1.3);
    CHECK(alpha_divergence{.coefficient = 0}(1.3, 1.0).value == doctest::Approx(forward_kl{}(1.3, 1.0).value));
}

TEST_CASE_TEMPLATE("any finite log-ratio leaves loss and gradient finite", Real, float, double) {
    for_each_divergence([](const auto& divergence) {
        const basic_dpo<std::decay_t<decltype(divergence)>> loss{.beta = 0.1, .divergence = divergence};
        for (const Real u : {Real(-1e30), Real(-2000), Real(0), Real(2000), Real(1e30)}) {
            for (const Real v : {Real(-1e30), Real(-2000), Real(0), Real(2000), Real(1e30)}) {
                Real d_chosen = 0, d_rejected = 0;
                const pair_scores<Real> one{.chosen = {&u, 1}, .rejected = {&v, 1}};
                const double value = loss(one, pair_gradients<Real>{{&d_chosen, 1}, {&d_rejected, 1}}).loss;
                CHECK(std::isfinite(value));
                CHECK(std::isfinite(d_chosen));
                CHECK(std::isfinite(d_rejected));
            }
        }
    });
}
