/// \file
/// From the hidden states of pairs to the gradients of a preference loss: log-probs of all tokens in tiles of the
/// vocabulary, their sums over responses, any PreferenceLoss of these, and back to hidden states and head. The whole
/// batch meets the loss at once, so losses that couple pairs are as good as others.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <preflearn/core/concepts.hpp>
#include <preflearn/core/matrix_view.hpp>
#include <preflearn/core/scores.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/core/tokens.hpp>
#include <preflearn/loss/tokens/rows.hpp>
#include <preflearn/loss/vocabulary/linear_log_probs.hpp>
#include <preflearn/loss/vocabulary/logit_transform.hpp>

namespace preflearn {

/// A batch of n pairs as a model's last hidden states.
template <std::floating_point T> struct linear_pairs {
    matrix_view<const T> hidden;       ///< positions × width; padding is not read
    matrix_view<const T> head;         ///< vocabulary × width
    std::span<const token_id> targets; ///< of each position the token it predicts: already shifted
    token_rows responses;              ///< of 2n responses, all chosen, then all rejected
    /// What the loss needs besides. chosen and rejected are computed; lengths are, too, where the loss wants them and
    /// they are empty.
    pair_scores<double> columns{};
    logit_transform<T> transform{};
    std::span<double> log_probs{}; ///< receives Σ log p of the 2n responses; empty: not wanted
};

/// The sums of the loss; adds d Σ weight · loss (not divided by the batch) to the gradients. `Matrices` models
/// Backend<T>. An empty response has log-prob 0. Takes three products where the batch's logits fit into 40 MB, else
/// four, in less than 64 MB beside the hidden states of padded batches, which are packed first.
/// \throws argument_error when shapes differ or a target is outside the vocabulary; numeric_error naming a row (of the
/// packed tokens) without a distribution; and what the loss throws.
template <class Matrices, std::floating_point T, PreferenceLoss<double> Loss>
loss_sums linear_preference_loss(const Loss& loss, const linear_pairs<T>& pairs, const linear_gradients<T>& gradients) {
    const token_rows& responses = pairs.responses;
    check_rows(responses, "responses");
    require(responses.size() % 2 == 0, "responses of pairs are an even number, found ", responses.size());
    require(responses.positions() <= pairs.hidden.rows, "responses reach position ", responses.positions(), " of ",
            pairs.hidden.rows, " hidden states");
    require(pairs.targets.size() == pairs.hidden.rows, "found ", pairs.targets.size(), " targets for ",
            pairs.hidden.rows, " hidden states");
    require(pairs.log_probs.empty() || pairs.log_probs.size() == responses.size(), "log_probs has ",
            pairs.log_probs.size(), " entries for ", responses.size(), " responses");
    require(!gradients.hidden.data || gradients.hidden.rows == pairs.hidden.rows, "the gradient of hidden has ",
            gradients.hidden.rows, " rows for ", pairs.hidden.rows, " hidden states");

    std::vector<std::size_t> positions, ends{0}; // of the tokens, response after response
    for (std::size_t r = 0; r < responses.size(); ++r) {
        responses.for_each_run(r, [&](std::size_t position, std::size_t, std::size_t count) {
            for (std::size_t i = 0; i < count; ++i) positions.push_back(position + i);
        });
        ends.push_back(positions.size());
    }
    std::vector<token_id> targets(positions.size());
    for (std::size_t p = 0; p < positions.size(); ++p) targets[p] = pairs.targets[positions[p]];

    const bool packed = positions.size() < pairs.hidden.rows;
    const std::size_t width = pairs.hidden.columns;
    typename Matrices::template matrix<T> states(packed ? positions.size() : 0, width);
    typename Matrices::template matrix<T> d_states(packed && gradients.hidden.data ? positions.size() : 0, width);
    linear_gradients<T> inner = gradients;
    if (packed) {
        for (std::size_t p = 0; p < positions.size(); ++p)
            std::copy_n(pairs.hidden.row(positions[p]), width, states.view().row(p));
        if (gradients.hidden.data) {
            inner.hidden = d_states.view();
            std::fill_n(inner.hidden.data, positions.size() * width, T(0));
        }
    }

    const std::size_t n = responses.size() / 2;
    std::vector<double> token_log_probs(positions.size()), derivatives(positions.size());
    std::vector<double> sums(responses.size()), d_sums(responses.size());
    std::vector<std::uint32_t> lengths(responses.size());
    loss_sums total;
    const auto derive = [&] {
        for (std::size_t r = 0; r < responses.size(); ++r) {
            for (std::size_t p = ends[r]; p < ends[r + 1]; ++p) sums[r] += token_log_probs[p];
            lengths[r] = static_cast<std::uint32_t>(ends[r + 1] - ends[r]);
        }
        pair_scores<double> scores = pairs.columns;
        scores.chosen = std::span(sums).first(n);
        scores.rejected = std::span(sums).last(n);
        if (scores.chosen_tokens.empty()) scores.chosen_tokens = std::span(lengths).first(n);
        if (scores.rejected_tokens.empty()) scores.rejected_tokens = std::span(lengths).last(n);
        total = loss(scores, pair_gradients<double>{.chosen = std::span(d_sums).first(n),
                                                    .rejected = std::span(d_sums).last(n)});
        for (std::size_t r = 0; r < responses.size(); ++r)
            for (std::size_t p = ends[r]; p < ends[r + 1]; ++p) derivatives[p] = d_sums[r];
        return std::span<const double>(derivatives);
    };
    linear_log_probs<T, Matrices>(packed ? matrix_view<const T>(states.view()) : pairs.hidden, pairs.head, targets, {},
                                  pairs.transform)
        .forward_backward(derive, {.log_probs = token_log_probs}, inner);
    if (packed && gradients.hidden.data)
        for (std::size_t p = 0; p < positions.size(); ++p)
            for (std::size_t k = 0; k < width; ++k) gradients.hidden(positions[p], k) += d_states.view()(p, k);
    if (!pairs.log_probs.empty()) std::ranges::copy(sums, pairs.log_probs.begin());
    return total;
}

} // namespace preflearn
