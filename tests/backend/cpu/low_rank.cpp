#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include <preflearn/backend/cpu/linear.hpp>
#include <preflearn/backend/cpu/low_rank.hpp>

#include "../../parts.hpp"

using namespace preflearn;

namespace {

constexpr std::size_t in = 10, out = 14;

/// A product with two adapted parts, of rank 2 at outputs 3 to 7 and of rank 3 at the last four, and dropout.
struct adapted {
    std::vector<double> w = test::normals(out * in, 1), a = test::normals(5 * in, 2), b = test::normals(5 * 2, 3),
                        c = test::normals(4 * 3, 4);
    std::vector<std::uint64_t> keys;

    explicit adapted(std::size_t rows) {
        for (std::size_t r = 0; r < rows; ++r) keys.push_back(r * r + 5);
    }
    [[nodiscard]] affine_map<host_memory, double> map(std::uint32_t dropped) const {
        affine_map<host_memory, double> all{{.trained = {w.data(), out, in}}};
        all.adapter.down = {a.data(), 5, in};
        all.adapter.parts[0] = {3, {b.data(), 5, 2}, 0.5};
        all.adapter.parts[1] = {10, {c.data(), 4, 3}, 2};
        all.adapter.dropout = {.dropped = dropped, .keys = keys, .stream = 9};
        return all;
    }
};

} // namespace

TEST_CASE("an adapter adds s · drop(x) Aᵀ Bᵀ to its outputs, and its gradients are finite differences") {
    const std::size_t rows = 6;
    adapted model(rows);
    std::vector<double> x = test::normals(rows * in, 5), y;
    const std::vector<double> dy = test::normals(rows * out, 6);
    for (const std::uint32_t dropped : {0U, 30'000U}) {
        const auto map = model.map(dropped);
        const auto value = [&] {
            y.assign(rows * out, 0.0);
            linear_rows<double>({x.data(), rows, in}, map, {y.data(), rows, out}, store::replace);
            return test::dot(y, dy);
        };
        value();
        std::vector<double> seen(in);
        if (dropped == 0)
            std::copy_n(&x[2 * in], in, seen.data());
        else
            drop_entries(&x[2 * in], 0, in, map.adapter.dropout, 2, seen.data());
        double expected = 0; // row 2, output 11: the second of the second part
        for (std::size_t k = 0; k < in; ++k) {
            expected += model.w[11 * in + k] * x[2 * in + k];
            for (std::size_t r = 0; r < 3; ++r) expected += 2 * model.c[3 + r] * model.a[(2 + r) * in + k] * seen[k];
        }
        CHECK(y[2 * out + 11] == doctest::Approx(expected));

        std::vector<double> dx(x.size(), 2.0), dw(out * in), da(model.a.size(), 3.0), db(model.b.size(), 4.0),
            dc(model.c.size(), 5.0);
        parameter_gradients<host_memory, double> into{.weight = {dw.data(), out, in}, .down = {da.data(), 5, in}};
        into.up[0] = {db.data(), 5, 2};
        into.up[1] = {dc.data(), 4, 3};
        linear_rows_backward<double>({x.data(), rows, in}, map, {dy.data(), rows, out}, {dx.data(), rows, in},
                                     store::add, into);
        for (double& d : dx) d -= 2;
        for (double& d : da) d -= 3;
        for (double& d : db) d -= 4;
        for (double& d : dc) d -= 5;
        CHECK(test::gradient_error(x, dx, value) < 1e-7);
        CHECK(test::gradient_error(model.w, dw, value) < 1e-7);
        CHECK(test::gradient_error(model.a, da, value) < 1e-7);
        CHECK(test::gradient_error(model.b, db, value) < 1e-7);
        CHECK(test::gradient_error(model.c, dc, value) < 1e-7);

        std::vector<double> alone(x.size(), 7.0); // rows' derivatives need neither x nor gradients
        linear_rows_backward<double>({}, map, {dy.data(), rows, out}, {alone.data(), rows, in}, store::replace, {});
        for (std::size_t i = 0; i < x.size(); ++i) REQUIRE(alone[i] == doctest::Approx(dx[i]));
    }
}

TEST_CASE("a row has the same bits alone and among any others") {
    const std::size_t rows = 131; // more than a task takes
    const adapted model(rows);
    const std::vector<double> x = test::normals(rows * in, 5);
    std::vector<double> all(rows * out), one(out);
    const auto map = model.map(20'000);
    linear_rows<double>({x.data(), rows, in}, map, {all.data(), rows, out}, store::replace);
    for (const std::size_t r : {0UL, 95UL, 96UL, 130UL}) {
        auto of_row = map;
        of_row.adapter.dropout.keys = map.adapter.dropout.keys.subspan(r, 1);
        linear_rows<double>({&x[r * in], 1, in}, of_row, {one.data(), 1, out}, store::replace);
        CHECK(std::memcmp(one.data(), &all[r * out], out * sizeof(double)) == 0);
    }
}

TEST_CASE("shapes that do not fit are refused") {
    const adapted model(2);
    const std::vector<double> x(2 * in);
    std::vector<double> y(2 * out);
    const auto run = [&](auto change) {
        auto map = model.map(0);
        change(map.adapter);
        linear_rows<double>({x.data(), 2, in}, map, {y.data(), 2, out}, store::replace);
    };
    CHECK_THROWS_WITH_AS(run([](auto& a) { a.parts[1].first = 11; }),
                         "adapter: outputs 11 to 15 are adapted of a product that has 14", argument_error);
    CHECK_THROWS_WITH_AS(run([](auto& a) { a.parts[1].up.data = nullptr; }),
                         "adapter: A of 5 x 10 does not fit ranks of 2 and rows of 10", argument_error);
    CHECK_THROWS_WITH_AS(run([](auto& a) {
                             a.dropout.dropped = 1;
                             a.dropout.keys = a.dropout.keys.first(1);
                         }),
                         "adapter: 1 keys of dropout do not fit 2 rows", argument_error);
}
