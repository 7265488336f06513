// Scoring on a CUDA device: cuda/log_probs/<type>, the pairs eight times over. of_gemm_peak is the share of the
// device's own product, measured beside it; difference, the largest from the processor's model, of a sum of log-probs.
// peer.py runs this and PyTorch in turn.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <vector>

#include <benchmark/benchmark.h>

#include "../columns.hpp"
#include "on_device.hpp"

namespace {

using namespace on_device;

template <class E> double largest_difference(const std::vector<token_completion>& completions) {
    const std::span<const token_completion> some =
        std::span(completions).first(std::min<std::size_t>(4, completions.size()));
    const auto expected = the_pairs().model.log_probs(some), found = model<E>().log_probs(some);
    double largest = 0;
    for (std::size_t i = 0; i < found.size(); ++i)
        largest = std::max(largest, std::abs(found[i] - expected[i]) / std::abs(expected[i]));
    return largest;
}

template <class E> void log_probs(benchmark::State& state) {
    if (skipped(state)) return;
    const auto once = the_pairs().completions();
    std::vector<token_completion> completions;
    for (int i = 0; i < 8; ++i) completions.insert(completions.end(), once.begin(), once.end());
    benchmark::DoNotOptimize(model<E>().log_probs(completions)); // algorithms are chosen, memory is taken
    const auto start = std::chrono::steady_clock::now();
    for (auto _ : state) benchmark::DoNotOptimize(model<E>().log_probs(completions));
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() /
                           static_cast<double>(state.iterations());
    const double rate = forward_operations(model<E>(), completions) / seconds;
    state.counters["tokens/s"] = 8 * static_cast<double>(the_pairs().tokens()) / seconds;
    state.counters["flop/s"] = rate;
    state.counters["gemm_peak"] = gemm_peak<E>();
    state.counters["of_gemm_peak"] = rate / gemm_peak<E>();
    state.counters["difference"] = largest_difference<E>(once);
    fill_columns(state, {"of_bandwidth", "bandwidth"});
    state.SetItemsProcessed(8 * state.iterations() * static_cast<std::int64_t>(the_pairs().tokens()));
    state.SetLabel(run_label());
}

} // namespace

BENCHMARK(log_probs<bfloat16>)->Name("cuda/log_probs/bfloat16")->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(log_probs<float16>)->Name("cuda/log_probs/float16")->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(log_probs<float>)->Name("cuda/log_probs/float")->Unit(benchmark::kMillisecond)->UseRealTime();
