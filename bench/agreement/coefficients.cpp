// Coefficients of agreement, AUC and tau-b (of smooth, tied, clustered and constant scores) from raw arrays of a
// million units, and 10,000 bootstrap replicates of 10,000 units. peer.py times scikit-learn, krippendorff and scipy on
// inputs made the same way; with PREFLEARN_PEERS naming a Python that has them, each line shows how many times as long
// the peer takes. Names: agreement/<what>/<units>.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include <preflearn/agreement.hpp>
#include <preflearn/core/numbers/random.hpp>

#include "../columns.hpp"
#include "../peers.hpp"

using namespace preflearn;

namespace {

const std::map<std::string, double>& peers() {
    static const std::map<std::string, double> seconds = peer_seconds(__FILE__);
    return seconds;
}

void report(benchmark::State& state, const std::string& name, std::size_t units) {
    using benchmark::Counter;
    const auto runs = static_cast<double>(state.iterations());
    count_nanoseconds(state, "ns_per_unit", units);
    if (const auto peer = peers().find(name); peer != peers().end()) {
        state.counters["peer_seconds"] = peer->second;
        state.counters["times_faster"] = Counter(runs * peer->second, Counter::kIsRate);
    }
    if (!peers().empty()) fill_columns(state, {"peer_seconds", "times_faster"});
}

struct ratings_sample {
    std::vector<std::vector<category>> columns;
    std::vector<std::span<const category>> views;
};

ratings_sample sample_ratings(std::size_t raters, std::size_t units) {
    ratings_sample s{std::vector<std::vector<category>>(raters, std::vector<category>(units)), {}};
    generator random(1, "ratings");
    for (std::size_t u = 0; u < units; ++u) {
        const auto truth = static_cast<category>(random.below(5));
        for (auto& column : s.columns)
            column[u] = random.bernoulli(0.3) ? static_cast<category>(random.below(5)) : truth;
    }
    s.views.assign(s.columns.begin(), s.columns.end());
    return s;
}

void kappa(benchmark::State& state) {
    const auto units = static_cast<std::size_t>(state.range(0));
    const ratings_sample s = sample_ratings(2, units);
    for (auto _ : state) benchmark::DoNotOptimize(cohen_kappa(count_ratings(s.views, 5)).coefficient.value);
    report(state, "kappa", units);
}

void alpha(benchmark::State& state) {
    const auto units = static_cast<std::size_t>(state.range(0));
    const ratings_sample s = sample_ratings(3, units);
    for (auto _ : state) benchmark::DoNotOptimize(krippendorff_alpha(count_ratings(s.views, 5)).coefficient.value);
    report(state, "alpha", units);
}

struct scores_sample {
    std::vector<double> x, y;
    std::vector<std::uint8_t> positive;
};

scores_sample sample_scores(std::size_t units) {
    scores_sample s;
    generator random(2, "scores");
    for (std::size_t u = 0; u < units; ++u) {
        s.positive.push_back(random.bernoulli(0.5));
        s.x.push_back(random.normal() + s.positive.back());
        s.y.push_back(s.x.back() + random.normal());
    }
    return s;
}

void area(benchmark::State& state) {
    const auto units = static_cast<std::size_t>(state.range(0));
    const scores_sample s = sample_scores(units);
    for (auto _ : state) benchmark::DoNotOptimize(auc(s.x, s.positive).value);
    report(state, "auc", units);
}

/// Scores as they are, x rounded to its leading digit, clusters of every size, or all alike.
enum class scores_kind { smooth, ties, clusters, constant };

void tau_b(benchmark::State& state, scores_kind kind, const char* name) {
    const auto units = static_cast<std::size_t>(state.range(0));
    scores_sample s = sample_scores(units);
    for (double& x : s.x) {
        x = kind == scores_kind::ties       ? std::round(x)
            : kind == scores_kind::clusters ? std::exp(60 * x)
            : kind == scores_kind::constant ? 1
                                            : x;
    }
    for (auto _ : state) benchmark::DoNotOptimize(kendall_tau_b(s.x, s.y).value);
    report(state, name, units);
}

void bootstrap_of_mean(benchmark::State& state) {
    const auto units = static_cast<std::size_t>(state.range(0));
    const scores_sample s = sample_scores(units);
    const std::vector<double> ones(units, 1.0);
    for (auto _ : state)
        benchmark::DoNotOptimize(bootstrap_ratio(s.x, ones, {.replicates = 10'000}).value.standard_error);
}

void bootstrap_of_kappa(benchmark::State& state) {
    const auto units = static_cast<std::size_t>(state.range(0));
    const ratings_sample s = sample_ratings(3, units);
    const auto coefficient = [](const rating_counts& ratings) { return fleiss_kappa(ratings); };
    for (auto _ : state)
        benchmark::DoNotOptimize(
            bootstrap_ratings(s.views, 5, coefficient, {.replicates = 10'000}).value.standard_error);
}

BENCHMARK(kappa)->Name("agreement/kappa")->Arg(1'000'000)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(alpha)->Name("agreement/alpha")->Arg(1'000'000)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(area)->Name("agreement/auc")->Arg(1'000'000)->UseRealTime()->Unit(benchmark::kMillisecond);
#define TAU_B(kind, name)                                                                                              \
    BENCHMARK_CAPTURE(tau_b, kind, scores_kind::kind, name)                                                            \
        ->Name("agreement/" name)                                                                                      \
        ->Arg(1'000'000)                                                                                               \
        ->UseRealTime()                                                                                                \
        ->Unit(benchmark::kMillisecond)
TAU_B(smooth, "tau_b");
TAU_B(ties, "tau_b_ties");
TAU_B(clusters, "tau_b_clusters");
TAU_B(constant, "tau_b_constant");
BENCHMARK(bootstrap_of_mean)
    ->Name("agreement/bootstrap_of_mean")
    ->Arg(10'000)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK(bootstrap_of_kappa)
    ->Name("agreement/bootstrap_of_kappa")
    ->Arg(10'000)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

} // namespace
