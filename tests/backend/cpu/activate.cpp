#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include <preflearn/core/numbers/log_space.hpp>
#include <preflearn/backend/cpu/activate.hpp>

#include "../../policy/parts.hpp"

using namespace preflearn;

TEST_CASE("SwiGLU is gate times its logistic times up, also far in the tails") {
    std::vector<double> rows = {0.5, -2, 800, -800, 3, -1, 2, 5}, out(4); // four gates, then four ups
    gate_forward<silu, double>({rows.data(), 1, 8}, {out.data(), 1, 4});
    for (std::size_t i = 0; i < 4; ++i) CHECK(out[i] == doctest::Approx(rows[i] * sigmoid(rows[i]) * rows[4 + i]));
    std::vector<float> narrow = {500, -500, 1, 1}, result(2);
    gate_forward<silu, float>({narrow.data(), 1, 4}, {result.data(), 1, 2});
    CHECK(result[0] == 500);
    CHECK(std::abs(result[1]) < 1e-30F);
}

TEST_CASE("its gradient is the finite difference, and backward computes the output again") {
    const std::size_t rows = 3, n = 13;
    std::vector<double> in = test::normals(rows * 2 * n, 1, 2), out(rows * n), again(rows * n), d_in(in.size());
    const std::vector<double> d_out = test::normals(rows * n, 2);
    const auto value = [&] {
        gate_forward<silu, double>({in.data(), rows, 2 * n}, {out.data(), rows, n});
        return test::dot(out, d_out);
    };
    value();
    gate_backward<silu, double>({in.data(), rows, 2 * n}, {d_out.data(), rows, n}, {again.data(), rows, n},
                                {d_in.data(), rows, 2 * n});
    for (std::size_t i = 0; i < out.size(); ++i) CHECK(again[i] == doctest::Approx(out[i]).epsilon(1e-14));
    CHECK(test::gradient_error(in, d_in, value) < 1e-8);
}
