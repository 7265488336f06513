#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <preflearn/backend/cuda/operations.hpp>

#include "../backend/activation_formulas.hpp"
#include "../numbers.hpp"
#include "../parts.hpp"
#include "device_array.hpp"
#include "emulator/emulator.hpp"
#include "traffic.hpp"

using namespace preflearn;
using test::placed_rows;

namespace {

struct activation_shape {
    std::size_t rows, columns;
};
constexpr activation_shape activation_shapes[] = {{1, 1}, {1, 8}, {3, 7}, {33, 40}, {1, 2056}, {2, 515}};

/// Of N rows of f outputs: gate and up, or x, and y, each once.
template <class E> test::moved_bytes activation_traffic(std::size_t rows, std::size_t outputs, mlp_kind mlp) {
    const std::size_t bytes = (mlp == mlp_kind::gated ? 3 : 2) * rows * outputs * sizeof(E);
    return {bytes, bytes};
}

} // namespace

TEST_CASE_TEMPLATE("activations on a device are their formulas, gated and plain, rounded once", E, float, bfloat16,
                   float16) {
    emulator::for_schedules(10, [&](std::uint64_t seed) {
        for (const activation_shape s : activation_shapes) {
            const test::layout from = test::layouts[seed % 4], to = test::layouts[(seed / 2) % 4];
            const activation_kind kind = test::activation_kinds[(seed + s.rows) % 4];
            for (const mlp_kind mlp : {mlp_kind::gated, mlp_kind::plain}) {
                const std::size_t wide = mlp == mlp_kind::gated ? 2 * s.columns : s.columns;
                const auto in = test::stored<E>(test::normals(s.rows * wide, 1, 3));
                const placed_rows<E> x(in, s.rows, wide, from);
                const placed_rows<E> y(std::vector<double>(s.rows * s.columns), s.rows, s.columns, to);
                cuda::activate<E>(x.seen(), mlp, kind, y.view(), nullptr);
                std::vector<double> wanted(s.rows * s.columns);
                for (std::size_t i = 0; i < wanted.size(); ++i) {
                    const std::size_t at = i / s.columns * wide + i % s.columns;
                    wanted[i] =
                        test::activation_by_formula(kind, in[at]) * (mlp == mlp_kind::gated ? in[at + s.columns] : 1);
                }
                CHECK(test::first_difference<E>(y.values(), wanted, s.columns, 1e-6) == wanted.size());
                CHECK(y.gaps_stay());
                CHECK(x.values() == in);
            }
        }
    });
}

TEST_CASE_TEMPLATE("a plain activation may write what it reads", E, float, bfloat16, float16) {
    for (const activation_kind kind : test::activation_kinds) {
        const auto in = test::stored<E>(test::normals(3 * 24, 1, 3));
        const placed_rows<E> x(in, 3, 24, {0, 8}), y(in, 3, 24, {0, 8});
        cuda::activate<E>(x.seen(), mlp_kind::plain, kind, y.view(), nullptr);
        cuda::activate<E>(x.seen(), mlp_kind::plain, kind, x.view(), nullptr);
        CHECK(x.values() == y.values());
    }
}

TEST_CASE("far from zero an activation is the number or zero, and what is no number is seen") {
    const std::vector<double> in{1e30, -1e30, 300, -300, 1e-30, test::infinity, -test::infinity, test::not_a_number};
    for (const activation_kind kind : test::activation_kinds) {
        const placed_rows<float> x(in, 1, in.size()), y(in, 1, in.size());
        cuda::activate<float>(x.seen(), mlp_kind::plain, kind, y.view(), nullptr);
        const auto found = y.values();
        CHECK(found[0] == static_cast<double>(1e30F));
        CHECK(found[1] == 0);
        CHECK(found[2] == 300);
        CHECK(found[3] == 0);
        CHECK(found[4] == doctest::Approx(test::activation_by_formula(kind, 1e-30)).epsilon(1e-5));
        CHECK(found[5] == test::infinity);
        if (kind == activation_kind::relu)
            CHECK(found[6] == 0);
        else
            CHECK(std::isnan(found[6])); // as on the processor
        CHECK(std::isnan(found[7]));
    }
    // a factor that is no number is seen, also beside a gate of zero
    const placed_rows<float> x(std::vector<double>{0, -400, test::infinity, test::not_a_number}, 1, 4);
    const placed_rows<float> y(std::vector<double>(2), 1, 2);
    cuda::activate<float>(x.seen(), mlp_kind::gated, activation_kind::silu, y.view(), nullptr);
    CHECK(std::isnan(y.values()[0]));
    CHECK(std::isnan(y.values()[1]));
}

TEST_CASE("no rows, no launch") {
    const std::size_t before = emulator::launches();
    cuda::activate<float>({nullptr, 0, 16, 16}, mlp_kind::gated, activation_kind::silu, {nullptr, 0, 8, 8}, nullptr);
    cuda::activate<float>({nullptr, 0, 8, 8}, mlp_kind::plain, activation_kind::silu, {nullptr, 0, 8, 8}, nullptr);
    CHECK(emulator::launches() == before);
}

TEST_CASE_TEMPLATE("what an activation reads and writes is asked for once", E, float, bfloat16) {
    const std::size_t rows = 16, outputs = 1536;
    const placed_rows<E> x(std::vector<double>(rows * 2 * outputs), rows, 2 * outputs),
        y(std::vector<double>(rows * outputs), rows, outputs);
    test::check_traffic(
        test::shape_name<E>("gated MLP", rows, outputs), activation_traffic<E>(rows, outputs, mlp_kind::gated),
        [&] { cuda::activate<E>(x.seen(), mlp_kind::gated, activation_kind::silu, y.view(), nullptr); });
    test::check_traffic(test::shape_name<E>("plain MLP", rows, outputs),
                        activation_traffic<E>(rows, outputs, mlp_kind::plain), [&] {
                            cuda::activate<E>({x.seen().data, rows, outputs, outputs}, mlp_kind::plain,
                                              activation_kind::gelu, y.view(), nullptr);
                        });
}
