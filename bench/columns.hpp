/// \file
/// What the benchmarks' counters share. Google Benchmark writes CSV only where the first run has every counter that a
/// later one has: a counter that means nothing for a run is NaN there.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <initializer_list>
#include <limits>

#include <benchmark/benchmark.h>

/// Gives a run those of its program's counters that it lacks.
inline void fill_columns(benchmark::State& state, std::initializer_list<const char*> all) {
    for (const char* name : all) state.counters.try_emplace(name, std::numeric_limits<double>::quiet_NaN());
}

/// Nanoseconds per one of the `items` of an iteration.
inline void count_nanoseconds(benchmark::State& state, const char* name, std::size_t items) {
    // A rate, inverted: seconds per 10⁻⁹ items.
    state.counters[name] =
        benchmark::Counter(static_cast<double>(state.iterations()) * static_cast<double>(items) * 1e-9,
                           benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}
