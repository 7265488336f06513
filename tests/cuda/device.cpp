#include <doctest/doctest.h>

#include <string>
#include <thread>

#include <preflearn/backend/cuda/device.hpp>
#include <preflearn/backend/cuda/stream.hpp>

#include "emulator/emulator.hpp"

using namespace preflearn::cuda;
using doctest::Contains;

namespace {

int runtimes_device() {
    int device = -1;
    check(cudaGetDevice(&device), "cudaGetDevice");
    return device;
}

} // namespace

TEST_CASE("what there is of a device") {
    const emulator::with_machine two({.devices = 2, .l2_cache = 50UL << 20, .multiprocessors = 132, .major = 10});
    CHECK(device_count() == 2);
    CHECK(no_device_reason().empty());
    const device_properties found = properties_of(1);
    CHECK(found.number == 1);
    CHECK(found.name == "emulator");
    CHECK(found.capability == 100);
    CHECK(found.multiprocessors == 132);
    CHECK(found.l2_bytes == 50UL << 20);
    CHECK(found.memory_bytes == 1024UL << 20);
    CHECK_THROWS_WITH_AS(properties_of(2), Contains("cudaErrorInvalidDevice"), preflearn::device_error);
    const memory_state memory = device_memory();
    CHECK(memory.free_bytes <= memory.total_bytes);
    CHECK(memory.total_bytes == 1024UL << 20);
}

TEST_CASE("no device is a reason in words, whoever asks") {
    const emulator::with_machine none({.devices = 0, .driver = 0});
    CHECK(no_device_reason() == "no CUDA device: no NVIDIA driver is installed (cudaErrorInsufficientDriver, 35)");
    CHECK_THROWS_AS(device_count(), preflearn::no_device_error);
    CHECK_THROWS_AS(use_device(0), preflearn::no_device_error);
    CHECK_THROWS_AS(device_memory(), preflearn::no_device_error);
}

TEST_CASE("a device that is chosen is every thread's, once it asks for the stream") {
    const emulator::with_machine three({.devices = 3});
    CHECK_THROWS_WITH_AS(use_device(3),
                         "CUDA device 3 was asked for, there are 3: 0 (emulator), 1 (emulator), 2 (emulator)",
                         preflearn::argument_error);
    CHECK_THROWS_AS(use_device(-1), preflearn::argument_error);
    CHECK(use_device(2).number == 2);
    CHECK(runtimes_device() == 2);
    int before = -1, after = -1;
    std::thread other([&] {
        before = runtimes_device();
        CHECK(compute_stream() == cudaStreamLegacy);
        after = runtimes_device();
    });
    other.join();
    CHECK(before == 0);
    CHECK(after == 2);
    use_device(0);
    CHECK(bind_device() == 0);
    preflearn::cuda::detail::chosen_device() = -1; // as it was before this test
}

TEST_CASE("a device that cannot run the kernels is refused by name") {
    const emulator::with_machine old({.major = 7, .minor = 5});
    CHECK_THROWS_WITH_AS(use_device(0), "CUDA device 0 (emulator) has compute capability 7.5, 8.0 or later is needed",
                         preflearn::no_device_error);
}
