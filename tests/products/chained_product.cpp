#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <vector>

#include <preflearn/core/numbers/random.hpp>
#include <preflearn/products/chained_product.hpp>

using namespace preflearn;

namespace {

template <class T> struct product {
    std::size_t rows, columns, inner;
    std::vector<T> a, b, at, bt; ///< both factors, and their transposes

    product(std::size_t m, std::size_t n, std::size_t k)
        : rows(m), columns(n), inner(k), a(m * k), b(k * n), at(m * k), bt(k * n) {
        generator random(1, "factors", m * 1000 + n);
        for (std::size_t i = 0; i < m * k; ++i) at[i % k * m + i / k] = a[i] = static_cast<T>(random.normal());
        for (std::size_t i = 0; i < k * n; ++i) bt[i % n * k + i / n] = b[i] = static_cast<T>(random.normal());
    }
    /// Rows `row` … of the product, `m` × `n` of it, over the inner indices from `first` on.
    std::vector<T> part(std::size_t row, std::size_t m, std::size_t column, std::size_t n) const {
        std::vector<T> c(m * n);
        multiply_serial<T>(transpose::no, matrix_view<const T>(a.data() + row * inner, m, inner), transpose::no,
                           matrix_view<const T>(b.data() + column, inner, n, columns), matrix_view<T>(c.data(), m, n),
                           store::replace);
        return c;
    }
};

} // namespace

TEST_CASE_TEMPLATE("an element's bits depend on its row and its column alone", T, float, double) {
    const product<T> p(37, 75, 300); // no multiples of the kernel, more than one piece of the inner index
    const std::vector<T> whole = p.part(0, 37, 0, 75);
    for (const auto& [row, m, column, n] :
         {std::array<std::size_t, 4>{0, 1, 0, 75}, {36, 1, 74, 1}, {5, 13, 3, 32}, {1, 30, 10, 65}}) {
        const std::vector<T> part = p.part(row, m, column, n);
        for (std::size_t i = 0; i < m; ++i)
            CHECK(std::memcmp(&part[i * n], &whole[(row + i) * 75 + column], n * sizeof(T)) == 0);
    }
}

TEST_CASE_TEMPLATE("they do not depend on how the factors are stored, nor on where the inner range is cut", T, float,
                   double) {
    const product<T> p(14, 40, 290);
    const std::vector<T> whole = p.part(0, 14, 0, 40);
    const matrix_view<const T> a(p.a.data(), 14, 290), b(p.b.data(), 290, 40), at(p.at.data(), 290, 14),
        bt(p.bt.data(), 40, 290);
    std::vector<T> other(14 * 40);
    const matrix_view<T> c(other.data(), 14, 40);
    const auto same = [&] { return std::memcmp(whole.data(), other.data(), other.size() * sizeof(T)) == 0; };
    multiply_serial<T>(transpose::no, a, transpose::yes, bt, c, store::replace);
    CHECK(same());
    multiply_serial<T>(transpose::yes, at, transpose::no, b, c, store::replace);
    CHECK(same());
    multiply_serial<T>(transpose::yes, at, transpose::yes, bt, c, store::replace);
    CHECK(same());
    for (const std::size_t cut : {1UL, 64UL, 257UL}) {
        multiply_serial<T>(transpose::no, a.column_block(0, cut), transpose::no, b.row_block(0, cut), c,
                           store::replace);
        multiply_serial<T>(transpose::no, a.column_block(cut, 290 - cut), transpose::no, b.row_block(cut, 290 - cut), c,
                           store::add);
        CHECK(same());
    }
}

TEST_CASE("products are as exact as Eigen's") {
    const product<float> p(30, 50, 700);
    const std::vector<float> found = p.part(0, 30, 0, 50);
    using matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    const Eigen::Map<const matrix> a(p.a.data(), 30, 700), b(p.b.data(), 700, 50);
    const Eigen::MatrixXd exact = a.cast<double>() * b.cast<double>();
    double worst = 0;
    for (Eigen::Index i = 0; i < 30; ++i)
        for (Eigen::Index j = 0; j < 50; ++j)
            worst = std::max(worst,
                             std::abs(exact(i, j) - static_cast<double>(found[static_cast<std::size_t>(i * 50 + j)])));
    CHECK(worst < 2e-4); // sums of 700 terms near 1 in float
}
