#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include <preflearn/backend/cuda/operations.hpp>

#include "../numbers.hpp"
#include "../parts.hpp"
#include "device_array.hpp"
#include "emulator/emulator.hpp"
#include "traffic.hpp"

using namespace preflearn;
using test::placed_rows;

namespace {

struct embedding_shape {
    std::size_t tokens, columns;
};
constexpr embedding_shape embedding_shapes[] = {{1, 1}, {1, 64}, {3, 7}, {33, 40}, {2, 2056}, {5, 515}};
constexpr std::size_t embedding_vocabulary = 11;

std::vector<std::uint32_t> embedding_ids(std::size_t count) {
    std::vector<std::uint32_t> ids(count);
    for (std::size_t i = 0; i < count; ++i) ids[i] = static_cast<std::uint32_t>((5 * i + 10) % embedding_vocabulary);
    return ids;
}

/// Of N tokens, all different: a row of the table and a row written (and read, where it is added to), each once; a
/// token's number once, but asked for by each piece of 16 bytes of its row.
template <class E> test::moved_bytes embedding_traffic(std::size_t tokens, std::size_t columns, std::size_t passes) {
    const std::size_t row = columns * sizeof(E);
    return {tokens * (passes * row + 4), tokens * (passes * row + 4 * row / 16)};
}

} // namespace

TEST_CASE_TEMPLATE("tokens become scaled rows of a table on a device, rounded once", E, float, bfloat16, float16) {
    emulator::for_schedules(10, [&](std::uint64_t seed) {
        for (const embedding_shape s : embedding_shapes) {
            const test::layout from = test::layouts[seed % 4], to = test::layouts[(seed / 2) % 4];
            const auto numbers = test::stored<E>(test::normals(embedding_vocabulary * s.columns, 1));
            const placed_rows<E> table(numbers, embedding_vocabulary, s.columns, from);
            const auto ids = embedding_ids(s.tokens);
            const test::device_array<std::uint32_t> given(ids);
            for (const float scale : {1.0F, 22.627417F}) {
                const placed_rows<E> y(std::vector<double>(s.tokens * s.columns), s.tokens, s.columns, to);
                cuda::embed<E>(given.data(), table.seen(), scale, y.view(), nullptr);
                std::vector<double> wanted(s.tokens * s.columns);
                for (std::size_t i = 0; i < wanted.size(); ++i)
                    wanted[i] = numbers[ids[i / s.columns] * s.columns + i % s.columns] * static_cast<double>(scale);
                CHECK(test::first_difference<E>(y.values(), wanted, s.columns, 0) == wanted.size());
                CHECK(y.gaps_stay());
            }
        }
    });
}

TEST_CASE_TEMPLATE("rows of positions are added on a device", E, float, bfloat16, float16) {
    emulator::for_schedules(10, [&](std::uint64_t seed) {
        for (const embedding_shape s : embedding_shapes) {
            const test::layout from = test::layouts[seed % 4], to = test::layouts[(seed / 2) % 4];
            const auto numbers = test::stored<E>(test::normals(embedding_vocabulary * s.columns, 1)),
                       before = test::stored<E>(test::normals(s.tokens * s.columns, 2));
            const placed_rows<E> table(numbers, embedding_vocabulary, s.columns, from),
                y(before, s.tokens, s.columns, to);
            const auto positions = embedding_ids(s.tokens);
            const test::device_array<std::uint32_t> given(positions);
            cuda::add_positions<E>(given.data(), table.seen(), y.view(), nullptr);
            std::vector<double> wanted = before;
            for (std::size_t i = 0; i < wanted.size(); ++i)
                wanted[i] += numbers[positions[i / s.columns] * s.columns + i % s.columns];
            CHECK(test::first_difference<E>(y.values(), wanted, s.columns, 1e-7) == wanted.size());
            CHECK(y.gaps_stay());
        }
    });
}

TEST_CASE("what a table holds beyond numbers is seen, and nothing is started without tokens") {
    const placed_rows<float> table(std::vector<double>{test::not_a_number, test::infinity, 3e38, 1}, 2, 2);
    const placed_rows<float> y(std::vector<double>(4), 2, 2);
    const test::device_array<std::uint32_t> ids(std::vector<std::uint32_t>{1, 0});
    cuda::embed<float>(ids.data(), table.seen(), 2, y.view(), nullptr);
    const auto found = y.values();
    CHECK(found[0] == test::infinity); // as on the processor
    CHECK(found[1] == 2);
    CHECK(std::isnan(found[2]));
    CHECK(found[3] == test::infinity);
    const std::size_t before = emulator::launches();
    cuda::embed<float>(ids.data(), table.seen(), 2, {y.view().data, 0, 2, 2}, nullptr);
    cuda::add_positions<float>(ids.data(), table.seen(), {y.view().data, 0, 2, 2}, nullptr);
    CHECK(emulator::launches() == before);
}

TEST_CASE_TEMPLATE("embeddings on a device are asked for once", E, float, bfloat16) {
    const std::size_t tokens = 64, columns = 512;
    const std::vector<double> zeros(tokens * columns);
    const placed_rows<E> table(zeros, tokens, columns), y(zeros, tokens, columns);
    std::vector<std::uint32_t> numbers(tokens);
    for (std::size_t i = 0; i < tokens; ++i) numbers[i] = static_cast<std::uint32_t>(5 * i % tokens);
    const test::device_array<std::uint32_t> ids(numbers);
    test::check_traffic(test::shape_name<E>("embed", tokens, columns), embedding_traffic<E>(tokens, columns, 2),
                        [&] { cuda::embed<E>(ids.data(), table.seen(), 2.0F, y.view(), nullptr); });
    test::check_traffic(test::shape_name<E>("add_positions", tokens, columns), embedding_traffic<E>(tokens, columns, 3),
                        [&] { cuda::add_positions<E>(ids.data(), table.seen(), y.view(), nullptr); });
}
