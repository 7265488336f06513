/// \file
/// Value and gradient of a loss over many pairs, against the memory's copy bandwidth and against DPO. A million pairs
/// come from batches that together exceed the caches, one after the other, each followed by a copy of as many bytes and
/// by DPO over as many pairs: medians of all three, since machines are noisy. A thousand stay in the first-level cache.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <benchmark/benchmark.h>

#include <preflearn/core/numbers/random.hpp>
#include <preflearn/core/scores.hpp>
#include <preflearn/loss/by_name/list.hpp>
#include <preflearn/loss/pairs/columns_used.hpp>

#include "columns.hpp"
#include "copy_bandwidth.hpp"

/// Batches of pairs in turn, the same numbers for every one, in memory of its own.
template <class Real> class pair_batches {
  public:
    /// A policy's log-probs some nats from the reference's; rewards where a loss knows neither reference nor length.
    pair_batches(std::size_t pairs, bool references, bool tokens)
        : pairs_(pairs), bytes_(pairs * (sizeof(Real) * (references ? 6 : 4) + (tokens ? 8 : 0))),
          batches_(pairs < (1 << 16) ? 1 : 1 + beyond_caches / bytes_) {
        preflearn::generator random(1, "bench");
        const double low = references || tokens ? -100 : -5, high = references || tokens ? -80 : 5;
        const auto fill = [&](auto& column, const auto& number) {
            column.resize(pairs);
            for (std::size_t i = 0; i < pairs; ++i) column[i] = number(i);
        };
        const auto number = [&](std::size_t) { return static_cast<Real>(low + (high - low) * random.uniform()); };
        const auto beside = [&](const std::vector<Real>& column) {
            return [&](std::size_t i) { return column[i] + static_cast<Real>(6 * random.uniform() - 3); };
        };
        const auto length = [&](std::size_t) { return static_cast<std::uint32_t>(20 + random.below(60)); };
        fill(chosen_, number);
        fill(rejected_, number);
        if (references) fill(reference_chosen_, beside(chosen_));
        if (references) fill(reference_rejected_, beside(rejected_));
        if (tokens) fill(chosen_tokens_, length);
        if (tokens) fill(rejected_tokens_, length);
        const auto repeat = [&](auto& column) {
            const std::vector once(column);
            for (std::size_t i = 1; i < batches_; ++i) column.insert(column.end(), once.begin(), once.end());
        };
        for (auto* column : {&chosen_, &rejected_, &reference_chosen_, &reference_rejected_}) repeat(*column);
        for (auto* column : {&chosen_tokens_, &rejected_tokens_}) repeat(*column);
        d_chosen_.resize(batches_ * pairs);
        d_rejected_.resize(batches_ * pairs);
    }
    /// What a loss reads and writes of a batch.
    [[nodiscard]] std::size_t bytes() const { return bytes_; }
    [[nodiscard]] bool from_memory() const { return batches_ > 1; }

    /// Seconds of a loss over the next batch.
    template <class Loss> double seconds_of(const Loss& loss, bool metrics) {
        const std::size_t at = batch_ * pairs_;
        batch_ = (batch_ + 1) % batches_;
        const auto of_batch = [&](auto& column) {
            return column.empty() ? std::span(column) : std::span(column).subspan(at, pairs_);
        };
        const preflearn::pair_scores<Real> scores{.chosen = of_batch(chosen_),
                                                  .rejected = of_batch(rejected_),
                                                  .reference_chosen = of_batch(reference_chosen_),
                                                  .reference_rejected = of_batch(reference_rejected_),
                                                  .chosen_tokens = of_batch(chosen_tokens_),
                                                  .rejected_tokens = of_batch(rejected_tokens_)};
        const preflearn::pair_gradients<Real> out{of_batch(d_chosen_), of_batch(d_rejected_), {}, metrics};
        const auto start = std::chrono::steady_clock::now();
        benchmark::DoNotOptimize(loss(scores, out));
        benchmark::ClobberMemory();
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    }

  private:
    std::size_t pairs_, bytes_, batches_, batch_ = 0;
    std::vector<Real> chosen_, rejected_, reference_chosen_, reference_rejected_, d_chosen_, d_rejected_;
    std::vector<std::uint32_t> chosen_tokens_, rejected_tokens_;
};

/// DPO's, in turn with every other loss.
template <class Real> pair_batches<Real>& batches_of_dpo(std::size_t pairs) {
    static pair_batches<Real> batches(pairs, true, false);
    return batches;
}

inline double median(std::vector<double>& numbers) {
    const auto middle = numbers.begin() + static_cast<std::ptrdiff_t>(numbers.size() / 2);
    std::nth_element(numbers.begin(), middle, numbers.end());
    return *middle;
}

template <class Real, class Loss>
void value_and_gradient(benchmark::State& state, const Loss& loss, bool metrics = false) {
    const auto pairs = static_cast<std::size_t>(state.range(0));
    pair_batches<Real> batches(pairs, preflearn::loss_uses_reference<Loss>, preflearn::loss_uses_tokens<Loss>);
    if (!batches.from_memory()) {
        for (auto _ : state) batches.seconds_of(loss, metrics);
        count_nanoseconds(state, "ns_per_pair", pairs);
        fill_loss_columns(state);
        return;
    }
    pair_batches<Real>& of_dpo = batches_of_dpo<Real>(pairs);
    std::vector<double> seconds, copy_seconds, dpo_seconds;
    for (auto _ : state) {
        seconds.push_back(batches.seconds_of(loss, metrics));
        state.PauseTiming();
        copy_seconds.push_back(next_copy_seconds(batches.bytes()));
        dpo_seconds.push_back(of_dpo.seconds_of(preflearn::dpo{}, false));
        state.ResumeTiming();
    }
    const double typical = median(seconds);
    state.counters["ns_per_pair"] = typical / static_cast<double>(pairs) * 1e9;
    state.counters["of_copy_bound"] = median(copy_seconds) / typical;
    state.counters["of_dpo"] = typical / median(dpo_seconds);
    fill_loss_columns(state);
}
