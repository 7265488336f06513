#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include <preflearn/backend/cpu/onednn/products.hpp>
#include <preflearn/core/numbers/random.hpp>

#include "../../../parts.hpp"

using namespace preflearn;

namespace {

using floats = cpu_matrix<float>;

floats random_floats(std::size_t rows, std::size_t columns, std::uint64_t stream) {
    floats m(rows, columns);
    const std::vector<double> values = test::normals(rows * columns, stream);
    for (std::size_t i = 0; i < values.size(); ++i) m.view().data[i] = static_cast<float>(values[i]);
    return m;
}

/// Quantised blocks of numbers that bfloat16 has, too: 8 bits times a power of two (F16 at their first bytes).
stored_matrix random_q8(std::size_t rows, std::size_t columns) {
    generator random(5, "blocks");
    const auto bytes = std::make_shared<std::vector<std::byte>>(bytes_of(element_type::q8_0, rows * columns));
    for (std::byte& b : *bytes) b = static_cast<std::byte>(random() & 255U);
    for (std::size_t at = 0; at < bytes->size(); at += 34) {
        const std::uint16_t scale = f16_of_float(random.uniform() < 0.5 ? 0x1p-7F : 0x1p-8F);
        std::memcpy(bytes->data() + at, &scale, sizeof scale);
    }
    return {.type = element_type::q8_0, .rows = rows, .columns = columns, .bytes = *bytes, .owner = bytes};
}

stored_matrix stored_floats(matrix_view<const float> m) {
    return stored_numbers(std::vector<float>(m.data, m.data + m.rows * m.columns), m.rows, m.columns);
}

bool same_bits(matrix_view<const float> a, matrix_view<const float> b) {
    for (std::size_t r = 0; r < a.rows; ++r)
        if (std::memcmp(a.row(r), b.row(r), a.columns * sizeof(float)) != 0) return false;
    return a.rows == b.rows && a.columns == b.columns;
}

/// The largest error of op(a) · op(b) + before, as a share of what rounding of the factors could make of it.
double error_of(transpose op_a, matrix_view<const float> a, transpose op_b, matrix_view<const float> b,
                matrix_view<const float> found, double before) {
    const std::size_t inner = op_a == transpose::no ? a.columns : a.rows;
    double worst = 0;
    for (std::size_t r = 0; r < found.rows; ++r) {
        for (std::size_t c = 0; c < found.columns; ++c) {
            double sum = before, size = 1;
            for (std::size_t k = 0; k < inner; ++k) {
                const double term = double(op_a == transpose::no ? a(r, k) : a(k, r)) *
                                    double(op_b == transpose::no ? b(k, c) : b(c, k));
                sum += term;
                size += std::abs(term);
            }
            worst = std::max(worst, std::abs(double(found(r, c)) - sum) / size);
        }
    }
    return worst;
}

/// Of factors that are rounded to so many bits, and of sums in float.
template <class Factor> constexpr double rounding = std::same_as<Factor, float> ? 1e-6 : 0x1p-7;

} // namespace

TEST_CASE_TEMPLATE("op(a) · op(b), replacing or added", Factor, float, bfloat16) {
    using products = onednn_products<Factor>;
    struct shape {
        std::size_t rows, inner, columns;
    };
    for (const auto [rows, inner, columns] : {shape{1, 5, 3}, shape{13, 40, 250}, shape{150, 33, 100}}) {
        for (const transpose op_a : {transpose::no, transpose::yes}) {
            for (const transpose op_b : {transpose::no, transpose::yes}) {
                const floats a = op_a == transpose::no ? random_floats(rows, inner, 1) : random_floats(inner, rows, 1);
                const floats b =
                    op_b == transpose::no ? random_floats(inner, columns, 2) : random_floats(columns, inner, 2);
                floats c(rows, columns);
                std::fill_n(c.view().data, rows * columns, 9.0F);
                products::template multiply<float>(op_a, a.view(), op_b, b.view(), c.view(), store::replace);
                CHECK(error_of(op_a, a.view(), op_b, b.view(), c.view(), 0) < rounding<Factor>);
                std::fill_n(c.view().data, rows * columns, 2.0F);
                products::template multiply<float>(op_a, a.view(), op_b, b.view(), c.view(), store::add);
                CHECK(error_of(op_a, a.view(), op_b, b.view(), c.view(), 2) < rounding<Factor>);
            }
        }
    }
    floats a(2, 3), wrong(2, 3);
    CHECK_THROWS_WITH_AS(
        products::template multiply<float>(transpose::no, a.view(), transpose::no, a.view(), wrong.view(), store::add),
        "multiply: (2 x 3) times (2 x 3) does not fit a result of (2 x 3)", argument_error);
}

TEST_CASE_TEMPLATE("frozen weights give the bits of trained ones; a row has its bits alone and among others", Factor,
                   float, bfloat16) {
    using products = onednn_products<Factor>;
    const std::size_t rows = 140, inputs = 64, outputs = 420;
    floats x = random_floats(rows, inputs, 1), w = random_floats(outputs, inputs, 2);
    std::copy_n(x.view().row(0), inputs, x.view().row(rows - 1));
    for (std::size_t i = 0; i < outputs * inputs; ++i) w.view().data[i] = float(Factor(w.view().data[i]));
    const typename products::stored frozen = products::hold(stored_floats(w.view()));
    floats y(rows, outputs), of_trained(rows, outputs), alone(1, outputs), part(rows, 96);
    const auto in = std::as_const(x).view();
    products::template multiply_frozen<float>(in, {&frozen, 1}, y.view(), store::replace);
    products::template multiply<float>(transpose::no, in, transpose::yes, std::as_const(w).view(), of_trained.view(),
                                       store::replace);
    CHECK(same_bits(y.view(), of_trained.view()));
    products::template multiply_frozen<float>(in.row_block(0, 1), {&frozen, 1}, alone.view(), store::replace);
    CHECK(same_bits(alone.view(), y.view().row_block(0, 1)));
    CHECK(same_bits(alone.view(), y.view().row_block(rows - 1, 1)));
    products::multiply_columns(in, {&frozen, 1}, 144, part.view(), store::replace); // across tiles
    CHECK(same_bits(part.view(), std::as_const(y).view().column_block(144, 96)));

    const typename products::stored parts[] = {products::hold(stored_floats(in.row_block(0, 32))), frozen}; // NOLINT
    floats both(rows, 32 + outputs);
    products::template multiply_frozen<float>(in, parts, both.view(), store::replace);
    CHECK(same_bits(std::as_const(both).view().column_block(32, outputs), y.view()));

    floats dx(rows, inputs), dx_of_trained(rows, inputs);
    products::template multiply_frozen_back<float>(y.view(), frozen, dx.view(), store::replace);
    products::template multiply<float>(transpose::no, y.view(), transpose::no, w.view(), dx_of_trained.view(),
                                       store::replace);
    CHECK(same_bits(dx.view(), dx_of_trained.view()));
}

TEST_CASE_TEMPLATE("quantised weights give the bits of their numbers", Factor, float, bfloat16) {
    using products = onednn_products<Factor>;
    const std::size_t inputs = 64, outputs = 250;
    const stored_matrix q8 = random_q8(outputs, inputs);
    floats numbers(outputs, inputs);
    read_rows(q8, 0, numbers.view());
    const typename products::stored frozen = products::hold(q8), plain = products::hold(stored_floats(numbers.view()));
    const floats head_rows = random_floats(9, inputs, 3);
    for (const std::size_t rows : {1U, 9U}) {
        const auto x = head_rows.view().row_block(0, rows);
        floats y(rows, outputs), expected(rows, outputs), z(rows, 74), room(74, inputs), dx(rows, inputs),
            dx_expected(rows, inputs);
        products::template multiply_frozen<float>(x, {&frozen, 1}, y.view(), store::replace);
        products::template multiply_frozen<float>(x, {&plain, 1}, expected.view(), store::replace);
        CHECK(same_bits(y.view(), expected.view()));
        const auto tokens = multiply_by_tokens<void>(x, frozen, 176, z.view(), room.view(), true); // logits of a head
        CHECK(same_bits(z.view(), std::as_const(expected).view().column_block(176, 74)));
        CHECK(same_bits(tokens, std::as_const(numbers).view().row_block(176, 74)));
        CHECK(multiply_by_tokens<void>(x, plain, 176, z.view(), room.view(), false).data == nullptr);
        CHECK(same_bits(z.view(), std::as_const(expected).view().column_block(176, 74)));
        products::template multiply_frozen_back<float>(y.view(), frozen, dx.view(), store::replace);
        products::template multiply_frozen_back<float>(y.view(), plain, dx_expected.view(), store::replace);
        CHECK(same_bits(dx.view(), dx_expected.view()));
    }
}
