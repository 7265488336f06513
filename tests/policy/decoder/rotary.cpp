#include <doctest/doctest.h>

#include <cmath>
#include <numbers>
#include <vector>

#include <preflearn/policy/decoder/rotary.hpp>

#include "../models.hpp"

using namespace preflearn;

namespace {

std::vector<double> turned(const rotary_table<double>& table, std::vector<double> values, std::size_t position,
                           bool back = false) {
    table.turn(values.data(), 1, position, back);
    return values;
}

double product(const std::vector<double>& a, const std::vector<double>& b) {
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
    return sum;
}

} // namespace

TEST_CASE("products of turned vectors depend on the difference of their positions alone") {
    const rotary_table<double> table(test::grouped(), 0, 60);
    const std::vector<double> q = {1, -2, 0.5, 3, 0.1, -1}, k = {0.3, 1, 2, -1, 0.7, 0.2};
    const double expected = product(turned(table, q, 3), turned(table, k, 0));
    for (const std::size_t shift : {1U, 20U, 56U})
        CHECK(product(turned(table, q, 3 + shift), turned(table, k, shift)) ==
              doctest::Approx(expected).epsilon(1e-13));
    CHECK(turned(table, q, 0) == q);
}

TEST_CASE("turning back undoes turning, and lengths stay") {
    const rotary_table<double> table(test::grouped(), 5, 10);
    const std::vector<double> x = {1, -2, 0.5, 3, 0.1, -1};
    const auto y = turned(table, x, 14);
    CHECK(product(y, y) == doctest::Approx(product(x, x)));
    const auto z = turned(table, y, 14, true);
    for (std::size_t i = 0; i < x.size(); ++i) CHECK(z[i] == doctest::Approx(x[i]).epsilon(1e-14));
}

TEST_CASE("entry i of the first half turns with entry i of the second by position times theta^(-2i/d)") {
    const rotary_table<double> table(test::grouped(), 0, 10);
    const auto y = turned(table, {0, 1, 0, 0, 0, 0}, 7);
    const double angle = 7 * std::pow(50.0, -2.0 / 6);
    CHECK(y[1] == doctest::Approx(std::cos(angle)));
    CHECK(y[4] == doctest::Approx(std::sin(angle)));
    CHECK(y[0] == 0);
}

TEST_CASE("angles at far positions keep their accuracy in float") {
    transformer_config c = test::grouped();
    c.rope_theta = 1e5;
    const rotary_table<float> table(c, 1'000'000, 1);
    std::vector<float> x = {1, 0, 0, 0, 0, 0};
    table.turn(x.data(), 1, 1'000'000, false);
    CHECK(x[0] == doctest::Approx(std::cos(1e6)).epsilon(1e-6));
}

TEST_CASE("linear scaling divides every frequency; llama3 keeps fast ones, divides slow ones, blends between") {
    transformer_config c{.vocabulary_size = 2,
                         .hidden_size = 128,
                         .intermediate_size = 1,
                         .layers = 0,
                         .heads = 1,
                         .head_dim = 128,
                         .rope_theta = 500000};
    const auto plain = rotary_frequencies(c);
    c.rope_scaling = {.type = rope_scaling::rule::linear, .factor = 4};
    CHECK(rotary_frequencies(c)[5] == doctest::Approx(plain[5] / 4));
    c.rope_scaling = {.type = rope_scaling::rule::llama3, .factor = 8};
    const auto scaled = rotary_frequencies(c);
    bool blended = false;
    for (std::size_t i = 0; i < plain.size(); ++i) {
        const double wavelength = 2 * std::numbers::pi / plain[i], ratio = plain[i] / scaled[i];
        if (wavelength < 8192.0 / 4) {
            CHECK(ratio == doctest::Approx(1));
        } else if (wavelength > 8192) {
            CHECK(ratio == doctest::Approx(8));
        } else {
            blended = true;
            CHECK(ratio > 1);
            CHECK(ratio < 8);
        }
    }
    CHECK(blended);
    c.rope_scaling = {.frequency_divisors = std::vector<double>(64, 3.0)};
    CHECK(rotary_frequencies(c)[9] == doctest::Approx(plain[9] / 3));
}
