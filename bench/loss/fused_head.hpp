/// \file
/// Fused log-probs from hidden states of width 768 over a vocabulary of 50,272 tokens with their gradient, against the
/// products of the same shapes alone: of_gemm. Three products (logits, gradient of the hidden states, gradient of the
/// head) where the weights are known beforehand; else, where derivatives come after all log-probs, the logits are
/// computed twice: four. What stands beside a figure runs in turn with it, so that a busy machine slows both.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <fstream>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include <benchmark/benchmark.h>
#include <malloc.h>

#include <preflearn/core/concepts.hpp>
#include <preflearn/core/numbers/half.hpp>
#include <preflearn/core/numbers/random.hpp>
#include <preflearn/core/system/parallel.hpp>
#include <preflearn/loss/vocabulary/linear_log_probs.hpp>

#include "columns.hpp"

namespace fused_head {

using namespace preflearn;

constexpr std::size_t rows = 1024, vocabulary = 50272, width = 768;

inline double seconds(const auto& work) {
    const auto start = std::chrono::steady_clock::now();
    work();
    benchmark::ClobberMemory();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

template <class T> void fill(std::span<T> values, double scale) {
    parallel_blocks(values.size(), 1 << 18, [&](std::size_t begin, std::size_t end) {
        generator random(1, "bench", begin);
        for (std::size_t i = begin; i < end; ++i)
            values[i] = static_cast<T>(static_cast<computed_t<T>>(scale * (random.uniform() - 0.5)));
    });
}

inline std::vector<token_id> random_targets() {
    generator random(2, "targets");
    std::vector<token_id> targets(rows);
    for (token_id& target : targets) target = static_cast<token_id>(random.below(vocabulary));
    return targets;
}

/// MB in use now, or the most since `forget_peak`.
inline double memory_mb(const std::string& key) {
    std::ifstream in("/proc/self/status");
    for (std::string word; in >> word;) {
        double kilobytes = 0;
        if (word == key && in >> kilobytes) return kilobytes * 1.024e-3;
    }
    return 0;
}
inline void forget_peak() {
    malloc_trim(0); // what the heap holds back from earlier work would hide its use
    std::ofstream("/proc/self/clear_refs") << 5;
}

template <class T, class Backend, bool Recomputed> void fused_linear(benchmark::State& state) {
    typename Backend::template matrix<T> hidden(rows, width), head(vocabulary, width), d_hidden(rows, width),
        d_head(vocabulary, width);
    const auto all = [](auto& matrix) { return std::span(matrix.view().data, matrix.view().rows * width); };
    fill(all(hidden), 2);
    fill(all(head), 0.1);
    std::ranges::fill(all(d_hidden), T(0));
    std::ranges::fill(all(d_head), T(0));
    const std::vector<token_id> targets = random_targets();
    const std::vector<double> weights(rows, 1.0);
    std::vector<double> log_probs(rows), normalisers(rows);
    const linear_gradients<T> gradients{.hidden = d_hidden.view(), .head = d_head.view()};
    const linear_log_probs<T, Backend> fused(hidden.view(), head.view(), targets);
    const auto work = [&] {
        if constexpr (Recomputed) {
            fused.forward({.log_probs = log_probs, .normalisers = normalisers});
            fused.backward(normalisers, weights, gradients);
        } else {
            fused.forward_backward(weights, {.log_probs = log_probs}, gradients);
        }
    };
    work();
    forget_peak();
    const double before = memory_mb("VmRSS:");
    work();
    state.counters["extra_memory_mb"] = memory_mb("VmHWM:") - before;
    typename Backend::template matrix<T> logits(rows, vocabulary);
    const auto to_logits = [&] {
        Backend::template multiply<T>(transpose::no, hidden.view(), transpose::yes, head.view(), logits.view(),
                                      store::replace);
    };
    const auto products = [&] {
        to_logits();
        if constexpr (Recomputed) to_logits();
        Backend::template multiply<T>(transpose::no, logits.view(), transpose::no, head.view(), d_hidden.view(),
                                      store::add);
        Backend::template multiply<T>(transpose::yes, logits.view(), transpose::no, hidden.view(), d_head.view(),
                                      store::add);
    };
    double own = 0, alone = 0;
    for (auto _ : state) {
        alone += seconds(products);
        const double time = seconds(work);
        state.SetIterationTime(time);
        own += time;
    }
    state.counters["of_gemm"] = alone / own;
    fill_loss_columns(state);
}

template <class Run> void add_vocabulary(const std::string& name, Run run) {
    benchmark::RegisterBenchmark(("vocabulary/" + name).c_str(), run)->UseManualTime()->Unit(benchmark::kMillisecond);
}

} // namespace fused_head
