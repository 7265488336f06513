// Decoding beside the speed of memory. policy/decode/<weights>/<sequences>: one step of that many sequences after a
// prompt of real length; the weights are floats in memory ("trained"), or lie as the file of $PREFLEARN_BENCH_MODEL
// stores them ("stored", and "eight_bit", with activations rounded to 8 bits). onednn_generate.cpp has them packed.
// policy/sample_many/<sequences>: responses of 64 tokens, the prompts' run and the draws included. peer_decode.py times
// llama.cpp and PyTorch on the same file.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include <benchmark/benchmark.h>

#include <preflearn/backend/cpu/eight_bit.hpp>

#include "generate.hpp"

using namespace decoding;

namespace {

void sample_many(benchmark::State& state) {
    std::vector<token_span> prompts;
    for (std::size_t i = 0; i < static_cast<std::size_t>(state.range(0)); ++i)
        prompts.push_back(the_pairs().prompts[2 * i % the_pairs().prompts.size()]);
    std::size_t tokens = 0;
    for (auto _ : state)
        tokens += the_pairs().model.sample_many(prompts, {.top_p = 0.95, .max_tokens = 64}, 1).values().size();
    fill_columns(state, {"flop/s", "gemm_peak", "of_fma_peak", "of_gemm_peak", "peak_memory_mb", "s_per_pair"});
    state.SetItemsProcessed(static_cast<std::int64_t>(tokens));
    state.SetLabel("items are tokens drawn, the prompts' run included");
}

template <class Backend> void add_stored(const char* name) {
    add_decoding(name, [](benchmark::State& state) {
        static const transformer<float, Backend> model = frozen_model<Backend>();
        decode(state, model);
    });
}

const bool decode_added = [] {
    if (std::getenv("PREFLEARN_BENCH_MODEL") != nullptr) {
        add_stored<cpu_backend>("stored");
        add_stored<eight_bit_backend>("eight_bit");
    }
    add_decoding("trained", [](benchmark::State& state) { decode(state, the_pairs().model); });
    return true;
}();

} // namespace

BENCHMARK(sample_many)->Name("policy/sample_many")->Arg(1)->Arg(16)->Unit(benchmark::kMillisecond)->UseRealTime();
