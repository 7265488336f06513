// That a row has the same bits whatever stands beside it is tried for every instruction set that the machine has:
// CTest runs this file once for each (ONEDNN_MAX_CPU_ISA).
#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <cstring>
#include <utility>
#include <vector>

#include <preflearn/backend/cpu/onednn/serial_product.hpp>

#include "../../../parts.hpp"

using namespace preflearn;

namespace {

template <class Factor> cpu_matrix<Factor> random_matrix(std::size_t rows, std::size_t columns, std::uint64_t stream) {
    cpu_matrix<Factor> m(rows, columns);
    const std::vector<double> values = test::normals(rows * columns, stream);
    for (std::size_t i = 0; i < values.size(); ++i) m.view().data[i] = Factor(static_cast<float>(values[i]));
    return m;
}

/// Σ_k a(r, k) b(k, c).
template <class Factor>
double element(matrix_view<const Factor> a, matrix_view<const Factor> b, std::size_t r, std::size_t c) {
    double sum = 0;
    for (std::size_t k = 0; k < a.columns; ++k) sum += double(float(a(r, k))) * double(float(b(k, c)));
    return sum;
}

/// Of each row of `c`, how many differ from row 0 of `expected`.
std::size_t other_rows(matrix_view<const float> c, matrix_view<const float> expected) {
    std::size_t count = 0;
    for (std::size_t r = 0; r < c.rows; ++r)
        count += std::memcmp(c.row(r), expected.data, c.columns * sizeof(float)) != 0;
    return count;
}

} // namespace

TEST_CASE_TEMPLATE("a product, replacing or added, of rows that lie apart", Factor, float, bfloat16) {
    if (!multiplies_by_onednn<Factor>()) return; // no instructions for these numbers
    for (const std::size_t rows : {1U, 2U, 7U, 30U}) {
        const cpu_matrix<Factor> a = random_matrix<Factor>(rows, 45, 1), b = random_matrix<Factor>(40, 60, 2);
        const cpu_matrix<float> before = random_matrix<float>(rows, 70, 3);
        const auto left = a.view().column_block(5, 40), right = b.view().column_block(9, 50);
        for (const store mode : {store::replace, store::add}) {
            cpu_matrix<float> c = before;
            multiply_serial_onednn(left, right, c.view().column_block(10, 50), mode);
            for (std::size_t r = 0; r < rows; ++r) {
                for (const std::size_t column : {0U, 33U, 49U}) {
                    const double added = mode == store::add ? double(before.view()(r, 10 + column)) : 0;
                    CHECK(std::abs(c.view()(r, 10 + column) - (element(left, right, r, column) + added)) < 1e-4);
                }
                CHECK(c.view()(r, 9) == before.view()(r, 9));
                CHECK(c.view()(r, 60) == before.view()(r, 60));
            }
        }
    }
}

TEST_CASE_TEMPLATE("nothing to sum over", Factor, float, bfloat16) {
    if (!multiplies_by_onednn<Factor>()) return;
    cpu_matrix<float> c(2, 3);
    for (std::size_t i = 0; i < 6; ++i) c.view().data[i] = 1;
    multiply_serial_onednn<Factor>({nullptr, 2, 0}, {nullptr, 0, 3}, c.view(), store::add);
    CHECK(c.view()(1, 2) == 1);
    multiply_serial_onednn<Factor>({nullptr, 2, 0}, {nullptr, 0, 3}, c.view(), store::replace);
    CHECK(c.view()(1, 2) == 0);
}

TEST_CASE_TEMPLATE("a row has the same bits for any number of rows beside it", Factor, float, bfloat16) {
    if (!multiplies_by_onednn<Factor>()) return;
    struct shape {
        std::size_t columns, inner;
    };
    for (const auto [columns, inner] : {shape{192, 576}, shape{96, 1536}, shape{33, 50}, shape{300, 7}}) {
        cpu_matrix<Factor> a = random_matrix<Factor>(132, inner, 1);
        const cpu_matrix<Factor> b = random_matrix<Factor>(inner, columns, 2);
        for (std::size_t r = 1; r < 132; ++r) std::copy_n(a.view().row(0), inner, a.view().row(r)); // all the same
        cpu_matrix<float> alone(1, columns), c(132, columns);
        multiply_serial_onednn(std::as_const(a).view().row_block(0, 1), b.view(), alone.view(), store::replace);
        for (std::size_t rows = 1; rows <= 132; rows += rows < 40 ? 1 : 4) {
            const auto block = c.view().row_block(0, rows);
            multiply_serial_onednn(std::as_const(a).view().row_block(0, rows), b.view(), block, store::replace);
            CHECK(other_rows(block, alone.view()) == 0);
        }
    }
}

TEST_CASE("a machine whose oneDNN multiplies floats does so in steps of its kernel") {
    CHECK(multiplies_by_onednn<float>() == (detail::row_grain<float>() > 0));
    CHECK(detail::rows_agree<float>(detail::row_grain<float>()));
}
