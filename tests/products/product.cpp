#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include <preflearn/backend/cpu/matrix.hpp>
#include <preflearn/core/numbers/random.hpp>
#include <preflearn/products/product.hpp>

using namespace preflearn;

namespace {

/// A matrix of random numbers inside a wider array, to show that strides are honoured.
template <class T> struct padded {
    std::vector<T> values;
    matrix_view<T> view;
    padded(std::size_t rows, std::size_t columns, generator& random) : values((rows + 1) * (columns + 3)) {
        for (T& value : values) value = static_cast<T>(random.uniform() - 0.5);
        view = {values.data() + 1, rows, columns, columns + 3};
    }
};

/// The naive form: one sum after another, in double.
template <class T>
std::vector<double> naive(transpose op_a, matrix_view<const T> a, transpose op_b, matrix_view<const T> b,
                          matrix_view<const T> c, store mode) {
    const std::size_t inner = op_a == transpose::no ? a.columns : a.rows;
    std::vector<double> out;
    for (std::size_t i = 0; i < c.rows; ++i) {
        for (std::size_t j = 0; j < c.columns; ++j) {
            double sum = mode == store::add ? static_cast<double>(c(i, j)) : 0;
            for (std::size_t k = 0; k < inner; ++k)
                sum += static_cast<double>(op_a == transpose::no ? a(i, k) : a(k, i)) *
                       static_cast<double>(op_b == transpose::no ? b(k, j) : b(j, k));
            out.push_back(sum);
        }
    }
    return out;
}

template <class T> void compare(std::size_t rows, std::size_t columns, std::size_t inner, double tolerance) {
    generator random(7, "multiply", rows * 1000 + columns);
    for (const transpose op_a : {transpose::no, transpose::yes}) {
        for (const transpose op_b : {transpose::no, transpose::yes}) {
            for (const store mode : {store::replace, store::add}) {
                const padded<T> a(op_a == transpose::no ? rows : inner, op_a == transpose::no ? inner : rows, random);
                const padded<T> b(op_b == transpose::no ? inner : columns, op_b == transpose::no ? columns : inner,
                                  random);
                padded<T> c(rows, columns, random);
                const std::vector<T> before = c.values;
                const auto expected = naive<T>(op_a, a.view, op_b, b.view, c.view, mode);
                multiply_in_tiles<T>(op_a, a.view, op_b, b.view, c.view, mode);
                double worst = 0;
                for (std::size_t i = 0; i < rows; ++i)
                    for (std::size_t j = 0; j < columns; ++j)
                        worst =
                            std::max(worst, std::abs(static_cast<double>(c.view(i, j)) - expected[i * columns + j]));
                CHECK(worst <= tolerance);
                for (std::size_t i = 0; i < c.values.size(); ++i) { // what lies between the rows stays as it was
                    const std::size_t column = (i + columns + 2) % (columns + 3);
                    if (column >= columns || i == 0 || i > rows * (columns + 3)) CHECK(c.values[i] == before[i]);
                }
            }
        }
    }
}

} // namespace

TEST_CASE("products equal the naive sums for odd shapes, every transpose, replacing and adding") {
    for (const auto& [m, n, k] :
         {std::array<std::size_t, 3>{1, 1, 1}, {1, 37, 19}, {5, 1, 40}, {3, 7, 0}, {33, 65, 17}})
        compare<double>(m, n, k, 1e-13);
    compare<float>(300, 601, 23, 1e-5); // more than one tile each way
    compare<double>(301, 90, 70, 1e-12);
}

#if defined(_OPENMP)
TEST_CASE("a product has the same bits for any number of threads") {
    generator random(3, "threads");
    const padded<float> a(530, 129, random), b(700, 129, random);
    std::vector<std::vector<float>> results;
    for (const int threads : {1, 2, 5}) {
        omp_set_num_threads(threads);
        cpu_matrix<float> c(530, 700);
        multiply_in_tiles<float>(transpose::no, a.view, transpose::yes, b.view, c.view(), store::replace);
        results.emplace_back(c.view().data, c.view().data + 530 * 700);
    }
    omp_set_num_threads(omp_get_num_procs());
    CHECK(std::memcmp(results[0].data(), results[1].data(), results[0].size() * sizeof(float)) == 0);
    CHECK(std::memcmp(results[0].data(), results[2].data(), results[0].size() * sizeof(float)) == 0);
}
#endif

TEST_CASE("shapes that do not fit are an error that names them") {
    cpu_matrix<double> a(2, 3), b(4, 5), c(2, 5);
    CHECK_THROWS_WITH_AS(
        multiply_in_tiles<double>(transpose::no, a.view(), transpose::no, b.view(), c.view(), store::replace),
        "multiply: (2 x 3) times (4 x 5) does not fit a result of (2 x 5)", argument_error);
}
