/// \file
/// What the processor allows: the rate of independent fused multiply-adds in registers, which no product exceeds. What
/// a program uses of its machine is a share of it.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <limits>

#include <Eigen/Core>

#include <preflearn/core/system/parallel.hpp>

namespace preflearn {

/// Operations per second on floats (a multiplication and an addition count each) that all threads reach together, the
/// best of `tries` of a few milliseconds each.
inline double arithmetic_peak(int tries = 5) {
    using packet = Eigen::internal::packet_traits<float>::type;
    constexpr std::size_t chains = 12, steps = 400'000, lanes = sizeof(packet) / sizeof(float);
    const std::size_t threads = thread_count();
    double seconds = std::numeric_limits<double>::max();
    for (int i = 0; i < tries; ++i) {
        const auto start = std::chrono::steady_clock::now();
        parallel_for(threads, [&](std::size_t thread) {
            packet sums[chains]; // NOLINT: std::array would drop the packet's alignment
            for (std::size_t c = 0; c < chains; ++c)
                sums[c] = Eigen::internal::pset1<packet>(static_cast<float>(c + thread));
            const packet factor = Eigen::internal::pset1<packet>(0.999F), term = Eigen::internal::pset1<packet>(0.5F);
            for (std::size_t step = 0; step < steps; ++step)
                for (packet& sum : sums) sum = Eigen::internal::pmadd(sum, factor, term);
            float all = 0;
            for (const packet& sum : sums) all += Eigen::internal::predux(sum);
            volatile float seen = all; // so that nothing is left out
            static_cast<void>(seen);
        });
        seconds = std::min(seconds, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    }
    return 2.0 * static_cast<double>(chains * steps * lanes * threads) / seconds;
}

} // namespace preflearn
