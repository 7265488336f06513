#include <cmath>

#include <doctest/doctest.h>

#include <preflearn/core/numbers/log_space.hpp>
#include <preflearn/loss/parts/link.hpp>

using namespace preflearn;

static_assert(MarginLink<logistic, float> && MarginLink<logistic, double>);
static_assert(!PairLink<logistic, double>);
static_assert(!MarginLink<decltype([](double z) { return z; }), double>);

TEST_CASE("the logistic penalty and its slope keep relative accuracy in both tails") {
    for (double z = -745; z <= 708; z += 0.37) {
        const auto [value, slope] = logistic{}(z);
        CHECK(std::abs(value / softplus(-z) - 1) < 2e-15);
        CHECK(std::abs(slope / -sigmoid(-z) - 1) < 2e-15);
    }
}

TEST_CASE("the penalties of a pair and of the swapped pair differ by the margin, and their slopes add to minus one") {
    for (double z = -40; z <= 40; z += 0.11) {
        CHECK(logistic{}(-z).value - logistic{}(z).value == doctest::Approx(z));
        CHECK(logistic{}(-z).derivative + logistic{}(z).derivative == doctest::Approx(-1));
    }
}

TEST_CASE_TEMPLATE("the logistic penalty saturates as documented at any finite margin", Real, float, double) {
    for (const Real z : {Real(1e4), Real(1e30), std::numeric_limits<Real>::max()}) {
        CHECK(logistic{}(z).value == 0);
        CHECK(logistic{}(z).derivative == 0);
        CHECK(logistic{}(-z).value == z);
        CHECK(logistic{}(-z).derivative == -1);
    }
    CHECK(logistic{}(Real(0)).value == doctest::Approx(std::log(2.0)));
    CHECK(logistic{}(Real(0)).derivative == Real(-0.5));
}
