#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <vector>

#include <preflearn/backend/cpu/normalise.hpp>

#include "../../parts.hpp"

using namespace preflearn;

namespace {

using norm_of_doubles = norm_operands<host_memory, double>;

/// Rows of random numbers and all that their normalisation reads and writes.
struct norm_example {
    norm_kind kind;
    std::size_t rows, heads, part, columns = heads * part;
    std::vector<double> x = test::normals(rows * columns, 1), weight = test::normals(part, 2),
                        bias = test::normals(part, 3), dy = test::normals(rows * columns, 4),
                        y = std::vector<double>(rows * columns), dx = std::vector<double>(rows * columns, 1.0),
                        dw = std::vector<double>(part, 2.0), db = std::vector<double>(part, 3.0),
                        statistics = std::vector<double>(rows * 2 * heads);

    [[nodiscard]] norm_of_doubles operands() const {
        return {.kind = kind,
                .epsilon = 1e-5,
                .heads = heads,
                .weight = {weight.data(), 1, part},
                .bias = {bias.data(), 1, part}};
    }
    matrix_view<double> of(std::vector<double>& values) const { return {values.data(), rows, values.size() / rows}; }
    double value() {
        normalise_rows<double>(of(x), operands(), of(y), of(statistics));
        return test::dot(y, dy);
    }
    void backward(store mode, const parameter_gradients<host_memory, double>& into) {
        normalise_rows_backward<double>(of(x), operands(), of(statistics), of(dy), of(dx), mode, into);
    }
};

/// The formula.
double norm_by_formula(const norm_example& e, std::size_t r, std::size_t h, std::size_t c) {
    const double* const part = e.x.data() + r * e.columns + h * e.part;
    double mean = 0, variance = 0;
    const auto n = static_cast<double>(e.part);
    if (e.kind == norm_kind::layer)
        for (std::size_t i = 0; i < e.part; ++i) mean += part[i] / n;
    for (std::size_t i = 0; i < e.part; ++i) variance += (part[i] - mean) * (part[i] - mean) / n;
    return (part[c] - mean) / std::sqrt(variance + 1e-5) * e.weight[c] + e.bias[c];
}

} // namespace

TEST_CASE("a normalised row has unit root mean square times the weight, whatever its scale") {
    for (const double scale : {1e-3, 1.0, 1e6}) {
        std::vector<double> x = test::normals(70, 1, scale), y(70), weight(70, 2.0), inverse(1);
        normalise_rows<double>({x.data(), 1, 70}, {.epsilon = 1e-12, .weight = {weight.data(), 1, 70}},
                               {y.data(), 1, 70}, {inverse.data(), 1, 1});
        CHECK(test::dot(y, y) / 70 == doctest::Approx(4).epsilon(1e-5));
        CHECK(y[3] == doctest::Approx(2 * x[3] * inverse[0]));
    }
}

TEST_CASE("both norms are their formulas, of rows and of heads, also in place and where nothing is kept") {
    for (const norm_kind kind : {norm_kind::rms, norm_kind::layer}) {
        for (const std::size_t heads : {1U, 3U}) {
            norm_example e{kind, 5, heads, 67};
            (void)e.value();
            for (std::size_t r = 0; r < e.rows; ++r)
                for (std::size_t c = 0; c < e.columns; ++c)
                    CHECK(e.y[r * e.columns + c] == doctest::Approx(norm_by_formula(e, r, c / e.part, c % e.part)));
            std::vector<double> same = e.x;
            normalise_rows<double>(e.of(same), e.operands(), e.of(same), {});
            CHECK(same == e.y);
        }
    }
}

TEST_CASE("what is added to all entries of a row changes nothing of a layer norm") {
    std::vector<double> x = test::normals(40, 1), shifted = x, y(40), z(40);
    for (double& value : shifted) value += 100;
    const norm_of_doubles operands{.kind = norm_kind::layer, .epsilon = 1e-9}; // without a weight it is 1
    normalise_rows<double>({x.data(), 1, 40}, operands, {y.data(), 1, 40}, {});
    normalise_rows<double>({shifted.data(), 1, 40}, operands, {z.data(), 1, 40}, {});
    for (std::size_t i = 0; i < y.size(); ++i) CHECK(z[i] == doctest::Approx(y[i]).epsilon(1e-10));
    CHECK(test::dot(y, y) == doctest::Approx(40));
}

TEST_CASE("a row of zeros stays zero and has a finite gradient") {
    for (const norm_kind kind : {norm_kind::rms, norm_kind::layer}) {
        std::vector<double> x(4), y(4, 1.0), weight(4, 1.0), statistics(2), dy = {1, -1, 1, -1}, dx(4);
        const norm_of_doubles operands{.kind = kind, .weight = {weight.data(), 1, 4}};
        normalise_rows<double>({x.data(), 1, 4}, operands, {y.data(), 1, 4}, {statistics.data(), 1, 2});
        normalise_rows_backward<double>({x.data(), 1, 4}, operands, {statistics.data(), 1, 2}, {dy.data(), 1, 4},
                                        {dx.data(), 1, 4}, store::replace, {});
        for (std::size_t i = 0; i < 4; ++i) {
            CHECK(y[i] == 0);
            CHECK(dx[i] == doctest::Approx(dy[i] / std::sqrt(1e-5)));
        }
    }
}

TEST_CASE("gradients are finite differences, are added where wanted and not computed where not") {
    for (const norm_kind kind : {norm_kind::rms, norm_kind::layer}) {
        for (const std::size_t heads : {1U, 3U}) {
            norm_example e{kind, 5, heads, heads == 1 ? 67U : 11U};
            const auto value = [&] { return e.value(); };
            value();
            e.backward(store::add, {.weight = {e.dw.data(), 1, e.part}, .bias = {e.db.data(), 1, e.part}});
            for (double& d : e.dx) d -= 1;
            for (double& d : e.dw) d -= 2;
            for (double& d : e.db) d -= 3;
            CHECK(test::gradient_error(e.x, e.dx, value) < 1e-7);
            CHECK(test::gradient_error(e.weight, e.dw, value) < 1e-8);
            CHECK(test::gradient_error(e.bias, e.db, value) < 1e-8);

            norm_example other{kind, 5, heads, e.part};
            (void)other.value();
            other.backward(store::replace, {});
            for (std::size_t i = 0; i < e.dx.size(); ++i) CHECK(other.dx[i] == doctest::Approx(e.dx[i]));
            CHECK(other.dw[0] == 2);
            other.backward(store::replace, {.bias = {other.db.data(), 1, other.part}});
            CHECK(other.db[3] - 3 == doctest::Approx(e.db[3]));
        }
    }
}

TEST_CASE("heads that do not fill a row and weights of another length are refused") {
    std::vector<double> x(10), w(4);
    CHECK_THROWS_AS(normalise_rows<double>({x.data(), 1, 10}, {.heads = 3}, {x.data(), 1, 10}, {}), argument_error);
    CHECK_THROWS_AS(normalise_rows<double>({x.data(), 1, 10}, {.weight = {w.data(), 1, 4}}, {x.data(), 1, 10}, {}),
                    argument_error);
}
