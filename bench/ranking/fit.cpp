// Rating fits from raw integer columns: counting, certificate, and fit to a gradient of 1e-12 wins per game. peer.py
// times evalica and choix on games made the same way; with PREFLEARN_PEERS naming a Python that has them, each line
// shows how many times as long the peer takes. Names: ranking/<what>/<items>/<games>.
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include <benchmark/benchmark.h>

#include <preflearn/core/numbers/log_space.hpp>
#include <preflearn/core/numbers/random.hpp>
#include <preflearn/ranking.hpp>

#include "../columns.hpp"
#include "../peers.hpp"

using namespace preflearn;

namespace {

const std::map<std::string, double>& peers() {
    static const std::map<std::string, double> seconds = peer_seconds(__FILE__);
    return seconds;
}

struct sample {
    std::size_t items;
    std::vector<std::uint32_t> left, right;
    std::vector<game_result> results;
    std::vector<double> covariate;
};

/// Random pairs; strengths on a grid over two logits; one game in ten is a tie when `ties` is set; a covariate, normal
/// and new in every game, moves it by `effect` logits.
const sample& games_of(std::size_t items, std::size_t games, bool ties = false, double effect = 0) {
    constexpr double spread = 2;
    static std::map<std::tuple<std::size_t, std::size_t, bool, double>, sample> made;
    const auto [at, added] = made.try_emplace({items, games, ties, effect});
    sample& s = at->second;
    if (!added) return s;
    s.items = items;
    generator random(1, "games"), covariates(1, "covariates");
    for (std::size_t g = 0; g < games; ++g) {
        const auto l = static_cast<std::uint32_t>(random.below(items));
        const auto r = static_cast<std::uint32_t>((l + 1 + random.below(items - 1)) % items);
        double x = spread * (static_cast<double>(l) - static_cast<double>(r)) / static_cast<double>(items);
        if (effect != 0) {
            s.covariate.push_back(covariates.normal());
            x += effect * s.covariate.back();
        }
        s.left.push_back(l);
        s.right.push_back(r);
        const bool tie = ties && random.bernoulli(0.1);
        s.results.push_back(tie                             ? game_result::tie
                            : random.uniform() < sigmoid(x) ? game_result::left
                                                            : game_result::right);
    }
    return s;
}

void report(benchmark::State& state, std::size_t games, bool with_peers) {
    using benchmark::Counter;
    const auto runs = static_cast<double>(state.iterations());
    count_nanoseconds(state, "ns_per_game", games);
    for (const auto& [name, seconds] : with_peers ? peers() : std::map<std::string, double>()) {
        if (name.find('/' + std::to_string(state.range(0)) + '/' + std::to_string(state.range(1))) == std::string::npos)
            continue;
        state.counters["times_" + name.substr(0, name.find('/'))] = Counter(runs * seconds, Counter::kIsRate);
    }
    fill_columns(state, {"iterations", "gradient"});
    state.SetComplexityN(static_cast<benchmark::IterationCount>(games));
}

template <class Model> void fit_of(benchmark::State& state, const Model& model, bool ties) {
    const auto items = static_cast<std::size_t>(state.range(0)), games = static_cast<std::size_t>(state.range(1));
    const sample& s = games_of(items, games, ties);
    rating_fit fit;
    for (auto _ : state) {
        const pair_counts counts =
            count_games(items, s.left, s.right, s.results, {}, Model::has_order ? sides::kept : sides::merged);
        benchmark::DoNotOptimize((fit = fit_ratings(counts, model)).scores.data());
    }
    if (!fit.converged()) state.SkipWithError(fit.reason.c_str());
    state.counters["iterations"] = static_cast<double>(fit.iterations);
    state.counters["gradient"] = fit.gradient_norm;
    report(state, games, !ties); // the peers' lines are without ties
}

void plain(benchmark::State& state) { fit_of(state, bradley_terry_model{}, false); }
void davidson_and_order(benchmark::State& state) {
    fit_of(state, bradley_terry_model{.ties = davidson_rule{}, .order = order_effect{}}, true);
}

/// One game after the other: a covariate of each forbids counting.
void one_by_one(benchmark::State& state) {
    const auto items = static_cast<std::size_t>(state.range(0)), games = static_cast<std::size_t>(state.range(1));
    const sample& s = games_of(items, games, false, 0.5);
    const game_list list{items, s.left, s.right, s.results};
    const game_details details{.features = {s.covariate.data(), games, 1}};
    const game_model model{.board = bradley_terry_model{}, .features = game_features{}};
    game_fit fit;
    for (auto _ : state) benchmark::DoNotOptimize((fit = fit_games(list, details, model)).coefficients.data());
    if (!fit.converged()) state.SkipWithError(fit.rating.reason.c_str());
    state.counters["iterations"] = static_cast<double>(fit.rating.iterations);
    state.counters["gradient"] = fit.rating.gradient_norm;
    report(state, games, false);
}

void counting(benchmark::State& state) {
    const auto items = static_cast<std::size_t>(state.range(0)), games = static_cast<std::size_t>(state.range(1));
    const sample& s = games_of(items, games);
    for (auto _ : state) benchmark::DoNotOptimize(count_games(items, s.left, s.right, s.results).cells.data());
    report(state, games, false);
}

BENCHMARK(plain)
    ->Name("ranking/fit")
    ->Args({100, 1'000'000})
    ->Args({1000, 1'000'000})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK(davidson_and_order)
    ->Name("ranking/davidson_order")
    ->Args({1000, 1'000'000})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK(one_by_one)
    ->Name("ranking/fit_games")
    ->Args({100, 1'000'000})
    ->Args({1000, 1'000'000})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK(counting)->Name("ranking/counting")->Args({1000, 1'000'000})->UseRealTime()->Unit(benchmark::kMillisecond);
// Fifty games an item, so that distinct pairs grow with the games: linear.
BENCHMARK(plain)
    ->Name("ranking/sparse")
    ->Args({2000, 50'000})
    ->Args({8000, 200'000})
    ->Args({32'000, 800'000})
    ->Args({128'000, 3'200'000})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond)
    ->Complexity(benchmark::oN);
BENCHMARK(plain)
    ->Name("ranking/large")
    ->Args({100'000, 10'000'000})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond)
    ->Iterations(1);

} // namespace
