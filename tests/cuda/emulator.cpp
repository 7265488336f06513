// The emulator itself: what kernels may do has the right outcome under every schedule, and what they must not do is
// said.
#include <cmath>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "emulator/emulator.hpp"
#include "emulator/sanitizers.hpp"
#include <preflearn/backend/cuda/kernels/device.cuh>
#include <preflearn/backend/cuda/kernels/launch.cuh>
#include <preflearn/backend/cuda/kernels/mma.cuh>

namespace {
namespace emulated {

using namespace preflearn;
using namespace preflearn::cuda;

template <class T> struct device_list {
    T* data = nullptr;
    std::size_t count;

    explicit device_list(std::size_t n) : count(n) { check(cudaMalloc(&data, n * sizeof(T)), "cudaMalloc"); }
    explicit device_list(const std::vector<T>& from) : device_list(from.size()) {
        check(cudaMemcpy(data, from.data(), count * sizeof(T), cudaMemcpyHostToDevice), "cudaMemcpy");
    }
    device_list(const device_list&) = delete;
    device_list& operator=(const device_list&) = delete;
    ~device_list() { (void)cudaFree(data); }
    [[nodiscard]] std::vector<T> on_host() const {
        std::vector<T> to(count);
        check(cudaMemcpy(to.data(), data, count * sizeof(T), cudaMemcpyDeviceToHost), "cudaMemcpy");
        return to;
    }
};

/// The message of the fault that f ends with.
template <class F> std::string fault_of(F&& f) {
    try {
        f();
    } catch (const emulator::kernel_fault& fault) {
        return fault.what();
    }
    return "no fault";
}

bool says(const std::string& message, std::initializer_list<const char*> parts) {
    for (const char* part : parts)
        if (message.find(part) == std::string::npos) {
            MESSAGE(message, " lacks ", std::string(part));
            return false;
        }
    return true;
}

__global__ void sum_kernel(const float* x, int n, float* sums) {
    float sum = 0;
    for (int i = static_cast<int>(threadIdx.x); i < n; i += static_cast<int>(blockDim.x))
        sum += x[static_cast<int>(blockIdx.x) * n + i];
    sum = block_sum(sum);
    if (threadIdx.x == 0) sums[blockIdx.x] = sum;
}

__global__ void reverse_kernel(const int* x, int* y) {
    int* const first = shared_array<int, 128>();
    int* const second = shared_array<int, 128, 1>();
    int* const third = dynamic_shared<int>(16, 128);
    const unsigned i = threadIdx.x;
    first[i] = x[i];
    __syncthreads();
    second[127 - i] = first[i];
    __syncthreads();
    third[i] = second[i] + first[127 - i];
    __syncthreads();
    y[i] = third[i] / 2;
}

__global__ void lanes_kernel(int* y) {
    const int lane = static_cast<int>(threadIdx.x % 32);
    int sum = lane;
    if (lane < 16) { // half of a warp has a sum of its own
        for (int d = 8; d > 0; d /= 2) sum += __shfl_xor_sync(0xffffU, sum, d);
    }
    __syncwarp();
    const int up = __shfl_up_sync(0xffffffffU, lane, 3U), down = __shfl_down_sync(0xffffffffU, lane, 30U);
    const int of_group = __shfl_sync(0xffffffffU, lane, 5, 8);
    const unsigned odd = __ballot_sync(0xffffffffU, lane % 2);
    y[threadIdx.x] = sum + 1000 * up + 100000 * down + 10000000 * of_group + (odd == 0xaaaaaaaaU ? 0 : 1);
}

__global__ void count_kernel(unsigned* count, float* sum, int* largest) {
    atomicAdd(count, 1U);
    atomicAdd(sum, 0.5F);
    atomicMax(largest, static_cast<int>(threadIdx.x * 7 % 64));
}

TEST_CASE("emulator: barriers, shuffles, shared arrays and atomics are the same under every schedule") {
    std::vector<float> x(3 * 100);
    std::iota(x.begin(), x.end(), 0.0F);
    std::vector<int> order(128);
    std::iota(order.begin(), order.end(), 0);
    emulator::for_schedules(10, [&](std::uint64_t) {
        const device_list<float> rows(x), sums(3);
        launch(sum_kernel, 3, 96, 0, nullptr, rows.data, 100, sums.data);
        CHECK(sums.on_host() == std::vector<float>{4950, 14950, 24950});

        const device_list<int> from(order), to(128);
        launch(reverse_kernel, 1, 128, 16 + 128 * sizeof(int), nullptr, from.data, to.data);
        std::vector<int> expected(128);
        for (int i = 0; i < 128; ++i) expected[static_cast<std::size_t>(i)] = 127 - i;
        CHECK(to.on_host() == expected);

        const device_list<unsigned> count(std::vector<unsigned>{0});
        const device_list<float> sum(std::vector<float>{0});
        const device_list<int> largest(std::vector<int>{-1});
        launch(count_kernel, dim3(2, 2), dim3(8, 8), 0, nullptr, count.data, sum.data, largest.data);
        CHECK(count.on_host().front() == 256U);
        CHECK(sum.on_host().front() == 128.0F);
        CHECK(largest.on_host().front() == 49);
    });
}

TEST_CASE("emulator: a warp's operations know mask, width and the lanes at the edges") {
    emulator::for_schedules(10, [&](std::uint64_t) {
        const device_list<int> y(64);
        launch(lanes_kernel, 1, 64, 0, nullptr, y.data);
        const std::vector<int> found = y.on_host();
        for (int i = 0; i < 64; ++i) {
            const int lane = i % 32, up = lane < 3 ? lane : lane - 3, down = lane + 30 > 31 ? lane : lane + 30;
            CHECK(found[static_cast<std::size_t>(i)] ==
                  (lane < 16 ? 120 : lane) + 1000 * up + 100000 * down + 10000000 * (lane / 8 * 8 + 5));
        }
    });
}

template <HalfReal E> __global__ void product_kernel(const E* a, const E* b, float* c) {
    const unsigned lane = threadIdx.x, g = lane / 4, t = lane % 4;
    mma_a<E> left{};
    mma_b<E> right{};
    mma_c sums;
    for (unsigned r = 0; r < 4; ++r) left.registers[r] = load_two(a + (g + 8 * (r % 2)) * 16 + 2 * t + 8 * (r / 2));
    for (unsigned r = 0; r < 2; ++r) {
        const unsigned k = 2 * t + 8 * r;
        right.registers[r] = two(b[k * 8 + g], b[(k + 1) * 8 + g]);
    }
    multiply_add(sums, left, right);
    multiply_add(sums, left, right);
    for (unsigned i = 0; i < 4; ++i) c[(g + 8 * (i / 2)) * 8 + 2 * t + i % 2] = sums.values[i];
}

TEST_CASE_TEMPLATE("emulator: the warp's product is the plain one", E, bfloat16, float16) {
    std::vector<E> a, b;
    for (int i = 0; i < 256; ++i) a.push_back(E(static_cast<float>(i * 37 % 23) - 11));
    for (int i = 0; i < 128; ++i) b.push_back(E(static_cast<float>(i * 29 % 17) / 4 - 2));
    emulator::for_schedules(3, [&](std::uint64_t) {
        const device_list<E> left(a), right(b);
        const device_list<float> c(128);
        launch(product_kernel<E>, 1, 32, 0, nullptr, left.data, right.data, c.data);
        const std::vector<float> found = c.on_host();
        for (std::size_t i = 0; i < 16; ++i)
            for (std::size_t j = 0; j < 8; ++j) {
                double sum = 0;
                for (std::size_t k = 0; k < 16; ++k) sum += double{a[i * 16 + k]} * double{b[k * 8 + j]};
                CHECK(found[i * 8 + j] == static_cast<float>(2 * sum));
            }
    });
}

__global__ void barrier_in_branch(int* y) {
    if (threadIdx.x < 32) __syncthreads();
    y[threadIdx.x] = 1;
}
__global__ void two_barriers(int* y) {
    if (threadIdx.x < 32)
        __syncthreads();
    else
        __syncthreads();
    y[threadIdx.x] = 1;
}
__global__ void shuffle_in_branch(int* y) {
    int value = 1;
    if (threadIdx.x % 32 < 16) value = __shfl_xor_sync(0xffffffffU, value, 1);
    __syncthreads();
    y[threadIdx.x] = value;
}
__global__ void lane_outside(int* y) { y[threadIdx.x] = __shfl_xor_sync(0xffffU, 1, 1); }
__global__ void source_outside(int* y) {
    if (threadIdx.x < 16) y[threadIdx.x] = __shfl_down_sync(0xffffU, 1, 4U);
}
__global__ void throws_kernel() { throw std::runtime_error("something"); }

TEST_CASE("emulator: barriers and warp operations that do not meet are faults with both places") {
    const device_list<int> y(64);
    emulator::for_schedules(5, [&](std::uint64_t) {
        const auto run = [&](void (*kernel)(int*)) {
            return fault_of([&] { launch(kernel, 1, 64, 0, nullptr, y.data); });
        };
        CHECK(says(run(barrier_in_branch), {"barrier_in_branch", "block (0, 0, 0)", "thread (",
                                            "__syncthreads at emulator.cpp:", "has returned"}));
        CHECK(says(run(two_barriers), {"two_barriers", "waits in __syncthreads at emulator.cpp:", ", but thread ("}));
        CHECK(says(run(shuffle_in_branch),
                   {"__shfl_xor_sync at emulator.cpp:", "0xffffffff", "__syncthreads at emulator.cpp:"}));
        CHECK(says(run(lane_outside), {"mask 0xffff, which does not name its lane"}));
        CHECK(says(run(source_outside), {"thread (", "receives from lane 1", "not in the mask 0xffff"}));
        CHECK(says(fault_of([&] { launch(throws_kernel, 1, 1, 0, nullptr); }), {"throws something"}));
        launch(lanes_kernel, 1, 64, 0, nullptr, y.data); // nothing stays behind
    });
}

__global__ void uneven_sum(float* y) { y[threadIdx.x] = warp_sum(1.0F); }
__global__ void too_much_dynamic(float* y) { y[0] = dynamic_shared<float>(0, 65)[64]; }

TEST_CASE("emulator: lanes that a block does not have, and memory that was not asked for") {
    const device_list<float> y(64);
    CHECK(says(fault_of([&] { launch(uneven_sum, 1, 40, 0, nullptr, y.data); }), {"which the block does not have"}));
    CHECK(says(fault_of([&] { launch(too_much_dynamic, 1, 1, 256, nullptr, y.data); }),
               {"dynamic shared memory, which has 256"}));
    CHECK_THROWS_WITH_AS(launch(uneven_sum, 1, 1025, 0, nullptr, y.data),
                         doctest::Contains("cudaErrorInvalidConfiguration"), device_error);
    CHECK_THROWS_WITH_AS(launch(uneven_sum, 1, 32, 300 << 10, nullptr, y.data),
                         doctest::Contains("cudaFuncSetAttribute"), device_error);
    launch(uneven_sum, 0, 32, 0, nullptr, y.data);
}

TEST_CASE("emulator: memory ends where the machine's does, and is NaN before it is written") {
    const std::size_t before = emulator::memory_in_use();
    {
        emulator::machine small;
        small.total_memory = before + 4096;
        const emulator::with_machine now(small);
        void* most = nullptr;
        void* more = nullptr;
        CHECK(cudaMalloc(&most, 4000) == cudaSuccess);
        CHECK(cudaMalloc(&more, 200) == cudaErrorMemoryAllocation);
        CHECK(cudaGetLastError() == cudaErrorMemoryAllocation);
        std::size_t free = 0, total = 0;
        CHECK(cudaMemGetInfo(&free, &total) == cudaSuccess);
        CHECK(free == 96);
        CHECK(cudaFree(most) == cudaSuccess);
        CHECK(cudaFree(most) == cudaErrorInvalidValue);
    }
    CHECK(emulator::memory_in_use() == before);
    const device_list<float> fresh(7);
    for (const float x : fresh.on_host()) CHECK(std::isnan(x));
    float host = 0;
    CHECK(cudaMemcpy(&host, fresh.data + 7, 4, cudaMemcpyDeviceToHost) == cudaErrorInvalidValue);
    CHECK(cudaMemcpy(&host, &host, 4, cudaMemcpyDeviceToHost) == cudaErrorInvalidValue);
}

TEST_CASE("emulator: a machine without a driver answers 35 and leaves the number of devices alone") {
    const emulator::with_machine now({.devices = 0, .driver = 0});
    int count = 17;
    CHECK(cudaGetDeviceCount(&count) == cudaErrorInsufficientDriver);
    CHECK(static_cast<int>(cudaGetLastError()) == 35);
    CHECK(count == 17);
    int version = -1;
    CHECK(cudaDriverGetVersion(&version) == cudaSuccess);
    CHECK(version == 0);
    CHECK_THROWS_AS(launch(throws_kernel, 1, 1, 0, nullptr), no_device_error);
}

#ifndef PREFLEARN_EMULATOR_ASAN // which ends the program
__global__ void writes_behind(float* y, unsigned at) { y[at] = 1; }

TEST_CASE("emulator: every build finds what was written beside an array") {
    const device_list<float> x(64);
    for (const unsigned at : {64U, 100U})
        CHECK(says(fault_of([&] { launch(writes_behind, 1, 1, 0, nullptr, x.data, at); }),
                   {"writes_behind", at == 64 ? "0 bytes behind an array of 256 bytes" : "144 bytes behind"}));
    launch(writes_behind, 1, 1, 0, nullptr, x.data, 63U); // nobody is blamed for others
}
#endif

// What only the checked build sees.

__global__ void neighbours_race(int* y) {
    int* const shared = shared_array<int, 64>();
    shared[threadIdx.x] = static_cast<int>(threadIdx.x);
    y[threadIdx.x] = shared[threadIdx.x ^ 1U]; // no barrier
}
__global__ void reader_race(int* y) {
    int* const shared = shared_array<int, 1>();
    if (threadIdx.x == 0) *shared = 1;
    __syncthreads();
    y[threadIdx.x] = *shared;
    if (threadIdx.x == 40) *shared = 2; // while others read
}
__global__ void blocks_race(int* y) { y[0] = static_cast<int>(blockIdx.x); }
__global__ void shuffle_orders_nothing(int* y) {
    int* const shared = shared_array<int, 64>();
    shared[threadIdx.x] = 1;
    const int sum = warp_sum(1);
    y[threadIdx.x] = sum + shared[threadIdx.x ^ 1U];
}
__global__ void warp_in_order(int* y) {
    int* const shared = shared_array<int, 64>();
    shared[threadIdx.x] = 1;
    __syncwarp();
    y[threadIdx.x] = shared[threadIdx.x ^ 1U];
}
__global__ void last_block_sums(int* sums, unsigned* done, int* y) {
    int* const last = shared_array<int, 1>();
    if (threadIdx.x == 0) {
        sums[blockIdx.x] = 1;
        __threadfence();
        *last = atomicAdd(done, 1U) == gridDim.x - 1;
    }
    __syncthreads();
    if (*last == 0) return;
    __threadfence();
    y[threadIdx.x] = sums[threadIdx.x % gridDim.x];
}
__global__ void last_block_without_fence(int* sums, unsigned* done, int* y) {
    sums[blockIdx.x] = 1;
    if (atomicAdd(done, 1U) == gridDim.x - 1) y[0] = sums[0] + sums[gridDim.x - 1];
}
__global__ void before_first_write(int* y) {
    int* const shared = shared_array<int, 2>();
    if (threadIdx.x != 0) return;
    shared[0] = 1;
    y[0] = shared[1];
}
__global__ void device_before_first_write(const float* x, float* y) { y[0] = x[3]; }
__global__ void behind_device_array(float* y) { y[64 + threadIdx.x / 31] = 1; }
__global__ void behind_shared_array(int* y) {
    int* const shared = shared_array<int, 31>();
    shared[threadIdx.x] = 1;
    y[threadIdx.x] = shared[threadIdx.x];
}
__global__ void misaligned(float* y) { store_pack(y + 1, pack<float>{}); }
__global__ void reads_host(const int* x, int* y) { y[0] = x[0]; }

TEST_CASE("emulator: the checked build sees races, bounds, alignment and first writes") {
    if (!emulator::checked()) return;
    const device_list<int> y(64), sums(8);
    const device_list<unsigned> done(std::vector<unsigned>{0, 0});
    const device_list<float> x(64);
    emulator::for_schedules(2, [&](std::uint64_t) {
        const auto run = [&](void (*kernel)(int*), unsigned grid = 1) {
            return fault_of([&] { launch(kernel, grid, 64, 0, nullptr, y.data); });
        };
        CHECK(says(run(neighbours_race), {"neighbours_race", "writes 4 bytes, byte ",
                                          " of a shared array of 256 bytes, at emulator.cpp:", ": a race with thread (",
                                          "which reads it at emulator.cpp:", "no barrier between"}));
        CHECK(says(run(reader_race), {"a race with thread", "of a shared array of 4 bytes"}));
        CHECK(says(run(blocks_race, 2), {"byte 0 of an array of 256 bytes", "a race with"}));
        CHECK(says(run(shuffle_orders_nothing), {"a race with"}));
        CHECK(run(warp_in_order) == "no fault");
        check(cudaMemset(done.data, 0, 8), "cudaMemset");
        CHECK(fault_of([&] { launch(last_block_sums, 8, 32, 0, nullptr, sums.data, done.data, y.data); }) ==
              "no fault");
        CHECK(says(
            fault_of([&] { launch(last_block_without_fence, 8, 1, 0, nullptr, sums.data, done.data + 1, y.data); }),
            {"a race with a thread of another block", "nothing orders blocks"}));
        CHECK(says(run(before_first_write),
                   {"reads 4 bytes before anything was written there, byte 4 of a shared array of 8 bytes"}));
        CHECK(says(fault_of([&] {
                       launch(device_before_first_write, 1, 1, 0, nullptr, x.data, reinterpret_cast<float*>(y.data));
                   }),
                   {"before anything was written there, byte 12 of an array of 256 bytes at emulator.cpp:"}));
        CHECK(says(
            fault_of([&] { launch(behind_device_array, 1, 32, 0, nullptr, x.data); }),
            {"thread (", "writes 4 bytes out of bounds, ", " bytes behind an array of 256 bytes at emulator.cpp:"}));
        CHECK(says(run(behind_shared_array),
                   {"writes 4 bytes out of bounds, ", "bytes behind a shared array of 124 bytes"}));
        CHECK(says(fault_of([&] { launch(misaligned, 1, 1, 0, nullptr, x.data); }),
                   {"writes 16 bytes that are misaligned, byte 4"}));
        const auto host = std::make_unique<int>(1);
        CHECK(says(fault_of([&] { launch(reads_host, 1, 1, 0, nullptr, host.get(), y.data); }),
                   {"reads 4 bytes of the host's memory"}));
        check(cudaFree(nullptr), "cudaFree");
    });
}

__global__ void copy_packs(const float* x, float* y, unsigned stride) {
    store_pack(y + 4 * threadIdx.x, load_pack(x + 4 * threadIdx.x * stride));
}
__global__ void read_columns(const float* x, float* y, unsigned stride) {
    float* const shared = shared_array<float, 32 * 33>();
    for (unsigned i = 0; i < 32; ++i) shared[i * stride + threadIdx.x] = x[threadIdx.x];
    __syncwarp();
    float sum = 0;
    for (unsigned i = 0; i < 32; ++i) sum += shared[threadIdx.x * stride + i];
    y[threadIdx.x] = sum;
}

TEST_CASE("emulator: the checked build counts what is moved") {
    if (!emulator::checked()) return;
    const device_list<float> x(std::vector<float>(1024)), y(256);
    emulator::traffic_count found;
    const auto measure = [&](auto kernel, unsigned threads, unsigned stride) {
        const emulator::traffic_meter meter;
        launch(kernel, 1, threads, 0, nullptr, x.data, y.data, stride);
        found = meter.count();
    };
    measure(copy_packs, 64, 1);
    CHECK(found.asked_read == 1024);
    CHECK(found.asked_written == 1024);
    CHECK(found.distinct() == 2048);
    CHECK(found.sectors_of_asked() == 1);
    measure(copy_packs, 64, 4);
    CHECK(found.distinct() == 2048);
    CHECK(found.sectors_of_asked() == 1.5); // half of each sector that is read
    measure(read_columns, 32, 33);
    CHECK(found.asked_read == 32 * 128);
    CHECK(found.distinct_read == 128);
    CHECK(found.bank_conflicts() == 1);
    measure(read_columns, 32, 32);
    CHECK(found.bank_conflicts() == 16.5); // every write one pass, every read 32
}

} // namespace emulated
} // namespace
