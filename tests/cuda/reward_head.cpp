#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <preflearn/backend/cuda/operations.hpp>

#include "../numbers.hpp"
#include "../parts.hpp"
#include "device_array.hpp"
#include "emulator/emulator.hpp"
#include "traffic.hpp"

using namespace preflearn;
using test::device_array;
using test::placed_rows;

namespace {

template <class E> void check_rewards(std::size_t rows, std::size_t width, std::uint64_t seed) {
    CAPTURE(rows);
    CAPTURE(width);
    const std::vector<double> h = test::stored<E>(test::normals(rows * width, 1)),
                              v = test::stored<E>(test::normals(width, 2));
    const placed_rows<E> hidden(h, rows, width, test::layouts[seed % 4]),
        weight(v, 1, width, test::layouts[seed / 4 % 4]);
    const device_array<float> rewards{std::vector<float>(rows)};
    cuda::reward_head<E>(hidden.seen(), weight.view().data, 0.25F, rewards.data(), nullptr);
    const std::vector<float> found = rewards.values();
    for (std::size_t r = 0; r < rows; ++r) {
        const std::span<const double> row = std::span(h).subspan(r * width, width);
        double size = 1;
        for (std::size_t k = 0; k < width; ++k) size += std::abs(row[k] * v[k]);
        CHECK(std::abs(static_cast<double>(found[r]) - (test::dot(row, v) + 0.25)) <= 1e-6 * size);
    }
}

/// Of R rows of width d: each once, the weight (asked for by every row), the rewards.
template <class E> test::moved_bytes reward_traffic(std::size_t rows, std::size_t width) {
    const std::size_t row = width * sizeof(E);
    return {rows * (row + 4) + row, rows * (2 * row + 4)};
}

template <class E> void check_reward_traffic(std::size_t rows, std::size_t width) {
    const placed_rows<E> hidden(test::normals(rows * width, 1), rows, width), weight(test::normals(width, 2), 1, width);
    const device_array<float> rewards{std::vector<float>(rows)};
    test::check_traffic(test::shape_name<E>("reward_head", rows, width), reward_traffic<E>(rows, width),
                        [&] { cuda::reward_head<E>(hidden.seen(), weight.view().data, 0, rewards.data(), nullptr); });
}

} // namespace

TEST_CASE("Rewards are products of hidden states and the head's weight, of all element types") {
    emulator::for_schedules(10, [](std::uint64_t seed) {
        for (const std::size_t width : {1UL, 33UL, 64UL, 576UL}) {
            check_rewards<float>(1 + seed % 6, width, seed);
            check_rewards<bfloat16>(1 + seed % 6, width, seed);
            check_rewards<float16>(1 + seed % 6, width, seed);
        }
    });
    const std::size_t before = emulator::launches();
    cuda::reward_head<float>({nullptr, 0, 8, 8}, nullptr, 0, nullptr, nullptr);
    CHECK(emulator::launches() == before);
}

TEST_CASE("The kernel of rewards moves what its formula says") {
    check_reward_traffic<float>(32, 576);
    check_reward_traffic<bfloat16>(32, 2048);
}
