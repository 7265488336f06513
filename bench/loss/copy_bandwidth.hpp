/// \file
/// What the machine's memory allows: the rate at which a plain parallel copy moves as many bytes as the benchmark
/// beside it, read and written bytes both counted, best of several tries. Measured in the same run, on the same
/// threads.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <limits>
#include <vector>

#include <benchmark/benchmark.h>

#include <preflearn/core/system/parallel.hpp>

/// A working set of which no cache holds much.
inline constexpr std::size_t beyond_caches = std::size_t{512} << 20;

/// Seconds of a parallel copy.
inline double copy_seconds(const double* from, double* to, std::size_t count) {
    const auto start = std::chrono::steady_clock::now();
    preflearn::parallel_blocks(
        count, 1 << 16, [&](std::size_t begin, std::size_t end) { std::copy(from + begin, from + end, to + begin); });
    benchmark::DoNotOptimize(to);
    benchmark::ClobberMemory();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Bytes per second, for a working set of `bytes` (half of them read, half written).
inline double copy_bandwidth(std::size_t bytes) {
    const std::size_t count = std::max<std::size_t>(bytes / 2 / sizeof(double), 1);
    std::vector<double> from(count, 1.0), to(count);
    double best = std::numeric_limits<double>::max();
    for (int i = 0; i < 15; ++i) best = std::min(best, copy_seconds(from.data(), to.data(), count));
    return static_cast<double>(2 * count * sizeof(double)) / best;
}

/// Seconds in which a copy moves so many bytes, half of them read, half written, from a memory that exceeds the caches,
/// of which every copy takes the next part.
inline double next_copy_seconds(std::size_t bytes) {
    constexpr std::size_t size = beyond_caches / 2 / sizeof(double);
    static std::vector<double> from(size, 1.0), to(size); // once for all benchmarks
    static std::size_t at = 0;
    const std::size_t count = bytes / 2 / sizeof(double);
    if (at + count > size) at = 0;
    const double seconds = copy_seconds(from.data() + at, to.data() + at, count);
    at += count;
    return seconds;
}

/// Bytes per second from memory: the best of several copies.
inline double memory_bandwidth() {
    constexpr std::size_t parts = 8, bytes = beyond_caches / parts;
    double best = std::numeric_limits<double>::max();
    for (std::size_t i = 0; i < parts; ++i) best = std::min(best, next_copy_seconds(bytes));
    return static_cast<double>(bytes) / best;
}

/// Reports bytes moved per second since `start`, and which share that is of what a copy of as many bytes reaches.
inline void count_bytes(benchmark::State& state, std::size_t per_iteration,
                        std::chrono::steady_clock::time_point start) {
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    const double rate = static_cast<double>(per_iteration) * static_cast<double>(state.iterations()) / seconds;
    const double bandwidth = copy_bandwidth(per_iteration);
    state.counters["bytes_per_second"] = rate;
    state.counters["copy_bytes_per_second"] = bandwidth;
    state.counters["of_copy_bound"] = rate / bandwidth;
}
