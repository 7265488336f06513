#include <cmath>
#include <initializer_list>

#include <doctest/doctest.h>

#include <preflearn/ranking/model/ties.hpp>

using namespace preflearn;

namespace {

template <class Ties, class Link> void check_rule(std::initializer_list<double> parameters) {
    const pair_cell cell{0, 1, 3.5, 2, Ties::has_parameter ? 1.25 : 1};
    constexpr double h = 1e-5;
    for (const double t : parameters) {
        for (const double x : {-3.0, -0.4, 0.0, 1.1, 5.0}) {
            CAPTURE(t);
            CAPTURE(x);
            const auto at = [&](double dx, double dt) { return Ties::terms(Link{}, cell, x + dx, t + dt); };
            const outcome_terms f = at(0, 0);
            CHECK(f.slope_x == doctest::Approx((at(h, 0).value - at(-h, 0).value) / (2 * h)).epsilon(1e-6));
            CHECK(f.curvature_xx == doctest::Approx((at(-h, 0).slope_x - at(h, 0).slope_x) / (2 * h)).epsilon(1e-6));
            const outcome_probabilities p = Ties::probabilities(Link{}, x, t);
            CHECK(p.left + p.right + p.tie == doctest::Approx(1).epsilon(1e-13));
            if constexpr (Ties::has_parameter) {
                CHECK(f.slope_t == doctest::Approx((at(0, h).value - at(0, -h).value) / (2 * h)).epsilon(1e-6));
                CHECK(f.curvature_xt ==
                      doctest::Approx((at(-h, 0).slope_t - at(h, 0).slope_t) / (2 * h)).epsilon(1e-6).scale(1e-3));
                CHECK(f.curvature_tt ==
                      doctest::Approx((at(0, -h).slope_t - at(0, h).slope_t) / (2 * h)).epsilon(1e-6));
                CHECK(f.value ==
                      doctest::Approx(3.5 * std::log(p.left) + 2 * std::log(p.right) + 1.25 * std::log(p.tie)));
            }
        }
    }
}

} // namespace

TEST_CASE("derivatives and probabilities of every tie rule") {
    check_rule<half_win_rule, logit_choice>({0});
    check_rule<drop_rule, logit_choice>({0});
    check_rule<half_win_rule, probit_choice>({0});
    check_rule<rao_kupper_rule, logit_choice>({0.05, 0.5, 2});
    check_rule<rao_kupper_rule, probit_choice>({0.05, 0.5, 2});
    check_rule<davidson_rule, logit_choice>({-2, 0, 1.5});
}

TEST_CASE("the models are the printed formulas") {
    const double a = 1.7, b = 0.6, x = std::log(a / b); // strengths
    const double t = 1.4;
    const outcome_probabilities rk = rao_kupper_rule::probabilities(logit_choice{}, x, std::log(t));
    CHECK(rk.left == doctest::Approx(a / (a + t * b)));
    CHECK(rk.right == doctest::Approx(b / (b + t * a)));
    CHECK(rk.tie == doctest::Approx((t * t - 1) * a * b / ((a + t * b) * (b + t * a))));
    const double nu = 0.8, sum = a + b + nu * std::sqrt(a * b);
    const outcome_probabilities d = davidson_rule::probabilities(logit_choice{}, x, std::log(nu));
    CHECK(d.left == doctest::Approx(a / sum));
    CHECK(d.tie == doctest::Approx(nu * std::sqrt(a * b) / sum));
}

TEST_CASE("without ties the tie models are plain Bradley-Terry in the limit") {
    const pair_cell cell{0, 1, 3, 2, 0};
    const double plain = half_win_rule::terms(logit_choice{}, cell, 0.7, 0).value;
    CHECK(rao_kupper_rule::terms(logit_choice{}, cell, 0.7, 1e-9).value == doctest::Approx(plain));
    CHECK(davidson_rule::terms(logit_choice{}, cell, 0.7, -30).value == doctest::Approx(plain));
}
