// Scoring of the pairs by oneDNN's products, weights frozen: policy/log_probs/onednn in float32, and /bfloat16. Beside
// each stand its own products of the same shapes alone (of_products: how many times as fast as those it would be if it
// took no time for anything else), and the peak of fused multiply-adds in float32.
#include <chrono>
#include <cstdint>

#include <benchmark/benchmark.h>

#include <preflearn/backend/cpu/onednn.hpp>

#include "../backend/peak.hpp"
#include "products_alone.hpp"
#include "real_pairs.hpp"

using namespace preflearn;

namespace {

template <class Backend> void log_probs(benchmark::State& state) {
    static const transformer<float, Backend> model = frozen_model<Backend>();
    const real_pairs& pairs = the_pairs();
    const auto completions = pairs.completions();
    const packed_batch all(completions, model.config(), row_purpose::log_probs);
    products_alone<Backend> alone(model, all.rows(), all.wanted.size());
    const auto seconds = [](const auto& work) {
        const auto start = std::chrono::steady_clock::now();
        work();
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    };
    double own = 0, products = 0;
    for (auto _ : state) { // in turn
        products += seconds([&] { alone.run(); });
        const double time = seconds([&] { benchmark::DoNotOptimize(model.log_probs(completions)); });
        state.SetIterationTime(time);
        own += time;
    }
    state.counters["of_products"] = products / own;
    state.counters["peak_memory_mb"] = peak_memory_mb();
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(pairs.tokens()));
    state.SetLabel(pairs.label + "; items are tokens");
    static const double peak = arithmetic_peak();
    const double rate = forward_operations(model, completions) * static_cast<double>(state.iterations()) / own;
    state.counters["flop/s"] = rate;
    state.counters["of_fma_peak"] = rate / peak;
}

} // namespace

BENCHMARK(log_probs<onednn_backend<>>)->Name("policy/log_probs/onednn")->Unit(benchmark::kMillisecond)->UseManualTime();
BENCHMARK(log_probs<onednn_backend<bfloat16>>)
    ->Name("policy/log_probs/bfloat16")
    ->Unit(benchmark::kMillisecond)
    ->UseManualTime();
