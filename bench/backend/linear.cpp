// y = x Wᵀ with frozen weights as they are stored, beside trained ones (F32 in memory): what it costs to turn a tile
// into numbers where it is needed. Names: backend/linear/<type>/<rows>.
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include <preflearn/backend/cpu/linear.hpp>

#include "peak.hpp"

using namespace preflearn;

namespace {

constexpr std::size_t inputs = 768, outputs = 2048;

void run(benchmark::State& state, const linear_weights<host_memory, float>& weights) {
    const auto rows = static_cast<std::size_t>(state.range(0));
    cpu_matrix<float> x(rows, inputs), y(rows, outputs);
    for (std::size_t i = 0; i < rows * inputs; ++i) x.view().data[i] = 0.01F * static_cast<float>(i % 97);
    const auto start = std::chrono::steady_clock::now();
    for (auto _ : state) {
        linear_rows<float>(x.view(), weights, y.view(), store::replace);
        benchmark::ClobberMemory();
    }
    count_operations(state, 2.0 * static_cast<double>(rows * inputs * outputs), start);
}

void stored(benchmark::State& state, element_type type) {
    const auto bytes = std::make_shared<std::vector<std::byte>>(bytes_of(type, inputs * outputs)); // zeros
    const stored_matrix matrix{.type = type, .rows = outputs, .columns = inputs, .bytes = *bytes, .owner = bytes};
    run(state, {{.stored = {&matrix, 1}}, {}});
}

void trained(benchmark::State& state) {
    cpu_matrix<float> numbers(outputs, inputs);
    for (std::size_t i = 0; i < inputs * outputs; ++i) numbers.view().data[i] = 0;
    run(state, {{.trained = std::as_const(numbers).view()}, {}});
}

const bool added = [] {
    benchmark::RegisterBenchmark("backend/linear/trained", trained)->Arg(1)->Arg(16)->Arg(512)->UseRealTime();
    for (const element_type type : {element_type::f32, element_type::bf16, element_type::q8_0, element_type::q4_1,
                                    element_type::q4_k, element_type::q6_k})
        benchmark::RegisterBenchmark(("backend/linear/" + std::string(name_of(type))).c_str(),
                                     [=](benchmark::State& state) { stored(state, type); })
            ->Arg(1)
            ->Arg(16)
            ->Arg(512)
            ->UseRealTime();
    return true;
}();

} // namespace
