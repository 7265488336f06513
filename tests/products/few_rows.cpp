#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <limits>
#include <vector>

#include <preflearn/core/numbers/random.hpp>
#include <preflearn/products/chained_product.hpp>
#include <preflearn/products/few_rows.hpp>

using namespace preflearn;

namespace {

/// One step of a chain, on this target.
template <class T> T step(T a, T b, T sum) {
#if defined(__FMA__) || defined(__ARM_FEATURE_FMA)
    return std::fma(a, b, sum);
#else
    const volatile T product = a * b; // rounded: no compiler may fuse what the target's packets do not
    return product + sum;
#endif
}

/// Rows of random numbers with gaps between them.
template <class T> struct strided {
    std::vector<T> values;
    matrix_view<T> view;

    strided(std::size_t rows, std::size_t columns, std::size_t stride, generator& random) : values(rows * stride + 1) {
        for (T& x : values) x = static_cast<T>(random.normal());
        view = {values.data() + 1, rows, columns, stride}; // not aligned either
    }
};

/// Whether a product of this shape has the bits of one chain per element, and leaves the gaps of c alone.
template <class T>
bool same_as_chains(transpose op_b, store mode, std::size_t m, std::size_t n, std::size_t k, std::size_t gap,
                    T special = T(1)) {
    generator random(1, "few rows", (m * 1000 + n) * 1000 + k);
    const strided<T> a(m, k, k + gap, random);
    strided<T> b(op_b == transpose::no ? k : n, op_b == transpose::no ? n : k, (op_b == transpose::no ? n : k) + gap,
                 random);
    strided<T> c(m, n, n + gap, random);
    if (special != T(1)) b.view(b.view.rows - 1, b.view.columns - 1) = special;
    std::vector<T> expected = c.values;
    for (std::size_t r = 0; r < m; ++r) {
        for (std::size_t j = 0; j < n; ++j) {
            T& sum = expected[1 + r * c.view.stride + j];
            if (mode == store::replace) sum = T(0);
            for (std::size_t i = 0; i < k; ++i)
                sum = step(a.view(r, i), op_b == transpose::no ? b.view(i, j) : b.view(j, i), sum);
        }
    }
    multiply_serial<T>(transpose::no, a.view, op_b, b.view, c.view, mode);
    for (std::size_t i = 0; i < expected.size(); ++i) // a NaN's sign and payload are no part of the law
        if (std::isnan(expected[i]) ? !std::isnan(c.values[i])
                                    : std::memcmp(&expected[i], &c.values[i], sizeof(T)) != 0)
            return false;
    return true;
}

} // namespace

TEST_CASE_TEMPLATE("few rows have the bits of one chain per element", T, float, double) {
    for (const transpose op_b : {transpose::no, transpose::yes}) {
        for (const store mode : {store::replace, store::add}) {
            for (std::size_t m = 1; m <= detail::few_rows + 1; ++m) {
                for (const auto& [n, k] : {std::array<std::size_t, 2>{16, 16}, {32, 64}, {53, 75}, {1, 40}, {40, 1}}) {
                    CAPTURE(m);
                    CAPTURE(n);
                    CAPTURE(k);
                    CHECK(same_as_chains<T>(op_b, mode, m, n, k, 0));
                    CHECK(same_as_chains<T>(op_b, mode, m, n, k, 3));
                }
            }
        }
    }
}

TEST_CASE_TEMPLATE("rows a power of two apart, which are read by whole cache lines, have them too", T, float, double) {
    const std::size_t stride = 4096 / sizeof(T);
    for (const transpose op_b : {transpose::no, transpose::yes})
        CHECK(same_as_chains<T>(op_b, store::replace, 2, op_b == transpose::no ? stride : 35,
                                op_b == transpose::no ? 35 : stride, 0));
}

TEST_CASE_TEMPLATE("a number that is none stays in its column", T, float, double) {
    for (const T special : {std::numeric_limits<T>::infinity(), std::numeric_limits<T>::quiet_NaN(), -T(0)})
        for (const transpose op_b : {transpose::no, transpose::yes})
            for (const std::size_t n : {32UL, 35UL})
                CHECK(same_as_chains<T>(op_b, store::replace, 3, n, 45, 0, special));
}

TEST_CASE_TEMPLATE("whole packets are done here, and what was done is told", T, float, double) {
    const std::vector<T> a(3 * 100, T(1)), b(100 * 100, T(1));
    for (const transpose op_b : {transpose::no, transpose::yes}) {
        std::vector<T> c(3 * 100, T(-1));
        const detail::done_part done = detail::multiply_few_rows<T>(
            matrix_view<const T>(a.data(), 3, 99), op_b, matrix_view<const T>(b.data(), 99, 99, 100),
            matrix_view<T>(c.data(), 3, 99, 100), store::replace);
        CHECK(done.columns > 60);
        CHECK(done.columns <= 99);
        CHECK(done.depth > 60);
        for (std::size_t j = 0; j < 100; ++j) CHECK(c[100 + j] == (j < done.columns ? T(done.depth) : T(-1)));
    }
}
