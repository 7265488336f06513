/// \file
/// What this machine's processor allows, measured in the same run and on the same threads as what stands beside it: the
/// rate of independent fused multiply-adds in registers, and the best rate of a large matrix product of the backend.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <limits>

#include <benchmark/benchmark.h>

#include <preflearn/backend/cpu/backend.hpp>
#include <preflearn/products/arithmetic_peak.hpp>

/// Seconds of the quickest of `tries` calls.
template <class Work> double quickest(int tries, Work&& work) {
    double best = std::numeric_limits<double>::max();
    for (int i = 0; i < tries; ++i) {
        const auto start = std::chrono::steady_clock::now();
        work();
        best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    }
    return best;
}

/// Operations per second of the best of a few large float products.
inline double product_peak() {
    double best = 0;
    for (const std::size_t n : {512U, 1024U, 1536U}) {
        preflearn::cpu_backend::matrix<float> a(n, n), b(n, n), c(n, n);
        for (const auto view : {a.view(), b.view()}) std::fill_n(view.data, n * n, 0.5F);
        const double seconds = quickest(9, [&] {
            preflearn::cpu_backend::multiply<float>(preflearn::transpose::no, a.view(), preflearn::transpose::yes,
                                                    b.view(), c.view(), preflearn::store::replace);
        });
        best = std::max(best, 2.0 * static_cast<double>(n * n * n) / seconds);
    }
    return best;
}

/// Reports operations per second, and which share of both peaks that is.
inline void count_rate(benchmark::State& state, double rate) {
    static const double arithmetic = preflearn::arithmetic_peak(), product = product_peak();
    state.counters["flop/s"] = rate;
    state.counters["gemm_peak"] = product;
    state.counters["of_gemm_peak"] = rate / product;
    state.counters["of_fma_peak"] = rate / arithmetic;
}

/// The same, of what was done since `start`.
inline void count_operations(benchmark::State& state, double per_iteration,
                             std::chrono::steady_clock::time_point start) {
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    count_rate(state, per_iteration * static_cast<double>(state.iterations()) / seconds);
}
