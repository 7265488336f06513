#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
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

struct normed_shape {
    std::size_t rows, heads, size;
};
// one number, less than a warp, heads of several rows in one warp, heads of odd width, several packs a lane, a block
constexpr normed_shape normed_shapes[] = {{1, 1, 1},  {3, 1, 7},   {5, 1, 64},  {21, 4, 16}, {2, 3, 67},
                                          {1, 9, 64}, {2, 2, 256}, {3, 1, 576}, {1, 1, 2048}};
// to the last that registers hold and beyond it, odd and even
constexpr normed_shape wide_normed_shapes[] = {{2, 1, 8192}, {1, 1, 8200}, {2, 1, 8193}, {1, 1, 16384}};

/// What the norm is given, and what a double makes of it.
template <class E> struct norm_example {
    normed_shape s;
    norm_kind kind;
    std::size_t columns = s.heads * s.size;
    std::vector<double> x = test::stored<E>(test::normals(s.rows * columns, 1, 2)),
                        weight = test::stored<E>(test::normals(s.size, 2)),
                        bias = test::stored<E>(test::normals(s.size, 3)),
                        before = test::stored<E>(test::normals(s.rows * columns, 4));
    std::vector<double> normed = std::vector<double>(x.size()), statistics = std::vector<double>(s.rows * s.heads * 2);

    norm_example(const normed_shape& rows, norm_kind k, bool weighted, bool biased) : s(rows), kind(k) {
        const auto n = static_cast<double>(s.size);
        for (std::size_t part = 0; part < s.rows * s.heads; ++part) {
            const std::span<const double> in = std::span(x).subspan(part * s.size, s.size);
            double mean = 0, variance = 0;
            if (kind == norm_kind::layer)
                for (const double value : in) mean += value / n;
            for (const double value : in) variance += (value - mean) * (value - mean) / n;
            const double inverse = 1 / std::sqrt(variance + 1e-5);
            for (std::size_t i = 0; i < s.size; ++i)
                normed[part * s.size + i] =
                    (in[i] - mean) * inverse * (weighted ? weight[i] : 1) + (biased ? bias[i] : 0);
            double* const kept = statistics.data() + part / s.heads * 2 * s.heads + part % s.heads;
            kept[0] = inverse;
            kept[s.heads] = mean;
        }
    }
};

/// Every operation on one shape: to another array, in place, and added.
template <class E>
void check_norm(const normed_shape& s, norm_kind kind, bool weighted, bool biased, std::uint64_t seed) {
    const test::layout from = test::layouts[seed % 4], to = test::layouts[(seed / 2) % 4];
    const norm_example<E> e(s, kind, weighted, biased);
    const placed_rows<E> w(e.weight, 1, s.size, test::layouts[seed / 3 % 4]), b(e.bias, 1, s.size);
    const cuda::device_norm<E> norm{.kind = kind,
                                    .epsilon = 1e-5F,
                                    .heads = s.heads,
                                    .weight = weighted ? w.view().data : nullptr,
                                    .bias = biased ? b.view().data : nullptr};
    const placed_rows<E> x(e.x, s.rows, e.columns, from), y(e.before, s.rows, e.columns, to);
    const std::size_t kept = s.heads * (kind == norm_kind::layer ? 2 : 1);
    const placed_rows<float> statistics(std::vector<double>(s.rows * kept), s.rows, kept, {1, 2});
    cuda::normalise<E>(x.seen(), norm, y.view(), statistics.view(), nullptr);
    CAPTURE(s.rows);
    CAPTURE(s.heads);
    CAPTURE(s.size);
    CHECK(test::first_difference<E>(y.values(), e.normed, s.size) == e.normed.size());
    CHECK(y.gaps_stay());
    CHECK(statistics.gaps_stay());
    std::vector<double> wanted_statistics(s.rows * kept);
    for (std::size_t i = 0; i < wanted_statistics.size(); ++i)
        wanted_statistics[i] = e.statistics[i / kept * 2 * s.heads + i % kept];
    CHECK(test::first_difference<float>(statistics.values(), wanted_statistics, kept) == wanted_statistics.size());

    const placed_rows<E> added(e.before, s.rows, e.columns, to);
    cuda::add_normalised<E>(x.seen(), norm, 0.7F, added.view(), nullptr);
    std::vector<double> sum = e.before;
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += static_cast<double>(0.7F) * e.normed[i];
    CHECK(test::first_difference<E>(added.values(), sum, s.size) == sum.size());
    CHECK(added.gaps_stay());
    CHECK(x.values() == e.x);

    const placed_rows<E> in_place(e.x, s.rows, e.columns, to);
    cuda::normalise<E>(in_place.seen(), norm, in_place.view(), {}, nullptr);
    CHECK(test::first_difference<E>(in_place.values(), e.normed, s.size) == e.normed.size());
}

/// Of N rows of H parts: each row read and written once (and read where it is added to), weight and bias once. Asked
/// for is the weight by each team that has a row. Rows too wide for registers are read once for every sum and once
/// more, and their weight with every row.
template <class E> test::moved_bytes norm_traffic(const normed_shape& s, bool layer, bool biased, bool add) {
    const std::size_t row = s.heads * s.size * sizeof(E), passes = add ? 3 : 2, parameters = biased ? 2 : 1;
    const std::size_t once = parameters * s.size * sizeof(E), minimum = s.rows * row * passes + once;
    if (s.size > std::size_t{cuda::norm_held} * cuda::norm_threads)
        return {minimum, s.rows * row * (passes + (layer ? 2 : 1) + parameters)};
    const cuda::norm_shape grid(s.rows, s.heads, s.size, 16 / sizeof(E));
    const std::size_t teams = std::min<std::size_t>(s.rows, std::size_t{grid.teams} * grid.blocks);
    return {minimum, s.rows * row * passes + s.heads * teams * once};
}

} // namespace

TEST_CASE_TEMPLATE("both norms on a device are their formulas, of rows and of heads, also in place and added", E, float,
                   bfloat16, float16) {
    emulator::for_schedules(10, [&](std::uint64_t seed) {
        std::uint64_t turn = seed;
        for (const normed_shape& s : normed_shapes) {
            if (turn++ % 2 == 0)
                check_norm<E>(s, norm_kind::rms, true, turn % 3 == 0, seed);
            else
                check_norm<E>(s, norm_kind::layer, turn % 3 != 0, turn % 4 != 0, seed);
        }
    });
}

TEST_CASE_TEMPLATE("rows too wide for registers have the same norms", E, float, bfloat16, float16) {
    emulator::for_schedules(2, [&](std::uint64_t seed) {
        for (const normed_shape& s : wide_normed_shapes)
            check_norm<E>(s, seed == 0 ? norm_kind::layer : norm_kind::rms, true, seed == 0, seed);
    });
}

TEST_CASE("a row's norm has the bits that it has alone, and a team that goes through many rows keeps its weight") {
    for (const normed_shape& s :
         {normed_shape{8200, 16, 8}, normed_shape{130, 16, 520}}) { // teams of two lanes, and of two warps
        const std::size_t columns = s.heads * s.size;
        const cuda::norm_shape shared(s.rows, s.heads, s.size, 4);
        REQUIRE(std::size_t{shared.teams} * shared.blocks < s.rows); // several rows a team, and not all of them as many
        std::vector<double> x(s.rows * columns);
        for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<double>(37 * i % 101) / 16 - 3;
        const placed_rows<float> all(x, s.rows, columns), w(test::normals(s.size, 2), 1, s.size);
        const cuda::device_norm<float> norm{.heads = s.heads, .weight = w.view().data};
        cuda::normalise<float>(all.seen(), norm, all.view(), {}, nullptr);
        const auto together = all.values();
        for (const std::size_t row : {std::size_t{0}, s.rows / 2, s.rows / 2 + 1, s.rows - 1}) {
            const placed_rows<float> alone(std::span<const double>(x).subspan(row * columns, columns), 1, columns);
            cuda::normalise<float>(alone.seen(), norm, alone.view(), {}, nullptr);
            const auto found = alone.values();
            CHECK(std::ranges::equal(found, std::span<const double>(together).subspan(row * columns, columns)));
        }
    }
}

TEST_CASE("numbers that are none spoil their row alone, and squares overflow as the processor's do") {
    const std::size_t columns = 40, rows = 5;
    std::vector<double> x = test::normals(rows * columns, 1);
    x[1 * columns + 3] = test::not_a_number;
    x[2 * columns + 5] = test::infinity;
    for (std::size_t c = 0; c < columns; ++c) x[3 * columns + c] = 1e30 * (c % 2 == 0 ? 1 : -1);
    for (const norm_kind kind : {norm_kind::rms, norm_kind::layer}) {
        const placed_rows<float> in(x, rows, columns), out(x, rows, columns);
        cuda::normalise<float>(in.seen(), {.kind = kind}, out.view(), {}, nullptr);
        const auto y = out.values();
        for (std::size_t c = 0; c < columns; ++c) {
            CHECK(std::isfinite(y[c]));
            CHECK(std::isnan(y[columns + c]));
            // finite / ∞ is 0, but of a layer norm, whose mean is ∞
            if (c == 5 || kind == norm_kind::layer)
                CHECK(std::isnan(y[2 * columns + c]));
            else
                CHECK(y[2 * columns + c] == 0);
            CHECK(y[3 * columns + c] == 0); // Σ x² is ∞ in float
            CHECK(std::isfinite(y[4 * columns + c]));
        }
    }
    const placed_rows<float> zeros(std::vector<double>(columns), 1, columns);
    cuda::normalise<float>(zeros.seen(), {.epsilon = 0}, zeros.view(), {}, nullptr);
    for (const double value : zeros.values()) CHECK(std::isnan(value)); // 0 / 0
}

TEST_CASE("no rows or no columns, no launch") {
    const std::size_t before = emulator::launches();
    for (const cuda::device_rows<float>& empty : {cuda::device_rows<float>{nullptr, 0, 8, 8}, {nullptr, 3, 0, 8}}) {
        cuda::normalise<float>(empty, {}, empty, {}, nullptr);
        cuda::add_normalised<float>(empty, {}, 1, empty, nullptr);
    }
    CHECK(emulator::launches() == before);
}

TEST_CASE_TEMPLATE("a row is asked for once by its norm, a weight at most once in eight rows where there are many", E,
                   float, bfloat16) {
    constexpr normed_shape measured[] = {{64, 1, 2048}, {16, 1, 576}, {24, 12, 64}, {3, 1, 8192}, {2, 1, 12288}};
    for (const normed_shape& s : measured) {
        const std::size_t columns = s.heads * s.size;
        const std::vector<double> zeros(s.rows * columns);
        const placed_rows<E> x(zeros, s.rows, columns), y(zeros, s.rows, columns), w(zeros, 1, s.size),
            b(zeros, 1, s.size);
        const cuda::device_norm<E> rms{.heads = s.heads, .weight = w.view().data},
            layer{.kind = norm_kind::layer, .heads = s.heads, .weight = w.view().data, .bias = b.view().data};
        test::check_traffic(test::shape_name<E>("RMSNorm", s.rows, columns), norm_traffic<E>(s, false, false, false),
                            [&] { cuda::normalise<E>(x.seen(), rms, y.view(), {}, nullptr); });
        test::check_traffic(test::shape_name<E>("RMSNorm, added", s.rows, columns),
                            norm_traffic<E>(s, false, false, true),
                            [&] { cuda::add_normalised<E>(x.seen(), rms, 1, y.view(), nullptr); });
        test::check_traffic(test::shape_name<E>("LayerNorm", s.rows, columns), norm_traffic<E>(s, true, true, false),
                            [&] { cuda::normalise<E>(x.seen(), layer, y.view(), {}, nullptr); });
    }
    const test::moved_bytes many = norm_traffic<E>({65536, 1, 2048}, false, false, false);
    CHECK(many.asked * 100 < many.minimum * 107);
}
