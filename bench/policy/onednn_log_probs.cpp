// Scoring of the pairs by oneDNN's products, weights frozen: policy/log_probs/onednn in float32, and /bfloat16. Beside
// each stand its own products of the same shapes alone (of_products: how many times as fast as those it would be if it
// took no time for anything else), and the peak of fused multiply-adds in float32.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include <preflearn/backend/cpu/onednn.hpp>

#include "../backend/peak.hpp"
#include "../columns.hpp"
#include "real_pairs.hpp"

using namespace preflearn;

namespace {

/// The products of a forward pass over `rows` rows, of which `wanted` go through the head, with the model's weights.
template <class Backend> class products_alone {
  public:
    products_alone(const transformer<float, Backend>& model, std::size_t rows, std::size_t wanted)
        : model_(model), wanted_(wanted), x_(rows, widest(model.config())), y_(rows, widest(model.config())),
          logits_(wanted, vocabulary_tiles::tokens_at_most) {
        Backend::fill(x_.view(), 0.5F);
    }
    void run() {
        for (std::size_t number = 0; number < model_.config().layers; ++number) {
            const auto w = model_.weights().layer(number);
            for (const auto* map : {&w.query_key_value, &w.attention_output, &w.gate_up, &w.down})
                Backend::linear(x_.view().column_block(0, map->matrix.columns()), *map,
                                y_.view().column_block(0, map->matrix.rows()), store::replace);
        }
        const auto head = model_.weights().head();
        const auto& stored = head.stored.front();
        const auto x = Backend::host(std::as_const(x_).view().row_block(0, wanted_).column_block(0, stored.columns));
        for (std::size_t token = 0; token < stored.rows; token += vocabulary_tiles::tokens_at_most)
            onednn_products_of<Backend>::multiply_columns(
                x, head.stored, token,
                Backend::host(logits_.view())
                    .column_block(0, std::min(vocabulary_tiles::tokens_at_most, stored.rows - token)),
                store::replace);
    }

  private:
    template <class B> struct products_of;
    template <class Products> struct products_of<processor_backend<Products>> { using type = Products; };
    template <class B> using onednn_products_of = typename products_of<B>::type;
    static std::size_t widest(const transformer_config& c) {
        return std::max({c.hidden_size, 2 * c.intermediate_size, c.query_size() + 2 * c.key_value_size()});
    }

    const transformer<float, Backend>& model_;
    std::size_t wanted_;
    typename Backend::template array<float> x_, y_, logits_;
};

template <class Backend> void log_probs(benchmark::State& state) {
    static const transformer<float, Backend> model = frozen_model<Backend>();
    const real_pairs& pairs = the_pairs();
    const auto completions = pairs.completions();
    const packed_batch all(completions, model.config(), row_purpose::log_probs);
    products_alone<Backend> alone(model, all.rows(), all.wanted.size());
    const auto seconds = [](const auto& work) {
        const auto start = std::chrono::steady_clock::now();
        work();
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    };
    double own = 0, products = 0;
    for (auto _ : state) { // in turn
        products += seconds([&] { alone.run(); });
        const double time = seconds([&] { benchmark::DoNotOptimize(model.log_probs(completions)); });
        state.SetIterationTime(time);
        own += time;
    }
    state.counters["of_products"] = products / own;
    state.counters["peak_memory_mb"] = peak_memory_mb();
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(pairs.tokens()));
    state.SetLabel(pairs.label + "; items are tokens");
    static const double peak = arithmetic_peak();
    const double rate = forward_operations(model, completions) * static_cast<double>(state.iterations()) / own;
    state.counters["flop/s"] = rate;
    state.counters["of_fma_peak"] = rate / peak;
}

} // namespace

BENCHMARK(log_probs<onednn_backend<>>)->Name("policy/log_probs/onednn")->Unit(benchmark::kMillisecond)->UseManualTime();
BENCHMARK(log_probs<onednn_backend<bfloat16>>)
    ->Name("policy/log_probs/bfloat16")
    ->Unit(benchmark::kMillisecond)
    ->UseManualTime();
