// Decoding on a CUDA device: cuda/decode/<type>/<sequences>, steps of that many sequences after a prompt of real
// length, logits for the host included. of_bandwidth is the share of the device's own copy at which a step reads the
// weights.
#include <chrono>
#include <cstddef>
#include <vector>

#include <benchmark/benchmark.h>

#include <preflearn/policy/sampling/cache.hpp>

#include "../columns.hpp"
#include "on_device.hpp"

namespace {

using namespace on_device;

/// Bytes of what a step goes through: all weights but an embedding that is not the head.
template <class E> double weight_bytes() {
    double numbers = 0;
    for (const tensor_place& place : model<E>().layout().tensors())
        if (place.entry.role != tensor_role::embedding || model<E>().config().tied_embeddings)
            numbers += static_cast<double>(place.size());
    return numbers * sizeof(E);
}

template <class E> void decode(benchmark::State& state) {
    if (skipped(state)) return;
    const auto count = static_cast<std::size_t>(state.range(0));
    const std::vector<token_span> prompts(count, token_span(the_pairs().prompts.front()));
    const std::vector<token_id> next(count, 100);
    constexpr std::size_t steps = 64;
    double seconds = 0;
    std::size_t done = 0;
    for (auto _ : state) {
        cached_decoder<transformer<float, backend<E>>> decoder(model<E>(), prompts, steps + 1);
        decoder.advance(next);
        const auto start = std::chrono::steady_clock::now();
        for (std::size_t i = 1; i < steps && decoder.has_room(0); ++i, ++done) decoder.advance(next);
        const double time = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        state.SetIterationTime(time);
        seconds += time;
    }
    const double rate = weight_bytes<E>() * static_cast<double>(done) / seconds;
    state.counters["tokens/s"] = static_cast<double>(done * count) / seconds;
    state.counters["bandwidth"] = copy_bandwidth();
    state.counters["of_bandwidth"] = rate / copy_bandwidth();
    fill_columns(state, {"flop/s", "gemm_peak", "of_gemm_peak", "difference"});
    state.SetLabel(run_label());
}

} // namespace

BENCHMARK(decode<bfloat16>)
    ->Name("cuda/decode/bfloat16")
    ->Arg(1)
    ->Arg(16)
    ->Arg(128)
    ->Unit(benchmark::kMillisecond)
    ->UseManualTime();
BENCHMARK(decode<float>)->Name("cuda/decode/float")->Arg(1)->Arg(16)->Unit(benchmark::kMillisecond)->UseManualTime();
