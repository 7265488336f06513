#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <vector>

#include <preflearn/backend/cpu/linear.hpp>
#include <preflearn/core/numbers/half.hpp>
#include <preflearn/core/numbers/random.hpp>

#include "../../parts.hpp"

using namespace preflearn;

namespace {

using weights_of_double = affine_map<host_memory, double>;

/// A stored matrix of random blocks whose scales (F16 numbers at these bytes of a block) are about 0.01.
stored_matrix random_blocks(element_type type, std::size_t rows, std::size_t columns,
                            const std::vector<std::size_t>& scales) {
    generator random(5, "blocks", static_cast<std::uint64_t>(type));
    const auto bytes = std::make_shared<std::vector<std::byte>>(bytes_of(type, rows * columns));
    for (std::byte& b : *bytes) b = static_cast<std::byte>(random() & 255U);
    for (std::size_t at = 0; at < bytes->size(); at += block_bytes(type)) {
        for (const std::size_t scale : scales) {
            const std::uint16_t half = f16_of_float(0.01F * static_cast<float>(random.uniform() + 0.5));
            std::memcpy(bytes->data() + at + scale, &half, sizeof half);
        }
    }
    return {.type = type, .rows = rows, .columns = columns, .bytes = *bytes, .owner = bytes};
}

/// Random halves, brain halves, and blocks small and large.
std::vector<stored_matrix> stored_matrices(std::size_t rows, std::size_t columns) {
    return {random_blocks(element_type::bf16, rows, columns, {}), random_blocks(element_type::q8_0, rows, columns, {0}),
            random_blocks(element_type::q4_k, rows, columns, {0, 2}),
            random_blocks(element_type::q6_k, rows, columns, {208})};
}

template <class T> std::vector<T> numbers_of(const stored_matrix& matrix) {
    std::vector<T> values(matrix.rows * matrix.columns);
    read_rows(matrix, 0, matrix_view<T>(values.data(), matrix.rows, matrix.columns));
    return values;
}

template <class T> std::vector<T> random_numbers(std::size_t count, std::uint64_t stream) {
    const auto wide = test::normals(count, stream);
    return std::vector<T>(wide.begin(), wide.end());
}

template <class T> bool same_bits(const std::vector<T>& a, const std::vector<T>& b) {
    return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
}

/// y and dx, forward and backward, of rows of `inputs` numbers.
template <class T> struct results {
    std::vector<T> y, dx;
    results(const affine_map<host_memory, T>& weights, std::size_t rows, store mode) {
        const std::size_t in = weights.matrix.columns(), out = weights.matrix.rows();
        const std::vector<T> x = random_numbers<T>(rows * in, 1), dy = random_numbers<T>(rows * out, 2);
        y = random_numbers<T>(rows * out, 3);
        dx = random_numbers<T>(rows * in, 4);
        linear_rows<T>({x.data(), rows, in}, weights, {y.data(), rows, out}, mode);
        linear_rows_backward<T>({}, weights, {dy.data(), rows, out}, {dx.data(), rows, in}, mode, {});
    }
};

} // namespace

TEST_CASE("y = x Wᵀ + b, replacing or added, and its gradients are finite differences") {
    const std::size_t rows = 4, in = 5, out = 7;
    std::vector<double> x = test::normals(rows * in, 1), w = test::normals(out * in, 2), b = test::normals(out, 3);
    const std::vector<double> dy = test::normals(rows * out, 4), before = test::normals(rows * out, 5);
    std::vector<double> y;
    const weights_of_double weights{{.trained = {w.data(), out, in}}, {b.data(), 1, out}};
    for (const store mode : {store::replace, store::add}) {
        const auto value = [&] {
            y = before;
            linear_rows<double>({x.data(), rows, in}, weights, {y.data(), rows, out}, mode);
            return test::dot(y, dy);
        };
        value();
        double expected = b[2] + (mode == store::add ? before[out + 2] : 0);
        for (std::size_t k = 0; k < in; ++k) expected += x[in + k] * w[2 * in + k];
        CHECK(y[out + 2] == doctest::Approx(expected));

        std::vector<double> dx(x.size(), 2.0), dw(w.size(), 3.0), db(b.size(), 4.0);
        linear_rows_backward<double>({x.data(), rows, in}, weights, {dy.data(), rows, out}, {dx.data(), rows, in}, mode,
                                     {.weight = {dw.data(), out, in}, .bias = {db.data(), 1, out}});
        for (double& d : dx) d -= mode == store::add ? 2 : 0;
        for (double& d : dw) d -= 3;
        for (double& d : db) d -= 4;
        CHECK(test::gradient_error(x, dx, value) < 1e-8);
        CHECK(test::gradient_error(w, dw, value) < 1e-8);
        CHECK(test::gradient_error(b, db, value) < 1e-8);
    }
    linear_rows_backward<double>({}, weights, {dy.data(), rows, out}, {}, store::add, {}); // nothing is wanted
    CHECK_THROWS_AS(linear_rows<double>({x.data(), rows, in}, weights, {y.data(), rows, in}, store::add),
                    argument_error);
}

TEST_CASE_TEMPLATE("stored weights give the bits of their numbers, for one row, a few and many", T, float, double) {
    for (const stored_matrix& stored : stored_matrices(37, 512)) {
        const std::vector<T> numbers = numbers_of<T>(stored);
        const std::vector<T> bias = random_numbers<T>(37, 9);
        for (const std::size_t rows : {1U, 3U, 20U}) {
            const store mode = rows == 3 ? store::add : store::replace;
            const results<T> expected({{.trained = {numbers.data(), 37, 512}}, {bias.data(), 1, 37}}, rows, mode);
            const results<T> found({{.stored = {&stored, 1}}, {bias.data(), 1, 37}}, rows, mode);
            CHECK(same_bits(found.y, expected.y));
            CHECK(same_bits(found.dx, expected.dx));
        }
    }
}

TEST_CASE("matrices of several types that stand one below the other are one") {
    const std::vector<stored_matrix> parts = stored_matrices(33, 256);
    std::vector<float> numbers;
    for (const stored_matrix& part : parts) {
        const std::vector<float> some = numbers_of<float>(part);
        numbers.insert(numbers.end(), some.begin(), some.end());
    }
    const results<float> expected({{.trained = {numbers.data(), 4 * 33, 256}}, {}}, 5, store::replace);
    const results<float> found({{.stored = parts}, {}}, 5, store::replace);
    CHECK(same_bits(found.y, expected.y));
    CHECK(same_bits(found.dx, expected.dx));
}

TEST_CASE("a weight that takes several tiles to read") {
    const stored_matrix wide = random_blocks(element_type::q8_0, 1100, 320, {0});
    const std::vector<float> numbers = numbers_of<float>(wide);
    const results<float> expected({{.trained = {numbers.data(), 1100, 320}}, {}}, 2, store::replace);
    const results<float> found({{.stored = {&wide, 1}}, {}}, 2, store::replace);
    CHECK(same_bits(found.y, expected.y));
    CHECK(same_bits(found.dx, expected.dx));
}

TEST_CASE("stored weights have no gradient") {
    const stored_matrix stored = stored_numbers(std::vector<double>(6, 1.0), 3, 2);
    std::vector<double> x(2), dy(3), dw(6);
    CHECK_THROWS_WITH_AS(linear_rows_backward<double>({x.data(), 1, 2}, {{.stored = {&stored, 1}}, {}},
                                                      {dy.data(), 1, 3}, {}, store::replace,
                                                      {.weight = {dw.data(), 3, 2}}),
                         "linear: stored weights are frozen, a gradient of them was asked for", argument_error);
}
