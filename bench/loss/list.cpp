// Value and gradient of every named loss over many pairs, against the memory's copy bandwidth: bytes are what the loss
// reads of each pair and the two derivatives. The million pairs come from batches that together exceed the caches, one
// after the other; the thousand stay in the first-level cache. Names: loss/<name>/<float|double>/<pairs>; `dpo` is the
// list's `sigmoid`.
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <benchmark/benchmark.h>

#include <preflearn/core/random.hpp>
#include <preflearn/loss/list.hpp>

#include "columns.hpp"
#include "copy_bandwidth.hpp"

using namespace preflearn;

namespace {

template <class Real, class Loss> void value_and_gradient(benchmark::State& state, const Loss& loss) {
    constexpr bool references = loss_uses_reference<Loss>, tokens = loss_uses_tokens<Loss>;
    const auto pairs = static_cast<std::size_t>(state.range(0));
    const std::size_t bytes = pairs * (sizeof(Real) * (references ? 6 : 4) + (tokens ? 8 : 0));
    const std::size_t batches = pairs < (1 << 16) ? 1 : 1 + beyond_caches / bytes;
    generator random(1, "bench");
    const auto column = [&](double low, double high) {
        std::vector<Real> values(pairs);
        for (Real& x : values) x = static_cast<Real>(low + (high - low) * random.uniform());
        return values;
    };
    /// A policy's log-probs some nats from the reference's; rewards where a loss knows neither reference nor length.
    const auto beside = [&](std::vector<Real> values) {
        for (Real& x : values) x += static_cast<Real>(6 * random.uniform() - 3);
        return references ? values : std::vector<Real>();
    };
    const auto lengths = [&] {
        std::vector<std::uint32_t> values(tokens ? pairs : 0);
        for (std::uint32_t& x : values) x = static_cast<std::uint32_t>(20 + random.below(60));
        return values;
    };
    /// The same numbers for every batch, in memory of its own.
    const auto repeated = [&](const auto& values) {
        std::vector all(values);
        for (std::size_t i = 1; i < batches; ++i) all.insert(all.end(), values.begin(), values.end());
        return all;
    };
    const bool rewards = !references && !tokens;
    const std::vector<Real> first_chosen = rewards ? column(-5, 5) : column(-100, -80),
                            first_rejected = rewards ? column(-5, 5) : column(-100, -80),
                            chosen = repeated(first_chosen), rejected = repeated(first_rejected),
                            reference_chosen = repeated(beside(first_chosen)),
                            reference_rejected = repeated(beside(first_rejected));
    const std::vector<std::uint32_t> chosen_tokens = repeated(lengths()), rejected_tokens = repeated(lengths());
    std::vector<Real> d_chosen(batches * pairs), d_rejected(batches * pairs);
    std::size_t batch = 0;
    for (auto _ : state) {
        const auto of_batch = [&](auto& values) {
            return values.empty() ? std::span(values) : std::span(values).subspan(batch * pairs, pairs);
        };
        const loss_sums sums = loss(pair_scores<Real>{.chosen = of_batch(chosen),
                                                      .rejected = of_batch(rejected),
                                                      .reference_chosen = of_batch(reference_chosen),
                                                      .reference_rejected = of_batch(reference_rejected),
                                                      .chosen_tokens = of_batch(chosen_tokens),
                                                      .rejected_tokens = of_batch(rejected_tokens)},
                                    pair_gradients<Real>{of_batch(d_chosen), of_batch(d_rejected)});
        benchmark::DoNotOptimize(sums);
        benchmark::ClobberMemory();
        batch = (batch + 1) % batches;
    }
    const double moved = static_cast<double>(state.iterations()) * static_cast<double>(bytes);
    state.counters["bytes_per_second"] = benchmark::Counter(moved, benchmark::Counter::kIsRate);
    state.counters["of_copy_bound"] = benchmark::Counter(moved / memory_bandwidth(), benchmark::Counter::kIsRate);
    count_nanoseconds(state, "ns_per_pair", pairs);
    fill_loss_columns(state);
}

template <class Loss> void add_pair_loss(std::string_view name, const Loss& loss) {
    const auto of_type = [&](std::string_view type, auto run) {
        benchmark::RegisterBenchmark(("loss/" + std::string(name) + "/" + std::string(type)).c_str(), run)
            ->Arg(1 << 10)
            ->Arg(1 << 20)
            ->UseRealTime();
    };
    of_type("float", [=](benchmark::State& state) { value_and_gradient<float>(state, loss); });
    of_type("double", [=](benchmark::State& state) { value_and_gradient<double>(state, loss); });
}

const bool pair_losses_added = [] {
    add_pair_loss("dpo", dpo{});
    for_each_named_loss([]<class Loss>(const Loss& loss) { add_pair_loss(description_of<Loss>.name, loss); });
    return true;
}();

} // namespace
