#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>

#include <preflearn/backend/cuda/memory.hpp>

#include "emulator/emulator.hpp"

using namespace preflearn::cuda;

TEST_CASE("memory is given back once, also where it was moved, and its pool keeps what it has") {
    const std::size_t before = emulator::memory_in_use();
    {
        device_buffer<float> made(100), none(0), other(7);
        CHECK(none.data() == nullptr);
        CHECK(emulator::memory_in_use() == before + 428);
        float* const place = made.data();
        device_buffer<float> taken = std::move(made);
        CHECK(taken.data() == place);
        CHECK(taken.size() == 100);
        CHECK(made.data() == nullptr); // NOLINT: what was moved from has nothing
        other = std::move(taken);
        CHECK(other.data() == place);
    }
    CHECK(emulator::memory_in_use() == before);
    std::uint64_t threshold = 0;
    CHECK(cudaMemPoolGetAttribute(preflearn::cuda::detail::kept_pool(), cudaMemPoolAttrReleaseThreshold, &threshold) ==
          cudaSuccess);
    CHECK(threshold == std::numeric_limits<std::uint64_t>::max());
    CHECK_NOTHROW(give_back_kept_memory());
}

TEST_CASE("where memory is too small it says how much was asked for and how much is free, and less can be asked") {
    const emulator::with_machine small({.total_memory = emulator::memory_in_use() + 10'000});
    const device_buffer<std::byte> first(4'000);
    std::string said;
    try {
        const device_buffer<double> second(1'000);
    } catch (const device_memory_error& failure) {
        said = failure.what();
        CHECK(failure.asked_bytes == 8'000);
        CHECK(failure.free_bytes == 6'000);
    }
    CHECK(said.find("out of memory on device 0 (emulator): 8000 bytes were asked for, 6000 of ") == 0);
    CHECK(said.find("memory.cpp:") != said.npos);
    CHECK(cudaPeekAtLastError() == cudaSuccess); // or the next launch would seem to fail
    CHECK_NOTHROW(device_buffer<double>(750));
    CHECK_THROWS_AS(device_buffer<double>(std::numeric_limits<std::size_t>::max() / 2), device_memory_error);
}

TEST_CASE("pinned memory is the host's") {
    pinned_buffer<int> made(5);
    for (int& value : made.span()) value = 3;
    const pinned_buffer<int> taken = std::move(made);
    CHECK(taken.size() == 5);
    CHECK(taken.data()[4] == 3);
    CHECK(pinned_buffer<int>(0).data() == nullptr);
}

TEST_CASE("without a device nothing is allocated") {
    const emulator::with_machine none({.devices = 0, .driver = 0});
    CHECK_THROWS_AS(device_buffer<float>(1), preflearn::no_device_error);
    CHECK_THROWS_AS(pinned_buffer<float>(1), preflearn::no_device_error);
}
