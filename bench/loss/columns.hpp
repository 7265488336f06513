/// \file
/// The counters of this program: what a pair (a completion, a response, a token) costs, and the share of what the
/// memory, DPO or the matrix products alone would take.
// SPDX-License-Identifier: MIT
#pragma once

#include <benchmark/benchmark.h>

#include "../columns.hpp"

inline void fill_loss_columns(benchmark::State& state) {
    fill_columns(state, {"ns_per_pair", "ns_per_item", "of_copy_bound", "of_dpo", "of_gemm", "extra_memory_mb"});
}
