// y = x Wᵀ with frozen weights as they are stored, beside trained ones (F32 in memory): what it costs to turn a tile
// into numbers where it is needed. Names: backend/linear/<type>/<rows>.
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include <preflearn/backend/cpu/linear.hpp>

#include "peak.hpp"

using namespace preflearn;

namespace {

constexpr std::size_t of_inputs = 768, of_outputs = 2048;

void linear(benchmark::State& state, const affine_map<host_memory, float>& weights) {
    const auto rows = static_cast<std::size_t>(state.range(0));
    cpu_matrix<float> x(rows, of_inputs), y(rows, of_outputs);
    for (std::size_t i = 0; i < rows * of_inputs; ++i) x.view().data[i] = 0.01F * static_cast<float>(i % 97);
    const auto start = std::chrono::steady_clock::now();
    for (auto _ : state) {
        linear_rows<float>(x.view(), weights, y.view(), store::replace);
        benchmark::ClobberMemory();
    }
    count_operations(state, 2.0 * static_cast<double>(rows * of_inputs * of_outputs), start);
}

void stored(benchmark::State& state, element_type type) {
    const auto bytes = std::make_shared<std::vector<std::byte>>(bytes_of(type, of_inputs * of_outputs)); // zeros
    const stored_matrix matrix{.type = type, .rows = of_outputs, .columns = of_inputs, .bytes = *bytes, .owner = bytes};
    linear(state, {{.stored = {&matrix, 1}}, {}});
}

void trained(benchmark::State& state) {
    cpu_matrix<float> numbers(of_outputs, of_inputs);
    for (std::size_t i = 0; i < of_inputs * of_outputs; ++i) numbers.view().data[i] = 0;
    linear(state, {{.trained = std::as_const(numbers).view()}, {}});
}

const bool linear_added = [] {
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
