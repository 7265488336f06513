/// \file
/// A DPO step on one pair (a micro-batch), forward and backward, by any backend. "real" goes through the pairs in turn;
/// "512" is a prompt of 256 tokens with two responses of 256.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include <preflearn/loss/named.hpp>
#include <preflearn/policy/adapters/with_adapter.hpp>
#include <preflearn/training/optimisers/adamw.hpp>

#include "../backend/peak.hpp"
#include "real_pairs.hpp"

namespace training_step {

using namespace preflearn;

/// The model of the_pairs on another backend.
template <class Backend> transformer<float, Backend> trained_model() {
    transformer<float, Backend> model(the_pairs().model.config());
    std::ranges::copy(the_pairs().model.parameters(), model.parameters().begin());
    return model;
}

template <class Backend> struct learner {
    transformer<float, Backend> model = trained_model<Backend>();
    adamw_moments<float> moments{model.parameters().size()};
};

template <class Backend> learner<Backend>& the_learner() {
    static learner<Backend> all;
    return all;
}

/// Adds the gradient of a pair's loss.
template <class Model> void learn(Model& model, std::span<const token_completion> pair) {
    auto pass = model.forward(pair);
    const std::vector<double> chosen{pass.scores()[0]}, rejected{pass.scores()[1]};
    std::vector<double> derivatives(2);
    const std::span<double> d(derivatives);
    dpo{.beta = 0.1}(
        pair_scores<double>{
            .chosen = chosen, .rejected = rejected, .reference_chosen = chosen, .reference_rejected = rejected},
        pair_gradients<double>{d.first(1), d.last(1)});
    model.backward(std::move(pass), derivatives);
}

/// That learns by an adapter of rank 16 on all matrices, its own weights frozen.
template <class Backend> transformer<float, Backend>& adapted_model() {
    static transformer<float, Backend> model = with_adapter(trained_model<Backend>(), {.rank = 16});
    return model;
}

/// \param passes over the weights, each as long as the forward one
template <class Backend>
void steps(benchmark::State& state, transformer<float, Backend>& model, std::span<const token_completion> completions,
           double passes = 3) {
    double operations = 0;
    std::size_t tokens = 0;
    for (std::size_t i = 0; i < completions.size(); i += 2) {
        operations += passes * forward_operations(model, completions.subspan(i, 2));
        for (const token_completion& c : completions.subspan(i, 2)) tokens += c.prompt.size() + c.response.size();
    }
    const auto start = std::chrono::steady_clock::now();
    for (auto _ : state)
        for (std::size_t i = 0; i < completions.size(); i += 2) learn(model, completions.subspan(i, 2));
    state.counters["s_per_pair"] =
        benchmark::Counter(static_cast<double>(state.iterations() * (completions.size() / 2)),
                           benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
    state.counters["peak_memory_mb"] = peak_memory_mb();
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(tokens));
    state.SetLabel("items are tokens");
    count_operations(state, operations, start);
}

template <class Backend> void real(benchmark::State& state) {
    steps<Backend>(state, the_learner<Backend>().model, the_pairs().completions());
}
/// By the adapter alone; no gradient of the weights is computed.
template <class Backend> void lora_real(benchmark::State& state) {
    steps<Backend>(state, adapted_model<Backend>(), the_pairs().completions(), 2);
}

template <class Backend> void long_pair(benchmark::State& state) {
    const auto prompt = random_ids(256, 1), chosen = random_ids(256, 2), rejected = random_ids(256, 3);
    const std::vector<token_completion> pair{{prompt, chosen}, {prompt, rejected}};
    steps<Backend>(state, the_learner<Backend>().model, pair);
}

} // namespace training_step
