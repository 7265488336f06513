// Matrix products in the shapes of a 135M-parameter Llama (hidden 576, MLP 1536, vocabulary in tiles of 4096): forward
// x Wᵀ, and for backward dy W and dyᵀ x. Names: backend/<what>/<rows>.
#include <chrono>
#include <cstddef>
#include <string>

#include <benchmark/benchmark.h>

#include <preflearn/backend/cpu.hpp>

#include "peak.hpp"

using namespace preflearn;

namespace {

void fill(matrix_view<float> values) {
    for (std::size_t i = 0; i < values.rows * values.columns; ++i) values.data[i] = 0.01F * static_cast<float>(i % 97);
}

/// rows × inputs times the weights outputs × inputs, or its two gradients.
enum class kind { forward, to_input, to_weight };

void product(benchmark::State& state, kind what, std::size_t inputs, std::size_t outputs) {
    const auto rows = static_cast<std::size_t>(state.range(0));
    cpu_backend::matrix<float> x(rows, inputs), w(outputs, inputs), y(rows, outputs);
    for (const auto view : {x.view(), w.view(), y.view()}) fill(view);
    const auto start = std::chrono::steady_clock::now();
    for (auto _ : state) {
        if (what == kind::forward)
            cpu_backend::multiply<float>(transpose::no, x.view(), transpose::yes, w.view(), y.view(), store::replace);
        if (what == kind::to_input)
            cpu_backend::multiply<float>(transpose::no, y.view(), transpose::no, w.view(), x.view(), store::replace);
        if (what == kind::to_weight)
            cpu_backend::multiply<float>(transpose::yes, y.view(), transpose::no, x.view(), w.view(), store::replace);
        benchmark::ClobberMemory();
    }
    count_operations(state, 2.0 * static_cast<double>(rows * inputs * outputs), start);
}

void add(const std::string& name, kind what, std::size_t inputs, std::size_t outputs) {
    auto* const made = benchmark::RegisterBenchmark(
        ("backend/" + name).c_str(), [=](benchmark::State& state) { product(state, what, inputs, outputs); });
    made->Arg(512)->UseRealTime();
    if (what == kind::forward) made->Arg(1)->Arg(16);
}

const bool added = [] {
    add("query_key_value", kind::forward, 576, 960);
    add("gate_up", kind::forward, 576, 3072);
    add("down", kind::forward, 1536, 576);
    add("vocabulary_tile", kind::forward, 576, 4096);
    add("gate_up_to_input", kind::to_input, 576, 3072);
    add("gate_up_to_weight", kind::to_weight, 576, 3072);
    add("vocabulary_tile_to_weight", kind::to_weight, 576, 4096);
    return true;
}();

} // namespace
