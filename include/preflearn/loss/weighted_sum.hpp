/// \file
/// Σ w_i · loss_i of several preference losses on the same pairs, e.g. MPO (Wang et al. 2024, arXiv:2411.10442,
/// equation 5). The pairs go through in pieces, so that the gradients of the parts need no memory of the batch's size.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <span>
#include <tuple>
#include <utility>

#include <preflearn/core/concepts.hpp>
#include <preflearn/core/parallel.hpp>
#include <preflearn/loss/columns.hpp>
#include <preflearn/loss/coupled.hpp>
#include <preflearn/loss/named_divergence.hpp>
#include <preflearn/loss/named_pointwise.hpp>
#include <preflearn/loss/named_reference_free.hpp>

namespace preflearn {

/// Itself a PreferenceLoss. Weights, rewards and counts that it reports are those of the first loss.
template <class... Losses> struct weighted_sum {
    static constexpr std::size_t count = sizeof...(Losses);
    static_assert(count > 0, "a weighted sum has at least one loss");
    std::tuple<Losses...> losses{};
    std::array<double, count> weights{};
    static constexpr bool uses_reference = (detail::says_reference<Losses>(true) || ...);
    static constexpr bool uses_tokens = (detail::says_lengths<Losses>() || ...);

    template <std::floating_point Real>
    loss_sums operator()(const pair_scores<Real>& scores, const pair_gradients<Real>& gradients) const {
        static_assert((PreferenceLoss<Losses, Real> && ...), "a weighted sum is made of PreferenceLosses");
        static_assert((!CoupledLoss<Losses, Real> && ...), "a weighted sum goes through the pairs in pieces, so none "
                                                           "of its losses may couple the batch");
        check_lengths(scores, gradients);
        constexpr std::size_t most = 64, piece = 256;
        const std::size_t pieces = (scores.size() + piece - 1) / piece;
        const std::size_t grain = std::max<std::size_t>(16, (pieces + most - 1) / most) * piece;
        std::array<loss_sums, most> blocks{};
        parallel_blocks(scores.size(), grain, [&](std::size_t begin, std::size_t end) {
            for (std::size_t at = begin; at < end; at += piece) {
                const std::size_t size = std::min(piece, end - at);
                const auto located = [at](const numeric_error& failure) {
                    return message("among the pairs from ", at, " on: ", failure.what());
                };
                try {
                    blocks[begin / grain] += sum_of_piece(scores, gradients, at, size);
                } catch (const argument_error&) {
                    refuse_first_fault(scores, at, at + size); // by the pair's place in the batch
                    throw;
                } catch (const numeric_error& failure) {
                    refuse_first_fault(scores, at, at + size);
                    throw numeric_error(located(failure));
                }
            }
        });
        loss_sums total;
        for (const loss_sums& sums : blocks) total += sums;
        return total;
    }

  private:
    template <class Real>
    loss_sums sum_of_piece(const pair_scores<Real>& scores, const pair_gradients<Real>& gradients, std::size_t at,
                           std::size_t size) const {
        const auto part = [=](const auto& column) { return column.empty() ? column : column.subspan(at, size); };
        const pair_scores<Real> piece{part(scores.chosen),
                                      part(scores.rejected),
                                      part(scores.reference_chosen),
                                      part(scores.reference_rejected),
                                      part(scores.chosen_tokens),
                                      part(scores.rejected_tokens),
                                      part(scores.weight),
                                      part(scores.target),
                                      part(scores.margin)};
        const pair_gradients<Real> out{part(gradients.chosen), part(gradients.rejected), part(gradients.values)};
        std::array<Real, 256> d_chosen, d_rejected, values;
        loss_sums total;
        const auto add = [&]<std::size_t I>(std::integral_constant<std::size_t, I>) {
            const pair_gradients<Real> of_part{std::span(d_chosen).first(out.chosen.size()),
                                               std::span(d_rejected).first(out.rejected.size()),
                                               std::span(values).first(out.values.size())};
            const loss_sums sums = std::get<I>(losses)(piece, of_part);
            const Real w = static_cast<Real>(weights[I]);
            if constexpr (I == 0) {
                total = sums;
                total.loss = 0;
            }
            total.loss += weights[I] * sums.loss;
            const auto add_to = [&](std::span<Real> whole, std::span<const Real> added) {
                for (std::size_t i = 0; i < added.size(); ++i) whole[i] = (I == 0 ? Real(0) : whole[i]) + w * added[i];
            };
            add_to(out.chosen, of_part.chosen);
            add_to(out.rejected, of_part.rejected);
            add_to(out.values, of_part.values);
        };
        [&]<std::size_t... I>(std::index_sequence<I...>) { (add(std::integral_constant<std::size_t, I>{}), ...); }
        (std::make_index_sequence<count>{});
        return total;
    }
};

/// Mixed preference optimisation (Wang et al. 2024, arXiv:2411.10442, equation 5 with the weights of TRL's example):
/// 0.8 · DPO + 0.2 · BCO without shift + 1 · mean-token negative log-likelihood of the chosen response.
struct mpo {
    double beta = 0.1, preference_weight = 0.8, quality_weight = 0.2, generation_weight = 1;

    [[nodiscard]] weighted_sum<dpo, bco_pair, chosen_likelihood> parts() const {
        return {.losses = {dpo{.beta = beta}, bco_pair{.beta = beta}, chosen_likelihood{}},
                .weights = {preference_weight, quality_weight, generation_weight}};
    }
    template <std::floating_point Real>
    loss_sums operator()(const pair_scores<Real>& scores, const pair_gradients<Real>& gradients) const {
        return parts()(scores, gradients);
    }
};

} // namespace preflearn
