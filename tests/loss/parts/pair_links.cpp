#include <cmath>

#include <doctest/doctest.h>

#include <preflearn/loss/parts/pair_links.hpp>

using namespace preflearn;

namespace {

/// One that asks for the difference, too, as a function of both scores.
struct mixed_links {
    preference_and_quality link{.preference = 0.6, .quality = 1.5};
    template <class Real> pair_penalty<Real> operator()(Real a, Real b) const { return link(a, b, a - b); }
};

template <class Use> void for_each_pair_link(const Use& use) {
    use(noise_contrast{});
    use(binary_classifier{});
    use(binary_classifier{.shift = 0.7});
    use(self_play_squares{.target = 2});
    use(anchored_zero{});
    use(anchored_down{});
    use(chosen_only{});
    use(mixed_links{});
}

} // namespace

TEST_CASE("the partial derivatives of links of both scores") {
    for_each_pair_link([](const auto& link) {
        for (double a = -9.3; a < 9; a += 1.1) {
            for (double b = -9.2; b < 9; b += 1.1) {
                const double h = 1e-5, scale = 1e-8 * (1 + std::abs(link(a, b).value));
                CHECK(std::abs((link(a + h, b).value - link(a - h, b).value) / (2 * h) - link(a, b).d_chosen) < scale);
                CHECK(std::abs((link(a, b + h).value - link(a, b - h).value) / (2 * h) - link(a, b).d_rejected) <
                      scale);
            }
        }
    });
}

TEST_CASE_TEMPLATE("no finite scores give NaN", Real, float, double) {
    for_each_pair_link([](const auto& link) {
        for (const Real a : {Real(-1e30), Real(-800), Real(0), Real(800), Real(1e30)}) {
            for (const Real b : {Real(-1e30), Real(-800), Real(0), Real(800), Real(1e30)}) {
                const auto [value, da, db] = link(a, b);
                CHECK(value == value);
                CHECK(da == da);
                CHECK(db == db);
            }
        }
    });
}

TEST_CASE("anchored down: the slope in the chosen score keeps its accuracy where the two terms cancel") {
    // σ'(a) − σ'(a − b) = −sinh(a − b/2) sinh(b/2) / (4 cosh²(a/2) cosh²((a − b)/2)).
    for (const double a : {-30.0, -2.0, 1e-9, 0.4, 7.0, 40.0}) {
        for (const double b : {1e-12, -1e-7, 0.3, -5.0, 2 * a + 1e-6}) {
            const long double half_a = a / 2.0L, c = (static_cast<long double>(a) - b) / 2;
            const long double exact = -std::sinh(a - b / 2.0L) * std::sinh(b / 2.0L) /
                                      (4 * std::pow(std::cosh(half_a), 2.0L) * std::pow(std::cosh(c), 2.0L));
            CHECK(anchored_down{}(a, b).d_chosen == doctest::Approx(double(exact)).epsilon(1e-13));
        }
    }
    CHECK(anchored_down{}(3.0, 0.0).d_chosen == 0);
}
