#include <cmath>
#include <limits>
#include <span>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/training/loop/clip.hpp>

using namespace preflearn;

namespace {
double norm_of(const std::vector<double>& g) { return global_norm(std::span<const double>(g)); }
} // namespace

TEST_CASE("the norm is the root of the sum of squares, over several blocks too") {
    CHECK(norm_of({}) == 0);
    CHECK(norm_of({3, -4}) == 5);
    CHECK(norm_of(std::vector<double>(300'000, 0.5)) == doctest::Approx(0.5 * std::sqrt(300'000.0)));
    const std::vector<float> many(250'000, 0.1F);
    CHECK(global_norm(std::span<const float>(many)) == doctest::Approx(0.1F * 500.0).epsilon(1e-12));
}

TEST_CASE("squares that leave the range of double do not spoil the norm") {
    CHECK(norm_of({3e200, 4e200}) / 5e200 == doctest::Approx(1));
    CHECK(norm_of({3e-200, -4e-200}) / 5e-200 == doctest::Approx(1));
    CHECK(norm_of({3e-160, -4e-160}) / 5e-160 == doctest::Approx(1));
    CHECK(norm_of({0, 0}) == 0);
}

TEST_CASE("an infinite or NaN gradient is reported by its parameter") {
    std::vector<double> gradient(1000, 1);
    gradient[777] = std::numeric_limits<double>::quiet_NaN();
    CHECK_THROWS_WITH_AS(norm_of(gradient), doctest::Contains("parameter 777 is nan"), numeric_error);
    gradient[333] = -std::numeric_limits<double>::infinity();
    CHECK_THROWS_WITH_AS(norm_of(gradient), doctest::Contains("parameter 333 is -inf"), numeric_error);
}

TEST_CASE("clipping brings a long gradient to the limit and leaves a short one alone") {
    CHECK(clip_factor(5, 1) == doctest::Approx(0.2));
    CHECK(clip_factor(0.5, 1) == 1);
    CHECK(clip_factor(1, 1) == 1);
    CHECK(clip_factor(1e9, 0) == 1);
    CHECK(clip_factor(0, 1) == 1);
}
