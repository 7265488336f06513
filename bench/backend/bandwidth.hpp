/// \file
/// How fast this machine's memory is read, measured in the same run and on the same threads as what stands beside it.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <benchmark/benchmark.h>

#include <preflearn/core/system/parallel.hpp>

#include "peak.hpp"

/// Bytes per second that all threads together read of 256 MB, the best of nine passes.
inline double read_bandwidth() {
    const std::size_t count = std::size_t{32} << 20, parts = 64;
    const std::vector<std::uint64_t> values(count, 1);
    const double seconds = quickest(9, [&] {
        preflearn::parallel_for(parts, [&](std::size_t part) {
            std::uint64_t sums[32] = {}; // NOLINT: as many as the registers of some vectors hold
            const std::uint64_t* const from = values.data() + part * (count / parts);
            for (std::size_t i = 0; i < count / parts; i += 32)
                for (std::size_t k = 0; k < 32; ++k) sums[k] ^= from[i + k];
            for (std::uint64_t& sum : sums) benchmark::DoNotOptimize(sum);
        });
    });
    return static_cast<double>(count * sizeof(std::uint64_t)) / seconds;
}
