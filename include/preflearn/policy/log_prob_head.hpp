/// \file
/// The last step of a language model: log p(token) = z_token − log Σ_j e^{z_j} with z = x Wᵀ, and its gradients, by the
/// tiles of loss/linear_log_probs.hpp. A row whose logits are not finite gives log-probs of NaN, which the policy
/// reports by completion.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <span>

#include <preflearn/core/matrix_view.hpp>
#include <preflearn/core/tokens.hpp>
#include <preflearn/loss/vocabulary/linear_log_probs.hpp>

namespace preflearn {

/// Predictions of tokens from rows; several may share a row (the first tokens of responses to one prompt).
template <class T, class Backend> class log_prob_head {
  public:
    /// Prediction p is of targets[p] from row sources[p] < rows. The spans must outlive the head.
    log_prob_head(std::span<const token_id> targets, std::span<const std::size_t> sources)
        : targets_(targets), sources_(sources) {}

    /// Writes log p of every prediction and log Σ e^z of every row. `hidden` is rows × d, `weights` vocabulary × d.
    void forward(matrix_view<const T> hidden, matrix_view<const T> weights, std::span<double> log_probs,
                 std::span<double> normalisers) const {
        (void)linear_log_probs<T, Backend>(hidden, weights, targets_, sources_)
            .forward_unchecked({.log_probs = log_probs, .normalisers = normalisers});
    }

    /// Adds to d_hidden and d_weights, given d loss / d log p of every prediction and the forward's normalisers.
    void backward(matrix_view<const T> hidden, matrix_view<const T> weights, std::span<const double> normalisers,
                  std::span<const double> derivatives, matrix_view<T> d_hidden, matrix_view<T> d_weights) const {
        linear_log_probs<T, Backend>(hidden, weights, targets_, sources_)
            .backward(normalisers, derivatives, {.hidden = d_hidden, .head = d_weights});
    }

  private:
    std::span<const token_id> targets_;
    std::span<const std::size_t> sources_;
};

} // namespace preflearn
