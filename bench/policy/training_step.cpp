// A DPO step (training_step.hpp), and the update of all parameters that follows a batch.
#include <span>

#include <benchmark/benchmark.h>

#include <preflearn/backend/cpu.hpp>
#include <preflearn/training/loop/clip.hpp>
#include <preflearn/training/optimisers/adamw.hpp>

#include "training_step.hpp"

using namespace training_step;

namespace {

void update_all(benchmark::State& state) {
    learner<cpu_backend>& all = the_learner<cpu_backend>();
    const std::span<float> gradients = all.model.gradients();
    for (auto _ : state) {
        const double norm = global_norm(std::span<const float>(gradients));
        adamw{}.update<float>(all.moments, all.model.parameters(), gradients, 0, clip_factor(norm, 1));
        benchmark::ClobberMemory();
    }
    state.counters["peak_memory_mb"] = peak_memory_mb();
}

} // namespace

BENCHMARK(real<cpu_backend>)->Name("policy/dpo_step/real")->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(lora_real<cpu_backend>)->Name("policy/dpo_step/lora")->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(long_pair<cpu_backend>)->Name("policy/dpo_step/512")->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(update_all)->Name("policy/update")->Unit(benchmark::kMillisecond)->UseRealTime();
