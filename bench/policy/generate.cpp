// Decoding beside the speed of memory. policy/decode/<weights>/<sequences>: one step of that many sequences after
// prompts of real length, the weights as floats in memory ("trained") or as the file of $PREFLEARN_BENCH_MODEL stores
// them ("stored"); of_bandwidth is the share of the machine's reading speed at which a step goes through the weights,
// of_gemm_peak that of the best large product's operations.
// policy/sample_many/<sequences>: responses of 64 tokens, the prompts' run and the draws included. peer_decode.py times
// llama.cpp on the same file.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include <preflearn/policy/sampling/cache.hpp>

#include "../backend/bandwidth.hpp"
#include "../columns.hpp"
#include "real_pairs.hpp"

using namespace preflearn;

namespace {

std::vector<token_span> first_prompts(std::size_t count) {
    const real_pairs& pairs = the_pairs();
    std::vector<token_span> prompts;
    for (std::size_t i = 0; i < count; ++i) prompts.push_back(pairs.prompts[2 * i % pairs.prompts.size()]);
    return prompts;
}

/// What a step goes through: all weights but an embedding that is not the head.
struct weights_of_step {
    std::size_t numbers = 0, bytes = 0;
};
weights_of_step weights_of(const transformer<float>& model) {
    weights_of_step sum;
    const auto& places = model.layout().tensors();
    for (std::size_t t = 0; t < places.size(); ++t) {
        if (places[t].entry.role == tensor_role::embedding && !model.config().tied_embeddings) continue;
        const bool trained = model.weights().trained_offset(places[t]).has_value();
        sum.numbers += places[t].size();
        sum.bytes += trained ? places[t].size() * sizeof(float) : model.weights().frozen(t).bytes.size();
    }
    return sum;
}

void decode(benchmark::State& state, const transformer<float>& model) {
    const auto count = static_cast<std::size_t>(state.range(0));
    const std::vector<token_span> prompts = first_prompts(count);
    const std::vector<token_id> next(count, 100);
    constexpr std::size_t steps = 64;
    double seconds = 0;
    std::size_t done = 0;
    for (auto _ : state) {
        state.PauseTiming();
        cached_decoder<transformer<float>> decoder(model, prompts, steps);
        state.ResumeTiming();
        const auto start = std::chrono::steady_clock::now();
        for (std::size_t i = 0; i + 1 < steps && decoder.has_room(0); ++i, ++done) decoder.advance(next);
        seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    }
    static const double bandwidth = read_bandwidth();
    const auto [numbers, bytes] = weights_of(model);
    const double rate = static_cast<double>(bytes * done) / seconds;
    state.counters["tokens/s"] = static_cast<double>(done * count) / seconds;
    state.counters["weight_bytes/s"] = rate;
    state.counters["bandwidth"] = bandwidth;
    state.counters["of_bandwidth"] = rate / bandwidth;
    state.counters["peak_memory_mb"] = peak_memory_mb();
    count_rate(state, 2.0 * static_cast<double>(numbers * count * done) / seconds);
    fill_columns(state, {"s_per_pair"});
    state.SetLabel(the_pairs().label);
}

void sample_many(benchmark::State& state) {
    const std::vector<token_span> prompts = first_prompts(static_cast<std::size_t>(state.range(0)));
    std::size_t tokens = 0;
    for (auto _ : state)
        tokens += the_pairs().model.sample_many(prompts, {.top_p = 0.95, .max_tokens = 64}, 1).values().size();
    fill_columns(state, {"flop/s", "gemm_peak", "of_fma_peak", "of_gemm_peak", "peak_memory_mb", "s_per_pair"});
    state.SetItemsProcessed(static_cast<std::int64_t>(tokens));
    state.SetLabel("items are tokens drawn, the prompts' run included");
}

const bool decode_added = [] {
    const auto add = [](const char* name, const auto& model) {
        benchmark::RegisterBenchmark(name, [=](benchmark::State& state) { decode(state, model()); })
            ->Arg(1)
            ->Arg(16)
            ->Arg(64)
            ->Unit(benchmark::kMillisecond)
            ->UseRealTime();
    };
    if (const char* const file = std::getenv("PREFLEARN_BENCH_MODEL"))
        add("policy/decode/stored", [path = std::string(file)]() -> const transformer<float>& {
            static const auto model = load_transformer<float>(path, trained_tensors::none());
            return model;
        });
    add("policy/decode/trained", []() -> const transformer<float>& { return the_pairs().model; });
    return true;
}();

} // namespace

BENCHMARK(sample_many)->Name("policy/sample_many")->Arg(1)->Arg(16)->Unit(benchmark::kMillisecond)->UseRealTime();
