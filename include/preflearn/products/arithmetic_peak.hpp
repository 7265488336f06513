/// \file
/// What the processor allows: the rate of independent fused multiply-adds in registers, which no product exceeds. What
/// a program uses of its machine is a share of it.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <limits>
#include <utility>

#include <Eigen/Core>

#include <preflearn/core/system/parallel.hpp>

namespace preflearn {

namespace detail {

/// `steps` multiply-adds in each of as many chains as there are indices, written without a loop over the chains, so
/// that they stay in registers whatever the optimiser thinks of unrolling.
template <std::size_t... Chain>
float multiply_add_chains(std::size_t steps, float start, std::index_sequence<Chain...> /*chains*/) {
    using namespace Eigen::internal;
    using packet = packet_traits<float>::type;
    packet sums[]{pset1<packet>(start + static_cast<float>(Chain))...}; // NOLINT: std::array drops the alignment
    const packet factor = pset1<packet>(0.999F), term = pset1<packet>(0.5F);
    for (std::size_t step = 0; step < steps; ++step) ((sums[Chain] = pmadd(sums[Chain], factor, term)), ...);
    return (predux(sums[Chain]) + ...);
}

} // namespace detail

/// Operations per second on floats (a multiplication and an addition count each) that all threads reach together, the
/// best of `tries` of a few milliseconds each. Code that is not optimised is far from it.
inline double arithmetic_peak(int tries = 5) {
    constexpr std::size_t chains = 12, steps = 400'000;
    constexpr std::size_t lanes = sizeof(Eigen::internal::packet_traits<float>::type) / sizeof(float);
    const std::size_t threads = thread_count();
    double seconds = std::numeric_limits<double>::max();
    for (int i = 0; i < tries; ++i) {
        const auto start = std::chrono::steady_clock::now();
        parallel_for(threads, [&](std::size_t thread) {
            volatile float seen =
                detail::multiply_add_chains(steps, static_cast<float>(thread), std::make_index_sequence<chains>{});
            static_cast<void>(seen); // so that nothing is left out
        });
        seconds = std::min(seconds, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    }
    return 2.0 * static_cast<double>(chains * steps * lanes * threads) / seconds;
}

} // namespace preflearn
