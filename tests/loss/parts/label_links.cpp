#include <cmath>

#include <doctest/doctest.h>

#include <preflearn/core/numbers/log_space.hpp>
#include <preflearn/loss/parts/label_links.hpp>

using namespace preflearn;

namespace {

template <class Link> void check_slopes(const Link& link) {
    for (const double q : {0.0, 0.1, 0.5, 0.93, 1.0}) {
        for (double z = -8.03; z < 8; z += 0.2) {
            const double step = 1e-5, slope = (link(z + step, q).value - link(z - step, q).value) / (2 * step);
            CHECK(std::abs(slope - link(z, q).derivative) < 1e-7 * (1 + std::abs(slope)));
        }
    }
}

} // namespace

TEST_CASE("slopes are the derivatives of the values") {
    check_slopes(geometric_link<>{});
    check_slopes(geometric_link<squared_link>{});
    check_slopes(kl_from_label{});
    check_slopes(kl_to_label{});
}

TEST_CASE("divergences vanish where the model says what the label says, and nowhere else") {
    for (const double z : {-3.0, -0.5, 0.0, 2.0}) {
        const double q = 1 / (1 + std::exp(-z));
        CHECK(std::abs(kl_from_label{}(z, q).value) < 1e-15);
        CHECK(std::abs(kl_to_label{}(z, q).value) < 1e-15);
        CHECK(kl_from_label{}(z + 1, q).value > 0.01);
        CHECK(kl_to_label{}(z - 1, q).value > 0.01);
        // Both are half the squared distance times the variance, nearby.
        CHECK(kl_from_label{}(z + 1e-4, q).value == doctest::Approx(0.5e-8 * q * (1 - q)).epsilon(1e-3));
        CHECK(kl_to_label{}(z + 1e-4, q).value == doctest::Approx(0.5e-8 * q * (1 - q)).epsilon(1e-3));
    }
}

TEST_CASE("with hard labels the divergence from the label is the logistic loss, and geometric labels are it, too") {
    for (double z = -30; z < 30; z += 1.7) {
        CHECK(kl_from_label{}(z, 1.0).value == doctest::Approx(softplus(-z)).epsilon(1e-13));
        CHECK(kl_from_label{}(z, 0.0).value == doctest::Approx(softplus(z)).epsilon(1e-13));
        CHECK(geometric_link<>{}(z, 1.0).value == logistic{}(z).value);
        CHECK(geometric_link<>{}(z, 0.5).derivative == 0);
    }
}

TEST_CASE("mirroring pair and label changes nothing") {
    for (double z = -9; z < 9; z += 0.7) {
        for (const double q : {0.125, 0.25, 0.75}) {
            CHECK(kl_from_label{}(z, q).value == doctest::Approx(kl_from_label{}(-z, 1 - q).value).epsilon(1e-12));
            CHECK(kl_to_label{}(z, q).value == doctest::Approx(kl_to_label{}(-z, 1 - q).value).epsilon(1e-12));
            CHECK(geometric_link<>{}(z, q).value == geometric_link<>{}(-z, 1 - q).value);
        }
    }
}
