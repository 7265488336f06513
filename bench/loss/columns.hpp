/// \file
/// The counters of this program: what a pair (a completion, a response, a token) costs, and the share of what the
/// memory or the matrix products alone would take.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

#include <benchmark/benchmark.h>

#include "../columns.hpp"

inline void fill_loss_columns(benchmark::State& state) {
    fill_columns(state, {"ns_per_pair", "ns_per_item", "of_copy_bound", "of_gemm", "extra_memory_mb"});
}
/// Nanoseconds per one of the `items` of an iteration.
inline void count_nanoseconds(benchmark::State& state, const char* name, std::size_t items) {
    // A rate, inverted: seconds per 10⁻⁹ items.
    state.counters[name] =
        benchmark::Counter(static_cast<double>(state.iterations()) * static_cast<double>(items) * 1e-9,
                           benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
    fill_loss_columns(state);
}
