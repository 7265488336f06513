/// \file
/// A processor in the part of a CUDA device: what tests ask of it. Threads of a block are fibres on one thread of the
/// processor, blocks run one after another; in which order is the seed's affair. What a kernel must not do (barriers or
/// warp operations that do not meet, lanes outside the mask, …) is a kernel_fault, thrown where it was launched.
///
/// Copies and kernels of the default stream have happened when the call returns. Device memory may not be touched by
/// the host (a segmentation fault), and holds 0xff, which is NaN, before it is written.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>

#include <cuda_runtime_api.h>

namespace emulator {

/// What a kernel did wrong: which kernel, block and thread, where, and what.
struct kernel_fault : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// What machine is played.
struct machine {
    int devices = 1;                           ///< 0: as where there is no driver
    int driver = 13000;                        ///< its version where there are devices; else 0
    std::size_t total_memory = 1024UL << 20;   ///< bytes; beyond it is out of memory
    std::size_t shared_per_block = 48UL << 10; ///< bytes without cudaFuncSetAttribute
    std::size_t shared_per_block_optin = 227UL << 10;
    std::size_t l2_cache = 4UL << 20;
    int multiprocessors = 2;
    int major = 9, minor = 0;   ///< compute capability
    std::uint64_t schedule = 0; ///< seed; 0: in order
};
/// As it is now; may be changed at any time outside of kernels.
machine& settings();

/// Another machine as long as it lives.
class with_machine {
  public:
    explicit with_machine(const machine& other) : before(settings()) { settings() = other; }
    with_machine(const with_machine&) = delete;
    with_machine& operator=(const with_machine&) = delete;
    ~with_machine() { settings() = before; }

  private:
    machine before;
};

/// Whether every access of a kernel is looked at: whether this is the checked build.
bool checked();

/// f(seed) under `count` schedules, the first in order. The checked build sees races whatever the schedule: two do.
template <class F> void for_schedules(std::uint64_t count, F&& f) {
    if (checked() && count > 2) count = 2;
    const std::uint64_t before = settings().schedule;
    struct restore {
        std::uint64_t seed;
        ~restore() { settings().schedule = seed; }
    } restored{before};
    for (std::uint64_t seed = 0; seed < count; ++seed) {
        settings().schedule = seed;
        f(seed);
    }
}

/// What kernels moved: bytes that lanes asked the device's memory for, how many different ones (of each launch), and
/// what of them comes as sectors of 32 bytes, each once an instruction of a warp; how often shared memory was asked,
/// and how often it would have been if no two lanes had wanted different words of one bank. An atomic operation reads
/// and writes.
struct traffic_count {
    std::size_t asked_read = 0, asked_written = 0, distinct_read = 0, distinct_written = 0, sector_bytes = 0;
    std::size_t shared_passes = 0, shared_least = 0;

    [[nodiscard]] std::size_t asked() const { return asked_read + asked_written; }
    [[nodiscard]] std::size_t distinct() const { return distinct_read + distinct_written; }
    [[nodiscard]] double sectors_of_asked() const {
        return asked() == 0 ? 1 : static_cast<double>(sector_bytes) / static_cast<double>(asked());
    }
    [[nodiscard]] double bank_conflicts() const {
        return shared_least == 0 ? 1 : static_cast<double>(shared_passes) / static_cast<double>(shared_least);
    }
};
/// Counts, in the checked build, as long as it lives; one at a time.
class traffic_meter {
  public:
    traffic_meter();
    traffic_meter(const traffic_meter&) = delete;
    traffic_meter& operator=(const traffic_meter&) = delete;
    ~traffic_meter();
    /// Of all launches since it was made.
    [[nodiscard]] traffic_count count() const;
};
/// What the latest meter counted.
traffic_count traffic();

/// Bytes of device memory in use.
std::size_t memory_in_use();
/// Kernels started so far.
std::size_t launches();

} // namespace emulator
