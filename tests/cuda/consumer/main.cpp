// What a user writes who has installed the component cuda: a buffer on the device, filled by a kernel, if there is one.
// SPDX-License-Identifier: MIT
#include <cstdio>

#include <preflearn/backend/cuda/memory.hpp>
#include <preflearn/backend/cuda/operations.hpp>

int main() {
    using namespace preflearn::cuda;
    try {
        const device_buffer<float> numbers(12);
        fill(device_rows<float>{numbers.data(), 3, 4, 4}, 2.0F, compute_stream());
        float last = 0;
        check(cudaMemcpy(&last, numbers.data() + 11, sizeof last, cudaMemcpyDeviceToHost), "cudaMemcpy");
        std::printf("filled with %g\n", last);
    } catch (const preflearn::no_device_error& failure) {
        std::printf("%s\n", failure.what());
    }
}
