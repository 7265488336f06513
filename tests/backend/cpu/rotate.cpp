#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <preflearn/backend/cpu/rotate.hpp>

using namespace preflearn;

namespace {

const std::vector<double> three_frequencies = {1, std::pow(50, -2.0 / 6), std::pow(50, -4.0 / 6)};

std::vector<double> turned_row(std::vector<double> values, std::uint32_t position, bool back = false) {
    // other rows stand at other positions, before and after
    values.resize(3 * values.size());
    const std::size_t width = values.size() / 3;
    std::copy_n(values.begin(), width, values.begin() + static_cast<std::ptrdiff_t>(width));
    const row_rotation<double> rotation(three_frequencies, std::vector<std::uint32_t>{position + 5, position, 0});
    rotation.turn({values.data(), 3, width}, 1, back);
    return {values.begin() + static_cast<std::ptrdiff_t>(width), values.end() - static_cast<std::ptrdiff_t>(width)};
}

double dot_product(const std::vector<double>& a, const std::vector<double>& b) {
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
    return sum;
}

} // namespace

TEST_CASE("products of turned vectors depend on the difference of their positions alone") {
    const std::vector<double> q = {1, -2, 0.5, 3, 0.1, -1}, k = {0.3, 1, 2, -1, 0.7, 0.2};
    const double expected = dot_product(turned_row(q, 3), turned_row(k, 0));
    for (const std::uint32_t shift : {1U, 20U, 56U})
        CHECK(dot_product(turned_row(q, 3 + shift), turned_row(k, shift)) == doctest::Approx(expected).epsilon(1e-13));
    CHECK(turned_row(q, 0) == q);
}

TEST_CASE("turning back undoes turning, and lengths stay") {
    const std::vector<double> x = {1, -2, 0.5, 3, 0.1, -1};
    const auto y = turned_row(x, 14);
    CHECK(dot_product(y, y) == doctest::Approx(dot_product(x, x)));
    const auto z = turned_row(y, 14, true);
    for (std::size_t i = 0; i < x.size(); ++i) CHECK(z[i] == doctest::Approx(x[i]).epsilon(1e-14));
}

TEST_CASE("entry i of the first half turns with entry i of the second, and what is behind both stays") {
    const auto y = turned_row({0, 1, 0, 0, 0, 0, 9, 8}, 7);
    const double angle = 7 * three_frequencies[1];
    CHECK(y[1] == doctest::Approx(std::cos(angle)));
    CHECK(y[4] == doctest::Approx(std::sin(angle)));
    CHECK(y[0] == 0);
    CHECK(y[6] == 9);
    CHECK(y[7] == 8);
}

TEST_CASE("what turns is multiplied by a factor, forward and back; what is behind stays") {
    std::vector<double> x = {1, -2, 0.5, 3, 0.1, -1, 9}, y = x;
    const std::vector<std::uint32_t> position{5};
    for (const bool back : {false, true}) {
        row_rotation<double>(three_frequencies, position).turn({x.data(), 1, 7}, 1, back);
        row_rotation<double>(three_frequencies, position, 1.5).turn({y.data(), 1, 7}, 1, back);
        const double factor = back ? 1.5 * 1.5 : 1.5;
        for (std::size_t i = 0; i < 6; ++i) CHECK(y[i] == doctest::Approx(factor * x[i]));
        CHECK(y[6] == 9);
    }
}

TEST_CASE("every head of a row turns alike") {
    std::vector<double> x = {1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6};
    row_rotation<double>(three_frequencies, std::vector<std::uint32_t>{3}).turn({x.data(), 1, 12}, 2, false);
    for (std::size_t i = 0; i < 6; ++i) CHECK(x[i] == x[6 + i]);
    CHECK(x[0] != 1);
    const row_rotation<double> two(three_frequencies, std::vector<std::uint32_t>{3, 4});
    CHECK_THROWS_AS(two.turn({x.data(), 1, 12}, 2, false), argument_error);
    CHECK_THROWS_AS(two.turn({x.data(), 2, 6}, 2, false), argument_error); // heads of 3 cannot turn in 6
}

TEST_CASE("angles at far positions keep their accuracy in float") {
    std::vector<float> x = {1, 0, 0, 0, 0, 0};
    row_rotation<float>(three_frequencies, std::vector<std::uint32_t>{1'000'000}).turn({x.data(), 1, 6}, 1, false);
    CHECK(x[0] == doctest::Approx(std::cos(1e6)).epsilon(1e-6));
}
