#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <vector>

#include <preflearn/backend/cuda/operations.hpp>
#include <preflearn/backend/cuda/row_grid.hpp>

#include "../numbers.hpp"
#include "../parts.hpp"
#include "device_array.hpp"
#include "emulator/emulator.hpp"
#include "traffic.hpp"

using namespace preflearn;
using test::placed_rows;

namespace {

struct rows_shape {
    std::size_t rows, columns;
};
// one token, odd, a pack, warps that are not full, rows of several blocks, more rows than a block
constexpr rows_shape rows_shapes[] = {{1, 1}, {1, 8}, {5, 7}, {3, 40}, {2, 515}, {1, 2056}, {70, 16}, {9, 33}};

/// use(shape, layout of what is read, layout of what is written), ten times with other schedules and layouts.
template <class Use> void for_rows(const Use& use) {
    emulator::for_schedules(10, [&](std::uint64_t seed) {
        for (std::size_t i = 0; i < std::size(rows_shapes); ++i)
            use(rows_shapes[i], test::layouts[(seed + i) % 4], test::layouts[(seed / 4 + i) % 4]);
    });
}

/// Of N rows of d elements: every operation reads or writes each row once, and nothing is asked for twice but a bias
/// (once a thread: once in rows_of_a_bias steps down the rows) and a row's number (by each of its pieces).
template <class E> struct row_traffic {
    std::size_t rows, columns, bytes = rows * columns * sizeof(E);

    [[nodiscard]] test::moved_bytes passes(std::size_t count) const { return {count * bytes, count * bytes}; }
    [[nodiscard]] test::moved_bytes bias(store mode) const {
        const std::size_t moved = (mode == store::add ? 2 : 1) * bytes, once = columns * sizeof(E);
        const cuda::piece_grid grid(rows, once / 16, cuda::rows_of_a_bias);
        return {moved + once, moved + once * std::min<std::size_t>(rows, grid.blocks.y * grid.threads.y)};
    }
    [[nodiscard]] test::moved_bytes numbered() const {
        return {2 * bytes + 4 * rows, 2 * bytes + 4 * rows * columns * sizeof(E) / 16};
    }
};

} // namespace

TEST_CASE_TEMPLATE("rows on a device are filled, what is around them stays", E, float, bfloat16, float16) {
    for_rows([](rows_shape s, test::layout where, test::layout) {
        const placed_rows<E> x(test::normals(s.rows * s.columns, 1), s.rows, s.columns, where);
        cuda::fill(x.view(), 0.3F, nullptr);
        CHECK(x.values() == std::vector<double>(s.rows * s.columns, test::stored<E>(0.3)));
        CHECK(x.gaps_stay());
    });
}

TEST_CASE_TEMPLATE("rows on a device are added with a factor, rounded once", E, float, bfloat16, float16) {
    for_rows([](rows_shape s, test::layout from, test::layout to) {
        const auto a = test::stored<E>(test::normals(s.rows * s.columns, 1)),
                   b = test::stored<E>(test::normals(s.rows * s.columns, 2));
        const placed_rows<E> x(a, s.rows, s.columns, from), y(b, s.rows, s.columns, to);
        cuda::add<E>(x.seen(), y.view(), -0.37F, nullptr);
        std::vector<double> wanted = b;
        for (std::size_t i = 0; i < wanted.size(); ++i) wanted[i] += static_cast<double>(-0.37F) * a[i];
        CHECK(test::first_difference<E>(y.values(), wanted, s.columns, 1e-7) == wanted.size());
        CHECK(y.gaps_stay());
    });
}

TEST_CASE_TEMPLATE("a bias is added to every row or replaces it", E, float, bfloat16, float16) {
    for_rows([](rows_shape s, test::layout from, test::layout to) {
        const auto b = test::stored<E>(test::normals(s.columns, 1)),
                   before = test::stored<E>(test::normals(s.rows * s.columns, 2));
        const placed_rows<E> bias(b, 1, s.columns, from);
        for (const store mode : {store::add, store::replace}) {
            const placed_rows<E> y(before, s.rows, s.columns, to);
            cuda::add_bias<E>(bias.seen().data, y.view(), mode, nullptr);
            std::vector<double> wanted(before.size());
            for (std::size_t i = 0; i < wanted.size(); ++i)
                wanted[i] = b[i % s.columns] + (mode == store::add ? before[i] : 0);
            CHECK(test::first_difference<E>(y.values(), wanted, s.columns, 1e-7) == wanted.size());
            CHECK(y.gaps_stay());
        }
    });
}

TEST_CASE_TEMPLATE("rows are gathered from numbers, which may come again, and scattered to them", E, float, bfloat16,
                   float16) {
    for_rows([](rows_shape s, test::layout from, test::layout to) {
        const auto a = test::stored<E>(test::normals(s.rows * s.columns, 1));
        const placed_rows<E> x(a, s.rows, s.columns, from);
        std::vector<std::uint32_t> numbers(s.rows + 2);
        for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<std::uint32_t>(7 * i % s.rows);
        const std::vector<double> zeros(numbers.size() * s.columns);
        const placed_rows<E> y(zeros, numbers.size(), s.columns, to), z(zeros, numbers.size(), s.columns, to);
        cuda::gather_rows<E>(x.seen(), test::device_array(numbers).data(), y.view(), nullptr);
        std::vector<double> gathered = zeros, scattered = zeros;
        for (std::size_t i = 0; i < gathered.size(); ++i)
            gathered[i] = a[numbers[i / s.columns] * s.columns + i % s.columns];
        CHECK(y.values() == gathered);
        std::vector<std::uint32_t> places(s.rows); // in descending order, from the last
        for (std::size_t i = 0; i < s.rows; ++i) places[i] = static_cast<std::uint32_t>(numbers.size() - 1 - i);
        cuda::scatter_rows<E>(x.seen(), test::device_array(places).data(), z.view(), nullptr);
        for (std::size_t i = 0; i < a.size(); ++i) scattered[places[i / s.columns] * s.columns + i % s.columns] = a[i];
        CHECK(z.values() == scattered);
        CHECK(y.gaps_stay());
        CHECK(z.gaps_stay());
    });
}

TEST_CASE_TEMPLATE("rows become another type, rounded to the nearest", E, float, bfloat16, float16) {
    for_rows([](rows_shape s, test::layout from, test::layout to) {
        std::vector<double> a = test::normals(s.rows * s.columns, 1);
        a[0] = -test::infinity, a.back() = s.columns > 1 ? 1e-6 : a.back(); // beside a subnormal of 16 bits
        const auto to_type = [&]<class To>(To) {
            const placed_rows<E> x(a, s.rows, s.columns, from);
            const placed_rows<To> y(std::vector<double>(a.size()), s.rows, s.columns, to);
            cuda::convert<E, To>(x.seen(), y.view(), nullptr);
            CHECK(y.values() == test::stored<To>(test::stored<E>(a)));
            CHECK(y.gaps_stay());
        };
        to_type(float{});
        to_type(bfloat16(0.0F));
        to_type(float16(0.0F));
    });
}

TEST_CASE("a copy between rows of one type keeps the bits of a NaN") {
    const std::vector<float16> odd(9, std::bit_cast<float16>(std::uint16_t{0x7c01})); // a signalling one
    const test::device_array<float16> x(odd), y(std::vector<float16>(9, float16(1.0F)));
    cuda::convert<float16, float16>({x.data(), 1, 9, 9}, {y.data(), 1, 9, 9}, nullptr);
    for (const float16 value : y.values()) CHECK(value.bits == 0x7c01);
}

TEST_CASE("nothing is started for empty rows") {
    const std::size_t before = emulator::launches();
    const cuda::device_rows<float> none{nullptr, 0, 8, 8}, narrow{nullptr, 8, 0, 8};
    for (const auto& empty : {none, narrow}) {
        cuda::fill(empty, 1.0F, nullptr);
        cuda::convert<float, float>(empty, empty, nullptr);
        cuda::add<float>(empty, empty, 1.0F, nullptr);
        cuda::add_bias<float>(nullptr, empty, store::add, nullptr);
        cuda::gather_rows<float>(empty, nullptr, empty, nullptr);
        cuda::scatter_rows<float>(empty, nullptr, empty, nullptr);
    }
    CHECK(emulator::launches() == before);
}

TEST_CASE_TEMPLATE("rows on a device are asked for once", E, float, bfloat16) {
    const std::size_t rows = 80, columns = 512;
    const row_traffic<E> bytes{rows, columns};
    const std::vector<double> zeros(rows * columns);
    const placed_rows<E> x(zeros, rows, columns), y(zeros, rows, columns, {0, 16 / sizeof(E)});
    std::vector<std::uint32_t> numbers(rows);
    for (std::size_t i = 0; i < rows; ++i) numbers[i] = static_cast<std::uint32_t>(rows - 1 - i);
    const test::device_array<std::uint32_t> of_rows(numbers);
    test::check_traffic(test::shape_name<E>("fill", rows, columns), bytes.passes(1),
                        [&] { cuda::fill(y.view(), 1.0F, nullptr); });
    test::check_traffic(test::shape_name<E>("add", rows, columns), bytes.passes(3),
                        [&] { cuda::add<E>(x.seen(), y.view(), 1.0F, nullptr); });
    for (const store mode : {store::add, store::replace})
        test::check_traffic(test::shape_name<E>("add_bias", rows, columns), bytes.bias(mode),
                            [&] { cuda::add_bias<E>(x.seen().data, y.view(), mode, nullptr); });
    test::check_traffic(test::shape_name<E>("gather_rows", rows, columns), bytes.numbered(),
                        [&] { cuda::gather_rows<E>(x.seen(), of_rows.data(), y.view(), nullptr); });
    test::check_traffic(test::shape_name<E>("scatter_rows", rows, columns), bytes.numbered(),
                        [&] { cuda::scatter_rows<E>(x.seen(), of_rows.data(), y.view(), nullptr); });
    const placed_rows<bfloat16> narrow(zeros, rows, columns);
    const std::size_t both = rows * columns * (sizeof(E) + 2);
    test::check_traffic(test::shape_name<E>("convert", rows, columns), {both, both},
                        [&] { cuda::convert<E, bfloat16>(x.seen(), narrow.view(), nullptr); });
}
