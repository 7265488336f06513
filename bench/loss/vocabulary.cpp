// Log-probs over a vocabulary of 50,272 tokens with their gradient. From logits (1024 rows, in place), against a copy
// of as many bytes: of_copy_bound. From hidden states by the processor's backend: fused_head.hpp.
#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include <benchmark/benchmark.h>

#include <preflearn/backend/cpu/backend.hpp>
#include <preflearn/core/numbers/half.hpp>
#include <preflearn/core/system/parallel.hpp>
#include <preflearn/loss/vocabulary/log_softmax.hpp>

#include "columns.hpp"
#include "fused_head.hpp"

using namespace fused_head;

namespace {

template <class T> void log_softmax(benchmark::State& state) {
    std::vector<T> logits(rows * vocabulary), other(rows * vocabulary);
    fill(std::span(logits), 10);
    const std::vector<token_id> targets = random_targets();
    const std::vector<double> weights(rows, 1.0);
    std::vector<double> log_probs(rows);
    const auto work = [&] {
        log_softmax_and_gradient(matrix_view<T>(logits.data(), rows, vocabulary), targets, weights,
                                 {.log_probs = log_probs});
    };
    const auto copy = [&] {
        parallel_blocks(logits.size(), 1 << 16, [&](std::size_t begin, std::size_t end) {
            std::copy(logits.data() + begin, logits.data() + end, other.data() + begin);
        });
    };
    copy();
    double own = 0, copies = 0;
    for (auto _ : state) {
        copies += seconds(copy);
        const double time = seconds(work);
        state.SetIterationTime(time);
        own += time;
    }
    state.counters["bytes_per_second"] =
        2.0 * static_cast<double>(state.iterations()) * static_cast<double>(logits.size() * sizeof(T)) / own;
    state.counters["of_copy_bound"] = copies / own;
    fill_loss_columns(state);
}

const bool vocabulary_added = [] {
    add_vocabulary("log_softmax/float", log_softmax<float>);
    add_vocabulary("log_softmax/double", log_softmax<double>);
    add_vocabulary("log_softmax/bfloat16", log_softmax<bfloat16>);
    add_vocabulary("log_softmax/float16", log_softmax<float16>);
    add_vocabulary("fused_linear/float", fused_linear<float, cpu_backend, false>);
    add_vocabulary("fused_linear/double", fused_linear<double, cpu_backend, false>);
    add_vocabulary("fused_linear_recomputed/float", fused_linear<float, cpu_backend, true>);
    return true;
}();

} // namespace
