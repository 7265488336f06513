#include <doctest/doctest.h>

#include <array>
#include <cstddef>

#include <preflearn/backend/cuda/sum_room.hpp>

#include "emulator/emulator.hpp"

using namespace preflearn::cuda;

TEST_CASE("a block for every 128 pairs, up to 512 of them") {
    CHECK(blocks_of_sums(1) == 1);
    CHECK(blocks_of_sums(128) == 1);
    CHECK(blocks_of_sums(129) == 2);
    CHECK(blocks_of_sums(std::size_t{1} << 40) == 512);
}

TEST_CASE("no block has finished before the first launch, and what it adds up is read") {
    const sum_room<3> room;
    unsigned done = 7;
    check(cudaMemcpy(&done, room.done(), sizeof done, cudaMemcpyDeviceToHost), "cudaMemcpy");
    CHECK(done == 0);
    const std::array<double, 3> sums{1, 2.5, -3};
    check(cudaMemcpy(room.sums(), sums.data(), sizeof sums, cudaMemcpyHostToDevice), "cudaMemcpy");
    CHECK(room.read(compute_stream()) == sums);
    const emulator::with_machine none({.devices = 0, .driver = 0});
    CHECK_THROWS_AS(sum_room<1>(), preflearn::no_device_error);
}
