// Drawing responses of 64 tokens to the pairs' prompts, one at a time and sixteen together.
#include <cstddef>
#include <cstdint>
#include <vector>

#include <benchmark/benchmark.h>

#include "../columns.hpp"
#include "real_pairs.hpp"

using namespace preflearn;

namespace {

void sample_many(benchmark::State& state) {
    const real_pairs& pairs = the_pairs();
    std::vector<token_span> prompts;
    for (std::size_t i = 0; i < static_cast<std::size_t>(state.range(0)); ++i)
        prompts.push_back(pairs.prompts[2 * i % pairs.prompts.size()]);
    std::size_t tokens = 0;
    for (auto _ : state)
        tokens += pairs.model.sample_many(prompts, {.top_p = 0.95, .max_tokens = 64}, 1).values().size();
    fill_columns(state, {"flop/s", "gemm_peak", "of_fma_peak", "of_gemm_peak", "peak_memory_mb", "s_per_pair"});
    state.SetItemsProcessed(static_cast<std::int64_t>(tokens));
    state.SetLabel("items are tokens drawn, the prompts' run included");
}

} // namespace

BENCHMARK(sample_many)->Name("policy/sample_many")->Arg(1)->Arg(16)->Unit(benchmark::kMillisecond)->UseRealTime();
