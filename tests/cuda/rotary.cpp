#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
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

struct rotary_shape {
    std::size_t rows, heads, dim, pairs;
};
// one token; partial turns; more heads than a thread takes; an odd head; pairs that are no pack; wide heads; many rows
constexpr rotary_shape rotary_shapes[] = {{1, 1, 2, 1},  {1, 12, 64, 32},  {5, 3, 80, 16}, {3, 9, 7, 3},
                                          {2, 5, 12, 6}, {2, 2, 256, 128}, {70, 1, 16, 8}, {3, 4, 40, 2}};

/// Cosines, then sines, of each row, of a factor that lengthens.
std::vector<float> rotary_turns(const rotary_shape& s) {
    std::vector<float> turns(s.rows * 2 * s.pairs);
    for (std::size_t r = 0; r < s.rows; ++r)
        for (std::size_t i = 0; i < s.pairs; ++i) {
            const double angle =
                static_cast<double>(100 + 3 * r) / std::pow(1e4, static_cast<double>(i) / static_cast<double>(s.pairs));
            turns[r * 2 * s.pairs + i] = static_cast<float>(1.1 * std::cos(angle));
            turns[r * 2 * s.pairs + s.pairs + i] = static_cast<float>(1.1 * std::sin(angle));
        }
    return turns;
}

std::vector<double> rotary_by_formula(const rotary_shape& s, const std::vector<float>& turns,
                                      const std::vector<double>& x) {
    std::vector<double> y = x;
    for (std::size_t r = 0; r < s.rows; ++r)
        for (std::size_t h = 0; h < s.heads; ++h)
            for (std::size_t i = 0; i < s.pairs; ++i) {
                const std::size_t low = (r * s.heads + h) * s.dim + i, high = low + s.pairs;
                const double cosine = static_cast<double>(turns[r * 2 * s.pairs + i]),
                             sine = static_cast<double>(turns[r * 2 * s.pairs + s.pairs + i]);
                y[low] = x[low] * cosine - x[high] * sine;
                y[high] = x[high] * cosine + x[low] * sine;
            }
    return y;
}

/// Of N rows of H heads, P pairs of which turn: both entries of a pair read and written, a cosine and a sine a pair;
/// these are asked for once in heads_of_a_turn heads.
template <class E> test::moved_bytes rotary_traffic(const rotary_shape& s) {
    const std::size_t moved = s.rows * s.heads * s.pairs * 4 * sizeof(E), angles = s.rows * s.pairs * 2 * sizeof(float);
    const std::size_t groups = (s.heads + cuda::heads_of_a_turn - 1) / cuda::heads_of_a_turn;
    return {moved + angles, moved + groups * angles};
}

} // namespace

TEST_CASE_TEMPLATE("heads turn on a device by their row's angles, the rest of a head and of a row stays", E, float,
                   bfloat16, float16) {
    emulator::for_schedules(10, [&](std::uint64_t seed) {
        for (const rotary_shape& s : rotary_shapes) {
            const std::size_t columns = s.heads * s.dim;
            const auto before = test::stored<E>(test::normals(s.rows * columns, 1));
            const auto turns = rotary_turns(s);
            const placed_rows<E> x(before, s.rows, columns, test::layouts[seed % 4]);
            std::vector<float> shifted(seed / 4 % 2, 0.0F); // where the angles do not lie as packs do
            shifted.insert(shifted.end(), turns.begin(), turns.end());
            const test::device_array<float> given(shifted);
            cuda::rotate(given.data() + (shifted.size() - turns.size()), s.pairs, s.heads, x.view(), nullptr);
            const auto wanted = rotary_by_formula(s, turns, before);
            CHECK(test::first_difference<E>(x.values(), wanted, columns, 1e-6) == wanted.size());
            CHECK(x.gaps_stay());
        }
    });
}

TEST_CASE("queries and keys turn while the values behind them stay; no numbers are seen; nothing, no launch") {
    const rotary_shape s{2, 3, 4, 2}; // 2 query heads, a key, and a value behind
    auto before = test::normals(2 * 16, 1);
    before[0] = test::not_a_number;
    const placed_rows<float> all(before, 2, 16);
    const auto turns = rotary_turns(s);
    const test::device_array<float> given(turns);
    cuda::rotate<float>(given.data(), s.pairs, s.heads, {all.view().data, 2, 12, 16}, nullptr);
    const auto found = all.values();
    CHECK(std::isnan(found[0]));
    CHECK(std::isnan(found[2]));
    for (std::size_t r = 0; r < 2; ++r)
        for (std::size_t c = 12; c < 16; ++c) CHECK(found[16 * r + c] == test::stored<float>(before[16 * r + c]));
    const std::size_t launched = emulator::launches();
    cuda::rotate<float>(given.data(), 2, 3, {all.view().data, 0, 12, 16}, nullptr);
    cuda::rotate<float>(given.data(), 0, 3, {all.view().data, 2, 12, 16}, nullptr);
    CHECK(emulator::launches() == launched);
}

TEST_CASE_TEMPLATE("heads that turn are asked for once, their angles once in four heads", E, float, bfloat16) {
    // Queries and keys of SmolLM2-135M (values behind them), and a partial turn
    for (const rotary_shape& s : {rotary_shape{32, 12, 64, 32}, rotary_shape{32, 8, 80, 16}}) {
        const std::size_t columns = s.heads * s.dim;
        const placed_rows<E> x(std::vector<double>(s.rows * columns), s.rows, columns, {0, 64});
        const test::device_array<float> given(rotary_turns(s));
        test::check_traffic(test::shape_name<E>("rotary", s.rows, columns), rotary_traffic<E>(s),
                            [&] { cuda::rotate<E>(given.data(), s.pairs, s.heads, x.view(), nullptr); });
    }
}
