#include <limits>

#include <doctest/doctest.h>

#include <preflearn/loss/parts/margin.hpp>
#include <preflearn/loss/parts/weight.hpp>

using namespace preflearn;

static_assert(MarginPart<given_margin, float> && MarginPart<given_margin, double>);
static_assert(!MarginPart<given_weight, double>);

TEST_CASE("margins of a constant, in units of beta, of lengths and of an outer score's gap") {
    CHECK(given_margin{}(-1.5F) == -1.5F);
    CHECK(constant_margin{.gamma = 0.5}(0.25) == 0.75);
    const pair_point<double> at{-3, -4, -3, -4, 1, 30, 20};
    CHECK(length_margin{.alpha = 0.25}(1.0, at) == -1.5);
    CHECK(margin_over_beta{.beta = 0.25}(-1.0) == -4);
    CHECK(margin_over_beta{.beta = 1e-300}(-1.0F) == -std::numeric_limits<float>::max());
    CHECK(margin_over_beta{.beta = 1e-310}(0.0) == 0);
    CHECK(log_gap_margin{.alpha = 2}(1.0) == 0);
    CHECK(log_gap_margin{.alpha = 2}(3.0) == doctest::Approx(2 * 1.0986122886681098));
    CHECK(log_gap_margin{}(0.0) == 0);
}
