// A DPO step on one pair (a micro-batch), forward and backward, and the update of all parameters that follows a batch.
// "real" goes through the pairs in turn; "512" is a prompt of 256 tokens with two responses of 256.
#include <chrono>
#include <cstdint>
#include <span>
#include <vector>

#include <benchmark/benchmark.h>

#include <preflearn/loss/named.hpp>
#include <preflearn/training/loop/clip.hpp>
#include <preflearn/training/optimisers/adamw.hpp>

#include "../backend/peak.hpp"
#include "real_pairs.hpp"

using namespace preflearn;

namespace {

struct learner {
    transformer<float> model = the_pairs().model;
    adamw_moments<float> moments{model.parameters().size()};
};

learner& the_learner() {
    static learner all;
    return all;
}

/// Adds the gradient of a pair's loss.
void learn(transformer<float>& model, std::span<const token_completion> pair) {
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

void steps(benchmark::State& state, std::span<const token_completion> completions) {
    transformer<float>& model = the_learner().model;
    double operations = 0;
    std::size_t tokens = 0;
    for (std::size_t i = 0; i < completions.size(); i += 2) {
        operations += 3 * forward_operations(model, completions.subspan(i, 2)); // backward is twice the forward
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

void real(benchmark::State& state) { steps(state, the_pairs().completions()); }

void long_pair(benchmark::State& state) {
    const auto prompt = random_ids(256, 1), chosen = random_ids(256, 2), rejected = random_ids(256, 3);
    const std::vector<token_completion> pair{{prompt, chosen}, {prompt, rejected}};
    steps(state, pair);
}

void update_all(benchmark::State& state) {
    learner& all = the_learner();
    const std::span<float> gradients = all.model.gradients();
    for (auto _ : state) {
        const double norm = global_norm(std::span<const float>(gradients));
        adamw{}.update<float>(all.moments, all.model.parameters(), gradients, 0, clip_factor(norm, 1));
        benchmark::ClobberMemory();
    }
    state.counters["peak_memory_mb"] = peak_memory_mb();
}

} // namespace

BENCHMARK(real)->Name("policy/dpo_step/real")->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(long_pair)->Name("policy/dpo_step/512")->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(update_all)->Name("policy/update")->Unit(benchmark::kMillisecond)->UseRealTime();
