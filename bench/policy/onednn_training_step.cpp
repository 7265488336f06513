// A DPO step (training_step.hpp) by oneDNN's products, in float32 and with factors in bfloat16.
#include <string>

#include <benchmark/benchmark.h>

#include <preflearn/backend/cpu/onednn.hpp>

#include "training_step.hpp"

using namespace training_step;

namespace {

template <class Backend> void add_steps(const std::string& name) {
    benchmark::RegisterBenchmark(("policy/dpo_step/" + name + "/real").c_str(), real<Backend>)
        ->Unit(benchmark::kMillisecond)
        ->UseRealTime();
    benchmark::RegisterBenchmark(("policy/dpo_step/" + name + "/lora").c_str(), lora_real<Backend>)
        ->Unit(benchmark::kMillisecond)
        ->UseRealTime();
    benchmark::RegisterBenchmark(("policy/dpo_step/" + name + "/512").c_str(), long_pair<Backend>)
        ->Unit(benchmark::kMillisecond)
        ->UseRealTime();
}

const bool steps_added = [] {
    add_steps<onednn_backend<>>("onednn");
    add_steps<onednn_backend<bfloat16>>("bfloat16");
    return true;
}();

} // namespace
