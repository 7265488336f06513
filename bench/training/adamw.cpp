// One AdamW update and one gradient norm over flat arrays, against a copy that moves as many bytes: the update reads
// and writes parameters, gradients and both moments (eight numbers per parameter, or four and four bytes), the norm
// reads the gradients.
#include <chrono>
#include <cstddef>
#include <span>
#include <vector>

#include <benchmark/benchmark.h>

#include <preflearn/training/loop/clip.hpp>
#include <preflearn/training/optimisers/adamw.hpp>
#include <preflearn/training/optimisers/adamw_8bit.hpp>

#include "../columns.hpp"
#include "../loss/copy_bandwidth.hpp"

using namespace preflearn;

namespace {

template <class Scalar> void adamw_update(benchmark::State& state) {
    const auto parameters = static_cast<std::size_t>(state.range(0));
    std::vector<Scalar> values(parameters, Scalar(0.5)), gradients(parameters, Scalar(1e-3));
    adamw_moments<Scalar> moments(parameters);
    const std::size_t bytes = 8 * parameters * sizeof(Scalar);
    const auto start = std::chrono::steady_clock::now();
    for (auto _ : state) {
        adamw{}.update<Scalar>(moments, values, gradients, 1e-3);
        benchmark::ClobberMemory();
    }
    count_bytes(state, bytes, start);
    fill_columns(state, {"seconds_per_step"}); // of the loop
}

/// The same with moments of a byte each: 20 bytes a parameter are moved.
void adamw_8bit_update(benchmark::State& state) {
    const auto parameters = static_cast<std::size_t>(state.range(0));
    std::vector<float> values(parameters, 0.5F), gradients(parameters);
    adamw_8bit_moments moments(parameters);
    const std::size_t bytes = (4 * sizeof(float) + 4) * parameters;
    const auto start = std::chrono::steady_clock::now();
    for (auto _ : state) {
        adamw_8bit{}.update<float>(moments, values, gradients, 1e-3);
        benchmark::ClobberMemory();
    }
    count_bytes(state, bytes, start);
    fill_columns(state, {"seconds_per_step"}); // of the loop
}

template <class Scalar> void gradient_norm(benchmark::State& state) {
    const auto parameters = static_cast<std::size_t>(state.range(0));
    const std::vector<Scalar> gradients(parameters, Scalar(1e-3));
    const std::size_t bytes = parameters * sizeof(Scalar);
    const auto start = std::chrono::steady_clock::now();
    for (auto _ : state) benchmark::DoNotOptimize(global_norm(std::span<const Scalar>(gradients)));
    count_bytes(state, bytes, start);
    fill_columns(state, {"seconds_per_step"}); // of the loop
}

} // namespace

BENCHMARK(adamw_update<float>)->Name("training/adamw/float")->Arg(1 << 14)->Arg(1 << 24)->UseRealTime();
BENCHMARK(adamw_update<double>)->Name("training/adamw/double")->Arg(1 << 14)->Arg(1 << 24)->UseRealTime();
BENCHMARK(adamw_8bit_update)->Name("training/adamw_8bit/float")->Arg(1 << 14)->Arg(1 << 24)->UseRealTime();
BENCHMARK(gradient_norm<float>)->Name("training/norm/float")->Arg(1 << 14)->Arg(1 << 24)->UseRealTime();
