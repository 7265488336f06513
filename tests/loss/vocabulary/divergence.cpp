#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include <preflearn/core/numbers/random.hpp>
#include <preflearn/loss/vocabulary/divergence.hpp>

#include "../../numbers.hpp"

using namespace preflearn;

namespace {

template <class T> std::vector<T> random_logits(std::size_t count, std::uint64_t stream, double scale) {
    generator random(6, "divergence", stream);
    std::vector<T> values(count);
    for (T& value : values) value = static_cast<T>(static_cast<computed_t<T>>(scale * random.normal()));
    return values;
}

/// softmax by its definition.
template <class T> std::vector<long double> probabilities(std::span<const T> logits) {
    std::vector<long double> p;
    long double sum = 0, high = -test::infinity;
    for (const T z : logits) high = std::max(high, static_cast<long double>(static_cast<double>(z)));
    for (const T z : logits) p.push_back(std::exp(static_cast<long double>(static_cast<double>(z)) - high));
    for (const long double e : p) sum += e;
    for (long double& e : p) e /= sum;
    return p;
}

template <class T> double naive_divergence(std::span<const T> reference, std::span<const T> policy) {
    const auto p0 = probabilities(reference), p = probabilities(policy);
    long double sum = 0;
    for (std::size_t j = 0; j < p.size(); ++j)
        if (p0[j] > 0) sum += p0[j] * (std::log(p0[j]) - std::log(p[j]));
    return static_cast<double>(sum);
}

template <class T> void check_rows(std::size_t columns, double scale, double tolerance) {
    const std::size_t rows = 3;
    const std::vector<T> reference = random_logits<T>(rows * columns, 1, scale);
    std::vector<T> policy = random_logits<T>(rows * columns, 2, scale);
    const std::vector<T> before = policy;
    const std::vector<double> weights{1, -0.5, 2};
    std::vector<double> found(rows), again(rows);
    const matrix_view<const T> of_reference(reference.data(), rows, columns);
    kl_from_reference(of_reference, matrix_view<const T>(policy.data(), rows, columns), found);
    kl_from_reference_and_gradient(of_reference, matrix_view<T>(policy.data(), rows, columns), weights, again);
    CHECK(found == again);
    double worst = 0;
    for (std::size_t r = 0; r < rows; ++r) {
        const std::span<const T> z0(reference.data() + r * columns, columns), z(before.data() + r * columns, columns);
        CHECK(found[r] == doctest::Approx(naive_divergence(z0, z)).epsilon(tolerance));
        const auto p0 = probabilities(z0), p = probabilities(z);
        for (std::size_t j = 0; j < columns; ++j)
            worst = std::max(worst, std::abs(static_cast<double>(policy[r * columns + j]) -
                                             weights[r] * static_cast<double>(p[j] - p0[j])));
    }
    CHECK(worst < tolerance);
}

} // namespace

TEST_CASE("divergence and gradient are those of the definition, for rows of any length and type") {
    for (const std::size_t columns : {1UL, 2UL, 63UL, 65UL, 2048UL, 2049UL, 5000UL}) {
        check_rows<double>(columns, 4, 1e-12);
        check_rows<float>(columns, 4, 1e-5);
    }
    check_rows<bfloat16>(3000, 4, 4e-3);
}

TEST_CASE("equal distributions have divergence 0, whatever the shift of their logits") {
    const std::vector<double> logits = random_logits<double>(3000, 1, 5);
    std::vector<double> shifted = logits;
    for (double& z : shifted) z += 8;
    CHECK(divergence_of_logits(std::span(logits), std::span(logits)).value() == 0);
    CHECK(divergence_of_logits(std::span(logits), std::span<const double>(shifted)).value() < 1e-13);
}

TEST_CASE("tokens that a model excludes") {
    const std::vector<double> all{0, 0, 0, 0}, two{0, 0, -test::infinity, -test::infinity};
    CHECK(divergence_of_logits(std::span(two), std::span(all)).value() == doctest::Approx(std::log(2.0)));
    CHECK(divergence_of_logits(std::span(all), std::span(two)).value() == test::infinity);
    CHECK(divergence_of_logits(std::span(two), std::span(two)).value() == 0);
    divergence_sums pieces = divergence_of_logits(std::span(two).last(2), std::span(all).last(2));
    pieces.merge(divergence_of_logits(std::span(two).first(2), std::span(all).first(2)));
    CHECK(pieces.value() == doctest::Approx(std::log(2.0)));
}

TEST_CASE("the gradient is a finite difference, through soft cap and temperature, too") {
    const std::vector<double> reference = random_logits<double>(9, 1, 3), bias = random_logits<double>(9, 3, 1);
    std::vector<double> policy = random_logits<double>(9, 2, 3);
    const logit_transform<double> transform{.bias = bias, .soft_cap = 5, .temperature = 0.6};
    const std::vector<double> weight{-1.5};
    std::vector<double> value(1), gradient = policy;
    const matrix_view<const double> of_reference(reference.data(), 1, 9);
    kl_from_reference_and_gradient(of_reference, matrix_view<double>(gradient.data(), 1, 9), weight, value, transform);
    const auto at = [&] {
        kl_from_reference(of_reference, matrix_view<const double>(policy.data(), 1, 9), value, transform);
        return -1.5 * value[0];
    };
    for (std::size_t j = 0; j < 9; ++j) {
        const double centre = policy[j], step = 1e-6;
        policy[j] = centre + step;
        const double up = at();
        policy[j] = centre - step;
        const double down = at();
        policy[j] = centre;
        CHECK(gradient[j] == doctest::Approx((up - down) / (2 * step)).epsilon(1e-6));
    }
}

TEST_CASE("bad input is named") {
    std::vector<double> reference = random_logits<double>(200, 1, 1), policy = reference, found(2);
    const auto call = [&](std::size_t columns) {
        kl_from_reference(matrix_view<const double>(reference.data(), 2, 100),
                          matrix_view<const double>(policy.data(), 2, columns), found);
    };
    CHECK_THROWS_WITH_AS(call(90), "the reference's logits are 2 x 100, the policy's 2 x 90", argument_error);
    policy[130] = std::nan("");
    CHECK_THROWS_WITH_AS(call(100), "row 1, column 30: the logit is nan, a finite number or -inf was expected",
                         numeric_error);
    policy = reference;
    std::fill_n(reference.begin(), 100, -test::infinity);
    CHECK_THROWS_WITH_AS(call(100), "row 0: all 100 logits are -inf, which leaves no distribution", numeric_error);
    found.pop_back();
    CHECK_THROWS_WITH_AS(call(100), "divergences has 1 entries for 2 rows", argument_error);
}
