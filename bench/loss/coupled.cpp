// Losses that couple the batch, of single completions and of ranked responses: value and gradient over many pairs,
// completions or responses. Names: coupled/<name>/<float|double>/<pairs>, unpaired/…, ranked/…
// (items are completions, responses).
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include <preflearn/core/numbers/random.hpp>
#include <preflearn/loss/by_name/list.hpp>
#include <preflearn/loss/groups/plackett_luce.hpp>
#include <preflearn/loss/single/kto.hpp>

#include "columns.hpp"
#include "pair_batches.hpp"

using namespace preflearn;

namespace {

template <class Real> std::vector<Real> log_probs(std::size_t n, std::uint64_t seed) {
    generator random(seed, "bench");
    std::vector<Real> values(n);
    for (Real& x : values) x = static_cast<Real>(-100 + 20 * random.uniform());
    return values;
}

template <class Real, class Loss> void of_completions(benchmark::State& state, const Loss& loss) {
    const auto n = static_cast<std::size_t>(state.range(0));
    const std::vector<Real> policy = log_probs<Real>(n, 1), reference = log_probs<Real>(n, 2),
                            mismatched = log_probs<Real>(n, 3);
    std::vector<std::uint8_t> desirable(n);
    for (std::size_t i = 0; i < n; ++i) desirable[i] = i % 3 == 0 ? 1 : 0;
    std::vector<Real> gradient(n);
    const completion_scores<Real> scores{policy, desirable, reference, {}, mismatched};
    for (auto _ : state) benchmark::DoNotOptimize(loss(scores, std::span<Real>(gradient)));
    count_nanoseconds(state, "ns_per_item", n);
    fill_loss_columns(state);
}

template <class Real> void of_rankings(benchmark::State& state) {
    const auto n = static_cast<std::size_t>(state.range(0));
    const std::vector<Real> policy = log_probs<Real>(n, 1), reference = log_probs<Real>(n, 2);
    std::vector<std::size_t> offsets;
    for (std::size_t at = 0; at <= n; at += 8) offsets.push_back(at);
    std::vector<Real> gradient(n);
    const ranked_scores<Real> scores{policy, offsets, reference};
    for (auto _ : state) benchmark::DoNotOptimize(plackett_luce_loss{.beta = 0.1}(scores, std::span<Real>(gradient)));
    count_nanoseconds(state, "ns_per_item", n);
    fill_loss_columns(state);
}

template <class Run> void add_coupled(const std::string& name, const Run& run) {
    benchmark::RegisterBenchmark(name.c_str(), run)->Arg(1 << 10)->Arg(1 << 20)->UseRealTime();
}

template <class Loss> void add_pairs(const std::string& name, const Loss& loss) {
    add_coupled("coupled/" + name + "/float", [=](benchmark::State& state) { value_and_gradient<float>(state, loss); });
    add_coupled("coupled/" + name + "/double",
                [=](benchmark::State& state) { value_and_gradient<double>(state, loss); });
}
template <class Loss> void add_completions(const std::string& name, const Loss& loss) {
    add_coupled("unpaired/" + name + "/float", [=](benchmark::State& state) { of_completions<float>(state, loss); });
    add_coupled("unpaired/" + name + "/double", [=](benchmark::State& state) { of_completions<double>(state, loss); });
}

const bool coupled_losses_added = [] {
    for_each_coupled_loss(
        []<class Loss>(const Loss& loss) { add_pairs(std::string(description_of<Loss>.name), loss); });
    add_completions("kto", kto<>{});
    add_completions("apo_zero_unpaired", apo_zero_unpaired{});
    add_completions("bco", bco{});
    add_coupled("ranked/plackett_luce_8/float", of_rankings<float>);
    add_coupled("ranked/plackett_luce_8/double", of_rankings<double>);
    return true;
}();

} // namespace
