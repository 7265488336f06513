// Value and gradient of token-level losses over pairs of up to 400 tokens a response, ragged and padded, against the
// memory's copy bandwidth: bytes are the columns that the loss reads and the derivatives that it writes, of every
// token. Items are tokens. Names: loss/tokens/<name>/<float|double>/<pairs>.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <benchmark/benchmark.h>

#include <preflearn/core/numbers/random.hpp>
#include <preflearn/loss/tokens/named.hpp>
#include <preflearn/loss/tokens/wspo.hpp>

#include "columns.hpp"
#include "copy_bandwidth.hpp"

using namespace preflearn;

namespace {

enum class layout : bool { ragged, padded };
constexpr std::size_t longest = 400;

/// One side's responses; a column serves as any of them.
template <class Real> struct responses {
    std::vector<std::size_t> offsets{0};
    std::vector<std::uint8_t> mask;
    std::vector<Real> policy, reference, other, d_policy, d_divergence;

    responses(std::size_t n, layout how, std::uint64_t stream) {
        generator random(1, "bench", stream);
        for (std::size_t i = 0; i < n; ++i) {
            const std::size_t tokens = 1 + random.below(longest);
            offsets.push_back(offsets.back() + tokens);
            if (how == layout::padded)
                for (std::size_t t = 0; t < longest; ++t) mask.push_back(t < tokens ? 1 : 0);
        }
        const std::size_t positions = how == layout::padded ? mask.size() : offsets.back();
        for (std::vector<Real>* column : {&policy, &reference, &other}) {
            column->resize(positions);
            for (Real& x : *column) x = static_cast<Real>(-4 * random.uniform());
        }
        d_policy.resize(positions);
        d_divergence.resize(positions);
    }
    [[nodiscard]] token_columns<Real> columns() const {
        token_columns<Real> all{.policy = policy,
                                .reference = reference,
                                .log_sum_squares = other,
                                .divergence = other,
                                .weak_shift = other};
        if (mask.empty())
            all.rows.offsets = offsets;
        else
            all.rows = {.length = longest, .mask = mask};
        return all;
    }
};

template <class Real, class Loss> void value_and_gradient(benchmark::State& state, const Loss& loss, layout how) {
    const auto pairs = static_cast<std::size_t>(state.range(0));
    responses<Real> chosen(pairs, how, 1), rejected(pairs, how, 2);
    const std::size_t tokens = chosen.offsets.back() + rejected.offsets.back();
    constexpr std::size_t columns = 3 + (Loss::uses_log_sum_squares ? 1 : 0) + (Loss::uses_divergence ? 2 : 0);
    const double bytes = static_cast<double>(tokens * columns * sizeof(Real));
    const token_scores<Real> scores{chosen.columns(), rejected.columns()};
    token_gradients<Real> out{{chosen.d_policy, {}}, {rejected.d_policy, {}}};
    if constexpr (Loss::uses_divergence) {
        out.chosen.divergence = chosen.d_divergence;
        out.rejected.divergence = rejected.d_divergence;
    }
    for (auto _ : state) {
        const loss_sums sums = loss(scores, out);
        benchmark::DoNotOptimize(sums);
        benchmark::ClobberMemory();
    }
    state.counters["of_copy_bound"] = benchmark::Counter(
        static_cast<double>(state.iterations()) * bytes / memory_bandwidth(), benchmark::Counter::kIsRate);
    count_nanoseconds(state, "ns_per_item", tokens);
    fill_loss_columns(state);
}

template <class Loss> void add_token_loss(std::string_view name, const Loss& loss, layout how = layout::ragged) {
    const auto of_type = [&](std::string_view type, auto run) {
        benchmark::RegisterBenchmark(("loss/tokens/" + std::string(name) + "/" + std::string(type)).c_str(), run)
            ->Arg(1 << 14)
            ->UseRealTime();
    };
    of_type("float", [=](benchmark::State& state) { value_and_gradient<float>(state, loss, how); });
    of_type("double", [=](benchmark::State& state) { value_and_gradient<double>(state, loss, how); });
}

const bool token_losses_added = [] {
    add_token_loss("dpo", from_tokens<dpo>{});
    add_token_loss("dpo_padded", from_tokens<dpo>{}, layout::padded);
    add_token_loss("ld_dpo", ld_dpo<>{});
    add_token_loss("wpo", wpo<>{});
    add_token_loss("tdpo2", tdpo2<>{});
    add_token_loss("humanline", humanline<>{});
    add_token_loss("wspo", wspo{});
    return true;
}();

} // namespace
