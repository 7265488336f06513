/// \file
/// One step of decoding: many sequences that grow after the first of the pairs' prompts, on any backend.
// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include <preflearn/policy/sampling/cache.hpp>

#include "../backend/bandwidth.hpp"
#include "../columns.hpp"
#include "real_pairs.hpp"

namespace decoding {

using namespace preflearn;

/// What a step goes through: all weights but an embedding that is not the head.
struct weights_of_step {
    std::size_t numbers = 0, bytes = 0;
};

/// Quantised weights count as they are stored; others as the numbers that are kept, of `kept_bytes` each (0: as
/// stored).
template <class Model> weights_of_step weights_of(const Model& model, std::size_t kept_bytes) {
    weights_of_step sum;
    const auto& places = model.layout().tensors();
    for (std::size_t t = 0; t < places.size(); ++t) {
        if (places[t].entry.role == tensor_role::embedding && !model.config().tied_embeddings) continue;
        sum.numbers += places[t].size();
        if (model.weights().trained_offset(places[t])) {
            sum.bytes += places[t].size() * sizeof(float);
        } else {
            const stored_matrix& stored = model.weights().frozen(t);
            const bool packed = kept_bytes != 0 && block_elements(stored.type) == 1 && !places[t].is_vector();
            sum.bytes += packed ? places[t].size() * kept_bytes : stored.bytes.size();
        }
    }
    return sum;
}

/// Times steps of as many sequences as the argument says. of_bandwidth is the share of the machine's reading speed at
/// which a step goes through the weights, of_gemm_peak that of the best large float product's operations.
/// \return seconds of a step
template <class Model> double decode(benchmark::State& state, const Model& model, std::size_t kept_bytes = 0) {
    const auto count = static_cast<std::size_t>(state.range(0));
    const std::vector<token_span> prompts(count, token_span(the_pairs().prompts.front()));
    const std::vector<token_id> next(count, 100);
    const std::size_t steps = count == 1 ? 48 : count <= 16 ? 24 : 12;
    double seconds = 0;
    std::size_t done = 0;
    for (auto _ : state) {
        cached_decoder<Model> decoder(model, prompts, steps + 1);
        decoder.advance(next); // memory is touched
        const auto start = std::chrono::steady_clock::now();
        for (std::size_t i = 1; i < steps && decoder.has_room(0); ++i, ++done) decoder.advance(next);
        const double time = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        state.SetIterationTime(time);
        seconds += time;
    }
    static const double bandwidth = read_bandwidth();
    const auto [numbers, bytes] = weights_of(model, kept_bytes);
    const double rate = static_cast<double>(bytes * done) / seconds;
    state.counters["tokens/s"] = static_cast<double>(done * count) / seconds;
    state.counters["weight_bytes/s"] = rate;
    state.counters["bandwidth"] = bandwidth;
    state.counters["of_bandwidth"] = rate / bandwidth;
    state.counters["peak_memory_mb"] = peak_memory_mb();
    count_rate(state, 2.0 * static_cast<double>(numbers * count * done) / seconds);
    fill_columns(state, {"s_per_pair", "of_products"});
    state.SetLabel(the_pairs().label);
    return seconds / static_cast<double>(done);
}

/// Adds policy/decode/<name>/ 1, 16 and 64. `run` times a benchmark::State.
template <class Run> void add_decoding(const std::string& name, const Run& run) {
    benchmark::RegisterBenchmark(("policy/decode/" + name).c_str(), run)
        ->Arg(1)
        ->Arg(16)
        ->Arg(64)
        ->Unit(benchmark::kMillisecond)
        ->UseManualTime();
}

} // namespace decoding
