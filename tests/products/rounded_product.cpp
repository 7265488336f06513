#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include <preflearn/products/rounded_product.hpp>

#include "../parts.hpp"
#include "stored_blocks.hpp"

using namespace preflearn;

namespace {

std::vector<float> some_rows(std::size_t count) {
    const std::vector<double> wide = test::normals(count, 1);
    return {wide.begin(), wide.end()};
}

std::vector<float> rounded(const stored_matrix& w, const std::vector<float>& x) {
    const std::size_t rows = x.size() / w.columns;
    std::vector<float> y(rows * w.rows);
    multiply_rounded({x.data(), rows, w.columns}, {&w, 1}, {y.data(), rows, w.rows}, store::replace);
    return y;
}

} // namespace

TEST_CASE("a row becomes bytes, blocks of 32 with a scale each, the last filled up") {
    std::vector<float> x(40);
    for (std::size_t i = 0; i < 40; ++i) x[i] = static_cast<float>(i) - 12;
    const rounded_row row(x);
    REQUIRE(row.scales.size() == 2);
    REQUIRE(row.words.size() == 16);
    CHECK(row.scales[0] == 19.0F / 127);
    CHECK(row.scales[1] == 27.0F / 127);
    float sum = 0;
    for (std::size_t i = 0; i < 64; ++i) {
        const auto byte = static_cast<std::int8_t>(row.words[i / 4] >> (i % 4 * 8) & 255U);
        if (i < 40) CHECK(std::abs(static_cast<float>(byte) * row.scales[i / 32] - x[i]) <= row.scales[i / 32] / 2);
        if (i >= 40) CHECK(byte == 0);
        if (i >= 16 && i < 32) sum += static_cast<float>(byte);
    }
    CHECK(row.sums[1] == sum);
    const rounded_row zero(std::vector<float>(32));
    CHECK(zero.scales[0] == 0);
    CHECK(zero.words[0] == 0);
}

TEST_CASE("of rounded numbers the product is the exact one of these numbers") {
    for (const element_type type : test::stored_types()) {
        CAPTURE(std::string(name_of(type)));
        const stored_matrix w = test::random_stored(type, 37, 512);
        std::vector<double> numbers(37 * 512);
        read_rows(w, 0, matrix_view<double>(numbers.data(), 37, 512));
        const std::vector<float> x = some_rows(512), y = rounded(w, x);
        const bool integers = detail::rounded_run_of(type) != nullptr;
        CHECK(integers == (detail::turns_blocks && block_elements(type) > 1 && type != element_type::q2_k &&
                           type != element_type::q3_k));
        const rounded_row row(x);
        for (std::size_t j = 0; j < 37; ++j) {
            double exact = 0, rounded_sum = 0, norm = 0;
            for (std::size_t k = 0; k < 512; ++k) {
                const auto byte = static_cast<std::int8_t>(row.words[k / 4] >> (k % 4 * 8) & 255U);
                exact += static_cast<double>(x[k]) * numbers[j * 512 + k];
                rounded_sum += static_cast<double>(row.scales[k / 32]) * byte * numbers[j * 512 + k];
                norm += numbers[j * 512 + k] * numbers[j * 512 + k];
            }
            norm = std::sqrt(norm * 512); // of the product of two such rows, not of its sum
            CHECK(std::abs(static_cast<double>(y[j]) - (integers ? rounded_sum : exact)) < 2e-5 * norm);
            CHECK(std::abs(static_cast<double>(y[j]) - exact) < 0.01 * norm);
        }
    }
}

TEST_CASE("a rounded row has the same bits alone and among neighbours, and is added to what is there") {
    const std::vector<stored_matrix> parts{test::random_stored(element_type::q4_1, 35, 256),
                                           test::random_stored(element_type::bf16, 3, 256),
                                           test::random_stored(element_type::q6_k, 20, 256)};
    const std::vector<float> x = some_rows(3 * 256);
    std::vector<float> all(3 * 58, 1.0F), alone(58);
    multiply_rounded({x.data(), 3, 256}, parts, {all.data(), 3, 58}, store::replace);
    multiply_rounded({x.data() + 256, 1, 256}, parts, {alone.data(), 1, 58}, store::replace);
    CHECK(std::memcmp(all.data() + 58, alone.data(), 58 * sizeof(float)) == 0);
    std::vector<float> added(58, 1.0F);
    multiply_rounded({x.data() + 256, 1, 256}, parts, {added.data(), 1, 58}, store::add);
    for (std::size_t j = 0; j < 58; ++j) CHECK(added[j] == doctest::Approx(alone[j] + 1).epsilon(1e-5));
}
