#include <cmath>
#include <concepts>

#include <doctest/doctest.h>

#include <preflearn/core/numbers/scaled_erfc.hpp>

using namespace preflearn;

TEST_CASE_TEMPLATE("it is e^{r²} erfc(r) of the C library in long double", Real, float, double) {
    const double bound = std::same_as<Real, double> ? 1e-15 : 4e-7;
    for (double r = 0; r < 20; r += 0.0037) {
        const auto x = static_cast<Real>(r);
        const auto wide = static_cast<long double>(x);
        const long double expected = std::exp(wide * wide) * std::erfc(wide);
        CHECK(std::abs(static_cast<double>((scaled_erfc(x) - expected) / expected)) < bound);
    }
}

TEST_CASE_TEMPLATE("its limits are 1 at 0 and 1 / (r √π) far out", Real, float, double) {
    CHECK(scaled_erfc(Real(0)) == doctest::Approx(1).epsilon(1e-7));
    for (const Real r : {Real(1e5), Real(1e10), Real(1e30)})
        CHECK(scaled_erfc(r) * r == doctest::Approx(0.56418958354775628695).epsilon(1e-6));
}
