#include <doctest/doctest.h>

#include <sstream>
#include <string>

#include <preflearn/backend/cuda/error.hpp>

#include "emulator/emulator.hpp"

using namespace preflearn::cuda;
using doctest::Contains;

TEST_CASE("a call that failed is an exception with the call, the error, the device and the line, and then forgotten") {
    CHECK_NOTHROW(check(cudaSuccess, "cudaFree"));
    int line = 0;
    std::string said;
    try {
        line = __LINE__ + 1;
        check(cudaFree(&line), "cudaFree");
    } catch (const preflearn::device_error& failure) {
        said = failure.what();
    }
    CHECK(said.find("cudaFree failed on device 0 (emulator): ") == 0);
    CHECK(said.find("(cudaErrorInvalidValue, 1)") != said.npos);
    CHECK(said.find("error.cpp:" + std::to_string(line)) != said.npos);
    CHECK(cudaPeekAtLastError() == cudaSuccess);
}

TEST_CASE("our own lines are named by the path that users know") {
    std::ostringstream out;
    out << code_line{"/usr/include/preflearn/backend/cuda/memory.hpp", 7} << ' ' << code_line{"main.cpp", 9};
    CHECK(out.str() == "preflearn/backend/cuda/memory.hpp:7 main.cpp:9");
}

TEST_CASE("where there is no device, which of the reasons it has") {
    const auto reason = [](int driver, cudaError_t result) {
        const emulator::with_machine none({.devices = 0, .driver = driver});
        CHECK_THROWS_AS(check(result, "cudaMalloc"), preflearn::no_device_error);
        return why_no_device(result);
    };
    CHECK(reason(0, cudaErrorInsufficientDriver) ==
          "no CUDA device: no NVIDIA driver is installed (cudaErrorInsufficientDriver, 35)");
    CHECK(reason(12040, cudaErrorInsufficientDriver) ==
          "no CUDA device: the NVIDIA driver is too old, it serves CUDA 12.4 and this program needs 13.0 "
          "(cudaErrorInsufficientDriver, 35)");
    CHECK(reason(13000, cudaErrorNoDevice) == "no CUDA device: the NVIDIA driver sees none (CUDA_VISIBLE_DEVICES may "
                                              "hide them) (cudaErrorNoDevice, 100)");
    CHECK(reason(13000, cudaErrorSystemDriverMismatch).find("(cudaErrorSystemDriverMismatch, 803)") !=
          std::string::npos);
    CHECK(!means_no_device(cudaErrorMemoryAllocation));
}
