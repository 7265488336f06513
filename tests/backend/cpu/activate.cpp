#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <vector>

#include <preflearn/backend/cpu/activate.hpp>
#include <preflearn/core/numbers/log_space.hpp>

#include "../../numbers.hpp"
#include "../../parts.hpp"
#include "../activation_formulas.hpp"

using namespace preflearn;

TEST_CASE("a gated row is f(gate) times up, a plain one f, also far in the tails") {
    const std::vector<double> gates = {0.5, -2, 800, -800, 3, -0.01, 0, 6.5, -6.5};
    std::vector<double> rows = gates; // the gates, then the ups
    for (std::size_t i = 0; i < gates.size(); ++i) rows.push_back(2 + static_cast<double>(i));
    const std::size_t n = gates.size();
    for (const activation_kind kind : test::activation_kinds) {
        std::vector<double> out(n), alone = gates;
        activate_rows<double>({rows.data(), 1, 2 * n}, mlp_kind::gated, kind, {out.data(), 1, n});
        activate_rows<double>({alone.data(), 1, n}, mlp_kind::plain, kind, {alone.data(), 1, n}); // in place
        for (std::size_t i = 0; i < n; ++i) {
            CHECK(alone[i] == doctest::Approx(test::activation_by_formula(kind, gates[i])).epsilon(1e-13));
            CHECK(out[i] == alone[i] * rows[n + i]);
        }
        std::vector<float> narrow = {500, -500, 1, 1}, result(2);
        activate_rows<float>({narrow.data(), 1, 4}, mlp_kind::gated, kind, {result.data(), 1, 2});
        CHECK(result[0] == 500);
        CHECK(std::abs(result[1]) < 1e-30F);
        double nothing = test::not_a_number;
        activate_rows<double>({&nothing, 1, 1}, mlp_kind::plain, kind, {&nothing, 1, 1});
        CHECK(std::isnan(nothing));
    }
}

TEST_CASE("gradients are finite differences, and backward computes the output again") {
    const std::size_t rows = 3, n = 13;
    for (const activation_kind kind : test::activation_kinds) {
        for (const mlp_kind mlp : {mlp_kind::gated, mlp_kind::plain}) {
            const std::size_t width = mlp == mlp_kind::gated ? 2 * n : n;
            std::vector<double> in = test::normals(rows * width, 1, 2), out(rows * n), again(rows * n), d_in(in.size());
            const std::vector<double> d_out = test::normals(rows * n, 2);
            const auto value = [&] {
                activate_rows<double>({in.data(), rows, width}, mlp, kind, {out.data(), rows, n});
                return test::dot(out, d_out);
            };
            value();
            activate_rows_backward<double>({in.data(), rows, width}, mlp, kind, {d_out.data(), rows, n},
                                           {again.data(), rows, n}, {d_in.data(), rows, width});
            for (std::size_t i = 0; i < out.size(); ++i) CHECK(again[i] == doctest::Approx(out[i]).epsilon(1e-14));
            CHECK(test::gradient_error(in, d_in, value) < 1e-8);
            const std::vector<double> with_output = d_in;
            activate_rows_backward<double>({in.data(), rows, width}, mlp, kind, {d_out.data(), rows, n}, {},
                                           {d_in.data(), rows, width});
            CHECK(d_in == with_output);
        }
    }
    std::vector<double> x(4);
    CHECK_THROWS_AS(activate_rows<double>({x.data(), 1, 2}, mlp_kind::gated, activation_kind::relu, {x.data(), 1, 2}),
                    argument_error);
}
