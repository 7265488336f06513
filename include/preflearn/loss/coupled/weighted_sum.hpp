/// \file
/// Σ w_i · loss_i of several preference losses on the same pairs. Losses of single pairs go through in slices, so that
/// their gradients need no memory of the batch's size; losses that couple the batch are taken over all of it.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <span>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <preflearn/core/concepts.hpp>
#include <preflearn/loss/coupled/coupled_loss.hpp>
#include <preflearn/loss/coupled/running_mean.hpp>
#include <preflearn/loss/pairs/columns_used.hpp>
#include <preflearn/loss/pairs/faults.hpp>
#include <preflearn/loss/pairs/slices.hpp>

namespace preflearn {

namespace detail {

/// What a loss of single pairs needs to know of a batch.
struct nothing_reduced {
    nothing_reduced& operator+=(nothing_reduced /*other*/) { return *this; }
};

template <class Loss, class Real> auto reduced(const Loss& loss, const pair_scores<Real>& scores) {
    if constexpr (reduces_pairs<Loss, Real>)
        return loss.reduce(scores);
    else
        return nothing_reduced{};
}

} // namespace detail

/// The states of the losses of a weighted sum.
template <class... States> struct weighted_sum_state {
    std::tuple<States...> states;
    weighted_sum_state& operator+=(const weighted_sum_state& other) {
        [&]<std::size_t... I>(std::index_sequence<I...>) { ((std::get<I>(states) += std::get<I>(other.states)), ...); }
        (std::index_sequence_for<States...>{});
        return *this;
    }
};

/// Itself a PreferenceLoss, and a CoupledLoss where one of its losses is. Weights, rewards and counts that it reports
/// are those of the first loss. A loss that carries a running mean from batch to batch cannot be a part.
template <class... Losses> struct weighted_sum {
    /// Its identity is that and what its losses say.
    static constexpr std::string_view name = "weighted_sum";
    static constexpr std::size_t count = sizeof...(Losses);
    static_assert(count > 0, "a weighted sum has at least one loss");
    std::tuple<Losses...> losses{};
    std::array<double, count> weights{};
    static constexpr bool uses_reference = (loss_uses_reference<Losses> || ...);
    static constexpr bool uses_tokens = (loss_uses_tokens<Losses> || ...);
    static constexpr lengths_read lengths = std::max({loss_lengths<Losses>...});
    static constexpr bool uses_target = (loss_uses_target<Losses> || ...),
                          uses_margin = (loss_uses_margin<Losses> && ...);

    template <std::floating_point Real>
    [[nodiscard]] auto reduce(const pair_scores<Real>& scores) const requires(reduces_pairs<Losses, Real> || ...) {
        return std::apply(
            [&](const Losses&... loss) {
                return weighted_sum_state<decltype(detail::reduced(loss, scores))...>{
                    {detail::reduced(loss, scores)...}};
            },
            losses);
    }
    template <std::floating_point Real, class... States>
    loss_sums map(const pair_scores<Real>& scores, const weighted_sum_state<States...>& state,
                  const pair_gradients<Real>& gradients, std::size_t first = 0) const {
        static_assert((PreferenceLoss<Losses, Real> && ...), "a weighted sum is made of PreferenceLosses");
        static_assert(!(CarriesRunningMean<States> || ...), "a weighted sum keeps no running mean for its losses");
        check_lengths(scores, gradients);
        loss_sums sums = sum_of_slices<loss_sums>(scores, [&](std::size_t at, std::size_t size) {
            return sum_of_single(slice_of(scores, at, size), slice_of(gradients, at, size));
        });
        for_each_index([&]<std::size_t I>(std::integral_constant<std::size_t, I>) {
            if constexpr (couples<I, Real>) {
                std::vector<Real> d_chosen(gradients.chosen.size()), d_rejected(gradients.rejected.size()),
                    values(gradients.values.size());
                const pair_gradients<Real> written{d_chosen, d_rejected, values, gradients.metrics && I == 0};
                const loss_sums of_loss =
                    map_shard(std::get<I>(losses), scores, std::get<I>(state.states), written, first);
                count_in<I>(sums, of_loss);
                add<I>(gradients, written);
            }
        });
        return sums;
    }
    template <std::floating_point Real>
    loss_sums operator()(const pair_scores<Real>& scores, const pair_gradients<Real>& gradients) const {
        if constexpr ((reduces_pairs<Losses, Real> || ...))
            return map(scores, reduce(scores), gradients);
        else
            return map(scores, weighted_sum_state<>{}, gradients);
    }

  private:
    template <std::size_t I, class Real>
    static constexpr bool couples = reduces_pairs<std::tuple_element_t<I, std::tuple<Losses...>>, Real>;

    template <class Action> static void for_each_index(const Action& action) {
        [&]<std::size_t... I>(std::index_sequence<I...>) { (action(std::integral_constant<std::size_t, I>{}), ...); }
        (std::make_index_sequence<count>{});
    }

    /// The losses that do not couple the pairs, of one slice; overwrites the gradients.
    template <class Real>
    loss_sums sum_of_single(const pair_scores<Real>& scores, const pair_gradients<Real>& gradients) const {
        std::array<Real, pairs_per_slice> d_chosen, d_rejected, values;
        pair_gradients<Real> written{std::span(d_chosen).first(gradients.chosen.size()),
                                     std::span(d_rejected).first(gradients.rejected.size()),
                                     std::span(values).first(gradients.values.size())};
        for (const std::span<Real> column : {gradients.chosen, gradients.rejected, gradients.values})
            std::ranges::fill(column, Real(0));
        loss_sums sums;
        for_each_index([&]<std::size_t I>(std::integral_constant<std::size_t, I>) {
            if constexpr (!couples<I, Real>) {
                written.metrics = gradients.metrics && I == 0;
                count_in<I>(sums, std::get<I>(losses)(scores, written));
                add<I>(gradients, written);
            }
        });
        return sums;
    }

    template <std::size_t I> void count_in(loss_sums& sums, const loss_sums& of_loss) const {
        const double before = sums.loss;
        if constexpr (I == 0) sums = of_loss;
        sums.loss = before + weights[I] * of_loss.loss;
    }
    template <std::size_t I, class Real>
    void add(const pair_gradients<Real>& all, const pair_gradients<Real>& written) const {
        const Real w = static_cast<Real>(weights[I]);
        const auto add_to = [w](std::span<Real> whole, std::span<const Real> added) {
            for (std::size_t i = 0; i < added.size(); ++i) whole[i] += w * added[i];
        };
        add_to(all.chosen, written.chosen);
        add_to(all.rejected, written.rejected);
        add_to(all.values, written.values);
    }
};

} // namespace preflearn
