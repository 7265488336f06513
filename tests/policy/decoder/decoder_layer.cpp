#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include <preflearn/backend/cpu/backend.hpp>
#include <preflearn/policy/decoder/decoder_layer.hpp>
#include <preflearn/policy/family/llama.hpp>

#include "../models.hpp"
#include "../parts.hpp"

using namespace preflearn;

namespace {

/// A layer on three rows whose "attention" mixes rows in a fixed way that is easily undone: row r gets its own query
/// plus the query of row 0.
struct layer_under_test {
    static constexpr std::size_t rows = 3;
    transformer_config config = [] {
        transformer_config c = test::grouped();
        c.layers = 1;
        return validated(c);
    }();
    parameter_layout<llama> layout{config};
    std::size_t hidden = config.hidden_size, query = config.query_size(), wide = query + 2 * config.key_value_size();
    std::vector<double> parameters = test::normals(layout.in_layer().size, 1, 0.4);
    std::vector<double> gradients = std::vector<double>(parameters.size());
    std::vector<double> input = test::normals(rows * hidden, 2), direction = test::normals(rows * hidden, 3);
    std::vector<double> qkv = std::vector<double>(rows * wide), mixed = std::vector<double>(rows * query),
                        middle = std::vector<double>(rows * hidden), output = middle,
                        gate_up = std::vector<double>(rows * 2 * config.intermediate_size),
                        inverse = std::vector<double>(2 * rows);
    layer_workspace<double, cpu_backend> work{config, rows, true};

    static matrix_view<double> view(std::vector<double>& values) { return {values.data(), rows, values.size() / rows}; }
    layer_rows<double> arrays() {
        return {view(input),  view(qkv),      view(mixed),           view(middle), view(gate_up),
                view(output), inverse.data(), inverse.data() + rows, nullptr};
    }
    double forward() {
        const layer_parameters<const double> p(parameters.data(), layout.in_layer(), config);
        layer_forward<llama>(p, config, arrays(), work, [&](const layer_rows<double>& r) {
            for (std::size_t row = 0; row < rows; ++row)
                for (std::size_t k = 0; k < query; ++k)
                    r.mixed(row, k) = r.query_key_value(row, k) + r.query_key_value(0, k);
        });
        return test::dot(output, direction);
    }
    std::vector<double> backward() {
        std::vector<double> dx = direction;
        const layer_parameters<const double> p(parameters.data(), layout.in_layer(), config);
        const layer_parameters<double> d(gradients.data(), layout.in_layer(), config);
        layer_backward<llama>(
            p, d, config, arrays(), work, view(dx),
            [&](const layer_rows<double>&, matrix_view<const double> d_mixed, matrix_view<double> d_qkv) {
                for (std::size_t row = 0; row < rows; ++row)
                    for (std::size_t k = 0; k < wide; ++k) d_qkv(row, k) = k < query ? d_mixed(row, k) : 0;
                for (std::size_t row = 0; row < rows; ++row)
                    for (std::size_t k = 0; k < query; ++k) d_qkv(0, k) += d_mixed(row, k);
            });
        return dx;
    }
};

/// x / rms(x) · w for one row.
std::vector<double> normed(const double* x, const double* w, std::size_t n, double epsilon) {
    double mean = 0;
    for (std::size_t i = 0; i < n; ++i) mean += x[i] * x[i] / static_cast<double>(n);
    std::vector<double> y(n);
    for (std::size_t i = 0; i < n; ++i) y[i] = x[i] / std::sqrt(mean + epsilon) * w[i];
    return y;
}

std::vector<double> times(matrix_view<const double> w, const std::vector<double>& x) {
    std::vector<double> y(w.rows);
    for (std::size_t r = 0; r < w.rows; ++r)
        for (std::size_t c = 0; c < w.columns; ++c) y[r] += w(r, c) * x[c];
    return y;
}

} // namespace

TEST_CASE("a layer is two residual steps, computed row by row from the formulas") {
    layer_under_test l;
    l.forward();
    const layer_parameters<const double> p(l.parameters.data(), l.layout.in_layer(), l.config);
    std::vector<double> first_query;
    for (std::size_t r = 0; r < l.rows; ++r) {
        std::vector<double> x(l.input.begin() + static_cast<std::ptrdiff_t>(r * l.hidden),
                              l.input.begin() + static_cast<std::ptrdiff_t>((r + 1) * l.hidden));
        std::vector<double> q =
            times(p.query_key_value, normed(x.data(), p.attention_norm, l.hidden, l.config.norm_epsilon));
        q.resize(l.query);
        if (r == 0) first_query = q;
        for (std::size_t k = 0; k < l.query; ++k) q[k] += first_query[k];
        const std::vector<double> attended = times(p.attention_output, q);
        for (std::size_t i = 0; i < l.hidden; ++i) x[i] += attended[i];
        const std::vector<double> both =
            times(p.gate_up, normed(x.data(), p.mlp_norm, l.hidden, l.config.norm_epsilon));
        std::vector<double> activated(l.config.intermediate_size);
        for (std::size_t i = 0; i < activated.size(); ++i)
            activated[i] = both[i] / (1 + std::exp(-both[i])) * both[i + activated.size()];
        const std::vector<double> added = times(p.down, activated);
        for (std::size_t i = 0; i < l.hidden; ++i)
            CHECK(l.output[r * l.hidden + i] == doctest::Approx(x[i] + added[i]).epsilon(1e-12));
    }
}

TEST_CASE("backward agrees with finite differences for the input and every parameter, and adds to the gradients") {
    layer_under_test l;
    l.forward();
    const std::vector<double> dx = l.backward();
    const std::vector<double> once = l.gradients;
    CHECK(test::gradient_error(l.input, dx, [&] { return l.forward(); }) < 1e-7);
    CHECK(test::gradient_error(l.parameters, once, [&] { return l.forward(); }) < 1e-7);
    l.forward();
    l.backward();
    for (std::size_t i = 0; i < once.size(); ++i) REQUIRE(l.gradients[i] == doctest::Approx(2 * once[i]));
}

TEST_CASE("in place, without a backward pass, the output is the same") {
    layer_under_test l;
    l.forward();
    const std::vector<double> expected = l.output;
    l.middle = l.output = {};
    std::vector<double> stream = l.input;
    layer_rows<double> rows = l.arrays();
    rows.input = rows.middle = rows.output = layer_under_test::view(stream);
    const layer_parameters<const double> p(l.parameters.data(), l.layout.in_layer(), l.config);
    layer_workspace<double, cpu_backend> small(l.config, l.rows, false);
    layer_forward<llama>(p, l.config, rows, small, [&](const layer_rows<double>& r) {
        for (std::size_t row = 0; row < l.rows; ++row)
            for (std::size_t k = 0; k < l.query; ++k)
                r.mixed(row, k) = r.query_key_value(row, k) + r.query_key_value(0, k);
    });
    CHECK(stream == expected);
}
