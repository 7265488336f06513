/// \file
/// Pairs with a third response each: a gold one, whose likelihood is raised beside the contrast of chosen and rejected.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>

#include <preflearn/core/column.hpp>
#include <preflearn/core/concepts.hpp>
#include <preflearn/core/requirements.hpp>
#include <preflearn/core/scores.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/loss/coupled/coupled_loss.hpp>
#include <preflearn/loss/pairs/columns_used.hpp>
#include <preflearn/loss/pairs/evaluate.hpp>
#include <preflearn/loss/pairs/faults.hpp>
#include <preflearn/loss/pairs/slices.hpp>

namespace preflearn {

template <class Real> struct triple_gradients;

/// n pairs and their gold responses.
template <class Real> struct triple_scores {
    using gradients = triple_gradients<Real>;
    using sums = loss_sums;

    pair_scores<Real> pairs{};
    /// log π of the gold response in nats, summed over its tokens, and its length.
    column_view<const Real> gold{};
    column_view<const std::uint32_t> gold_tokens{};

    [[nodiscard]] std::size_t size() const { return pairs.size(); }
};

/// Where a loss writes what it computes of each triple; an empty column is not wanted.
template <class Real> struct triple_gradients {
    /// Its values are those of the whole loss.
    pair_gradients<Real> pairs{};
    /// d (weight · loss) / d gold.
    column_view<Real> gold{};
};

/// A loss on triples: as a PreferenceLoss, with the derivative in the gold response's log-prob.
template <class L, class Real = double>
concept TripleLoss = std::floating_point<Real> && Loss<L, triple_scores<Real>>;

template <class L, class Real> consteval void check_triple_loss() {
    static_assert(TripleLoss<L, Real>, "a TripleLoss is called with (triple_scores<Real>, triple_gradients<Real>), "
                                       "const, and returns preflearn::loss_sums");
}

/// The contrast, a PreferenceLoss that looks at each pair alone, less α log π(gold) / |gold|. Itself a TripleLoss;
/// rewards that it reports are the contrast's. Over a batch the likelihood term is the mean of the triples' means.
/// \throws argument_error when a column is missing or does not fit, naming the triple whose gold length is 0;
/// numeric_error naming the triple whose gold log-prob is not finite; and what the contrast throws.
template <class Contrast> struct with_gold_likelihood {
    static constexpr bool uses_reference = loss_uses_reference<Contrast>;
    static constexpr bool uses_tokens = loss_uses_tokens<Contrast>;
    static constexpr lengths_read lengths = loss_lengths<Contrast>;
    static constexpr bool uses_target = loss_uses_target<Contrast>, uses_margin = loss_uses_margin<Contrast>;

    Contrast contrast{};
    double alpha = 1;

    template <std::floating_point Real>
    loss_sums operator()(const triple_scores<Real>& scores, const triple_gradients<Real>& gradients) const {
        check_preference_loss<Contrast, Real>();
        static_assert(!reduces_pairs<Contrast, Real>, "the contrast of triples looks at each pair alone");
        check(scores, gradients);
        const pair_scores<Real> read = columns_read_by<Contrast>(scores.pairs);
        return sum_of_slices<loss_sums>(read, [&](std::size_t at, std::size_t size) {
            const pair_scores<Real> pairs = slice_of(read, at, size);
            const pair_gradients<Real> out = slice_of(gradients.pairs, at, size);
            loss_sums sums = contrast(pairs, out);
            for (std::size_t i = 0; i < size; ++i) {
                const Real weight = pairs.weight.empty() ? Real(1) : pairs.weight[i];
                const Real slope = -weight * static_cast<Real>(alpha) / static_cast<Real>(scores.gold_tokens[at + i]);
                const Real likelihood = slope * scores.gold[at + i];
                sums.loss += static_cast<double>(likelihood);
                if (!out.values.empty()) out.values[i] += likelihood;
                if (!gradients.gold.empty()) gradients.gold[at + i] = slope;
            }
            return sums;
        });
    }

  private:
    template <class Real> void check(const triple_scores<Real>& scores, const triple_gradients<Real>& gradients) const {
        check_lengths(scores.pairs, gradients.pairs);
        require(std::isfinite(alpha), "the weight of the gold response's likelihood is ", alpha,
                ", a finite number was expected");
        const std::size_t n = scores.size();
        require(scores.gold.size() == n && scores.gold_tokens.size() == n, "gold and gold_tokens have ",
                scores.gold.size(), " and ", scores.gold_tokens.size(), " entries for ", n, " pairs");
        require(gradients.gold.empty() || gradients.gold.size() == n, "the gradient of gold has ",
                gradients.gold.size(), " entries for ", n, " pairs");
        for (std::size_t i = 0; i < n; ++i) {
            require<numeric_error>(std::isfinite(scores.gold[i]), "pair ", i, ": gold is ", scores.gold[i],
                                   ", a finite number was expected");
            require(scores.gold_tokens[i] > 0, "pair ", i, ": gold_tokens is 0, a length above 0 was expected");
        }
    }
};

/// Value, gradient and metrics, as of pairs (see evaluate.hpp).
template <class Loss, std::floating_point Real>
loss_report value_and_gradient(const Loss& loss, const triple_scores<Real>& scores, const triple_gradients<Real>& out,
                               reduction how = reduction::weighted_mean) {
    check_triple_loss<Loss, Real>();
    const loss_sums sums = loss(scores, out);
    for (const column_view<Real> column : {out.pairs.chosen, out.pairs.rejected, out.gold})
        if (how != reduction::sum) detail::multiply_all(column, reduction_factor(sums, how));
    return report_of(sums, how);
}

} // namespace preflearn
