// DPO value and gradient over many pairs, against the time of a copy that moves as many bytes: per pair four numbers
// are read and two written. Names: loss/<name>/<float|double>/<pairs>.
#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include <preflearn/core/random.hpp>
#include <preflearn/loss/named.hpp>

#include "copy_bandwidth.hpp"

using namespace preflearn;

namespace {

template <class Real, class Loss> void value_and_gradient(benchmark::State& state, const Loss& loss, bool references) {
    const auto pairs = static_cast<std::size_t>(state.range(0));
    generator random(1, "bench");
    const auto column = [&] {
        std::vector<Real> values(pairs);
        for (Real& x : values) x = static_cast<Real>(-100 + 20 * random.uniform());
        return values;
    };
    const std::vector<Real> chosen = column(), rejected = column(), reference_chosen = column(),
                            reference_rejected = column();
    std::vector<Real> d_chosen(pairs), d_rejected(pairs);
    pair_scores<Real> scores{.chosen = chosen, .rejected = rejected};
    if (references) {
        scores.reference_chosen = reference_chosen;
        scores.reference_rejected = reference_rejected;
    }
    const std::size_t bytes = pairs * sizeof(Real) * (references ? 6 : 4);
    const auto start = std::chrono::steady_clock::now();
    for (auto _ : state) {
        const loss_sums sums = loss(scores, pair_gradients<Real>{d_chosen, d_rejected});
        benchmark::DoNotOptimize(sums);
        benchmark::ClobberMemory();
    }
    count_bytes(state, bytes, start);
    using benchmark::Counter;
    state.counters["time_per_pair"] = Counter(static_cast<double>(state.iterations()) * static_cast<double>(pairs),
                                              Counter::kIsRate | Counter::kInvert);
}

template <class Real, class Loss>
void add(const std::string& name, const std::string& type, const Loss& loss, bool references) {
    benchmark::RegisterBenchmark(("loss/" + name + "/" + type).c_str(),
                                 [=](benchmark::State& state) { value_and_gradient<Real>(state, loss, references); })
        ->Arg(1 << 10)
        ->Arg(1 << 20)
        ->UseRealTime();
}

const bool added = [] {
    add<float>("dpo", "float", dpo{.beta = 0.1}, true);
    add<double>("dpo", "double", dpo{.beta = 0.1}, true);
    add<float>("bradley_terry", "float", bradley_terry{}, false);
    add<double>("bradley_terry", "double", bradley_terry{}, false);
    return true;
}();

} // namespace
