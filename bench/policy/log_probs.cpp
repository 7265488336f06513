// Scoring of the pairs in float32, and how that compares with the matrix products alone. `peer.py` runs this benchmark,
// those of onednn_log_probs.cpp and transformers in turn.
#include <chrono>
#include <cstdint>

#include <benchmark/benchmark.h>

#include "../backend/peak.hpp"
#include "../columns.hpp"
#include "real_pairs.hpp"

namespace {

void log_probs(benchmark::State& state) {
    const real_pairs& pairs = the_pairs();
    const auto completions = pairs.completions();
    const auto start = std::chrono::steady_clock::now();
    for (auto _ : state) benchmark::DoNotOptimize(pairs.model.log_probs(completions));
    state.counters["peak_memory_mb"] = peak_memory_mb();
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(pairs.tokens()));
    state.SetLabel(pairs.label + "; items are tokens");
    fill_columns(state, {"s_per_pair"});
    count_operations(state, forward_operations(pairs.model, completions), start);
}

} // namespace

BENCHMARK(log_probs)->Name("policy/log_probs/cpu")->Unit(benchmark::kMillisecond)->UseRealTime();
