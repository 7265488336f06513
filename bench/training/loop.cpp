// The loop's own cost: a preference step on a table of ten strengths, where the model costs next to nothing.
#include <cstddef>
#include <span>
#include <vector>

#include <benchmark/benchmark.h>

#include <preflearn/loss/named.hpp>
#include <preflearn/training/kinds/pairs.hpp>

using namespace preflearn;

namespace {

using game = comparison<no_prompt, std::size_t>;

struct table {
    using real = double;
    struct pass {
        std::vector<double> values;
        [[nodiscard]] std::span<const double> scores() const { return values; }
    };
    std::vector<double> theta = std::vector<double>(10), gradient = std::vector<double>(10);
    [[nodiscard]] pass forward(std::span<const completion_of<game>> batch) const {
        pass p{std::vector<double>(batch.size())};
        for (std::size_t i = 0; i < batch.size(); ++i) p.values[i] = theta[batch[i].response];
        return p;
    }
    void backward(pass&& /*p*/, std::span<const double> d) { gradient[0] += d[0]; }
    std::span<double> parameters() { return theta; }
    std::span<double> gradients() { return gradient; }
};

void preference_steps(benchmark::State& state) {
    const auto batch = static_cast<std::size_t>(state.range(0));
    std::vector<game> games;
    label_set labels;
    for (std::size_t i = 0; i < 1000 * batch; ++i) {
        games.push_back({i, {}, i % 10, (i + 1 + i % 9) % 10});
        labels.add({i, 0.75});
    }
    for (auto _ : state) {
        table model;
        const auto history = train_preferences(model, games, labels, {}, bradley_terry{}, {}, {.batch_size = batch});
        benchmark::DoNotOptimize(history.steps.size());
    }
    state.counters["seconds_per_step"] = benchmark::Counter(1000 * static_cast<double>(state.iterations()),
                                                            benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

} // namespace

BENCHMARK(preference_steps)->Name("training/preference_steps")->Arg(8)->Arg(64)->UseRealTime();
