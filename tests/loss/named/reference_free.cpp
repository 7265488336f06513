#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/core/numbers/log_space.hpp>
#include <preflearn/loss/named/reference_free.hpp>

#include "../pairs.hpp"

using namespace preflearn;

TEST_CASE("SimPO without a margin is the logistic loss of token means, and a longer margin costs more") {
    CHECK(value_of(simpo{.beta = 2, .simpo_gamma = 0}, -1, -2) == doctest::Approx(softplus(-2.0)));
    CHECK(value_of(simpo{.beta = 2, .simpo_gamma = 1}, -1, -2) > value_of(simpo{.beta = 2, .simpo_gamma = 0}, -1, -2));
}

TEST_CASE_TEMPLATE("ORPO's gradient next to certainty: right for the chosen response, finite for the rejected", Real,
                   float, double) {
    const Real nearly_certain = std::is_same_v<Real, float> ? Real(-1e-39) : Real(-1e-310);
    const std::vector<Real> chosen{nearly_certain, -3}, rejected{-3, nearly_certain};
    const std::vector<std::uint32_t> tokens{2, 2};
    std::vector<Real> d_chosen(2), d_rejected(2);
    orpo{.beta = 0.5}(
        pair_scores<Real>{.chosen = chosen, .rejected = rejected, .chosen_tokens = tokens, .rejected_tokens = tokens},
        pair_gradients<Real>{d_chosen, d_rejected});
    // The mean token of the other response has probability e^{-1.5}.
    const double ulps = 200 * std::numeric_limits<Real>::epsilon();
    CHECK(d_chosen[0] == doctest::Approx(-(1 + 0.5 / std::expm1(1.5)) / 2).epsilon(ulps));
    CHECK(std::abs(d_rejected[0]) < 1e-30);
    CHECK(d_chosen[1] == doctest::Approx(-(1 - 0.5 / std::expm1(-1.5)) / 2).epsilon(ulps));
    CHECK(d_rejected[1] > std::numeric_limits<Real>::max() / 20);
    CHECK(std::isfinite(d_rejected[1]));
}
