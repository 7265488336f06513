#include <cmath>
#include <limits>

#include <doctest/doctest.h>

#include <preflearn/core/numbers/log_space.hpp>
#include <preflearn/loss/parts/margin_links.hpp>

using namespace preflearn;

namespace {

/// Calls `use(link)` with one of each kind.
template <class Use> void for_each_link(const Use& use) {
    use(logistic{});
    use(hinge_link{});
    use(squared_link{.centre = 0.5});
    use(exponential_link{});
    use(probit_link{});
    use(reverse_kl_to_label::of(0.125));
    use(modulated_link{.temperature = 0.3});
    use(modulated_link{.temperature = 1e-310});
    use(noise_tolerant_link{});
    use(noise_tolerant_link{.alpha = 1e200});
    use(rao_kupper_link{});
    use(davidson_link{});
    use(scaled_link<logistic>{.factor = 2});
}

} // namespace

TEST_CASE("slopes and curvatures are the derivatives of the value and the slope") {
    for_each_link([]<class Link>(const Link& link) {
        for (double z = -12.03; z < 12; z += 0.1) { // off the hinge's corner
            const double step = 1e-5;
            const auto above = link(z + step), below = link(z - step);
            const double scale = 1e-8 * (1 + std::abs(above.value));
            CHECK(std::abs((above.value - below.value) / (2 * step) - link(z).derivative) < scale);
            if constexpr (CurvedLink<Link, double>)
                CHECK(std::abs((above.derivative - below.derivative) / (2 * step) - link.curvature(z)) < scale);
        }
    });
}

TEST_CASE_TEMPLATE("no finite margin gives NaN, and values are never negative", Real, float, double) {
    for_each_link([]<class Link>(const Link& link) {
        for (const Real size : {Real(0), Real(1e-30), Real(89), Real(710), Real(1e8), Real(1e30)}) {
            for (const Real z : {size, -size}) {
                CHECK(link(z).value >= 0);
                CHECK(link(z).derivative == link(z).derivative);
            }
        }
    });
}

TEST_CASE("the limits that the docstrings state") {
    CHECK(exponential_link{}(-1e9).value == doctest::Approx(std::numeric_limits<double>::max()).epsilon(1e-3));
    const auto label = reverse_kl_to_label::of(0.25);
    CHECK(label(1e9).value == doctest::Approx(-std::log(0.75)));
    CHECK(label(-1e9).value == doctest::Approx(-std::log(0.25)));
    CHECK(label(std::log(3.0)).value == doctest::Approx(0));
    CHECK(std::abs(label(std::log(3.0)).derivative) < 1e-16);
    CHECK(modulated_link{}(-3000.0).value == 3000);
    CHECK(modulated_link{}(-3000.0).derivative == -1);
    CHECK(modulated_link{}(50.0).value == doctest::Approx(std::exp(-50.0)).epsilon(1e-13));
    const modulated_link step{.temperature = 1e-310};
    CHECK(step(1e-3).value == exponential_link{}(1e-3).value);
    CHECK(step(-1e-3).value == logistic{}(-1e-3).value);
    CHECK(step(0.0).value == doctest::Approx((1 + std::log(2)) / 2));
    CHECK(std::isfinite(step(0.0F).derivative));
    CHECK(probit_link{}(-1e3).value == doctest::Approx(5e5 + std::log(1e3 * 2.5066282746310002)));
    CHECK(probit_link{}(-1e3).derivative == doctest::Approx(-1e3).epsilon(1e-5));
}

TEST_CASE("the divergence to a label keeps its relative accuracy around its minimum") {
    for (const double e : {1e-3, 0.125, 0.4}) {
        const auto link = reverse_kl_to_label::of(e);
        for (double d = 1e-6; d < 0.2; d *= 1.3) {
            for (const double at : {link.log_odds + d, link.log_odds - d}) {
                // ∫ x σ'(z₀ + x) dx from 0 to d by Simpson's rule in long double: no cancellation.
                const long double from = static_cast<long double>(at) - link.log_odds;
                const auto density = [&](long double x) {
                    const long double z = link.log_odds + x;
                    return x / ((1 + std::exp(-z)) * (1 + std::exp(z)));
                };
                long double sum = 0;
                constexpr int steps = 400;
                for (int i = 0; i <= steps; ++i)
                    sum += density(from * i / steps) * (i == 0 || i == steps ? 1 : i % 2 == 1 ? 4 : 2);
                CHECK(link(at).value == doctest::Approx(double(sum * from / steps / 3)).epsilon(1e-11));
            }
        }
    }
}

TEST_CASE("ties: probabilities of winning, tying and losing add up to one, and no ties give Bradley-Terry") {
    for (double z = -6; z < 6; z += 0.7) {
        const double eta = 0.4, nu = 0.8;
        const rao_kupper_link rk{eta};
        const double won = std::exp(-rk(z).value), lost = std::exp(-rk(-z).value);
        CHECK(won + lost + std::expm1(2 * eta) * won * lost == doctest::Approx(1));
        const davidson_link d{nu};
        const double w = std::exp(-d(z).value), l = std::exp(-d(-z).value);
        CHECK(w + l + nu * std::sqrt(w * l) == doctest::Approx(1));
        CHECK(davidson_link{0}(z).value == doctest::Approx(logistic{}(z).value).epsilon(1e-14));
        CHECK(rao_kupper_link{0}(z).value == logistic{}(z).value);
    }
}
