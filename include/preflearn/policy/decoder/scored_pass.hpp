/// \file
/// What forward runs of a transformer keep for backward: the batch, the rows of every layer, and what was read from the
/// final hidden states. A caller sees the scores.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include <preflearn/policy/decoder/kept_rows.hpp>
#include <preflearn/policy/decoder/packed_batch.hpp>

namespace preflearn {

/// Of `Model::forward` and its relatives.
template <class Model> class scored_pass {
  public:
    /// log π(y | x) of each completion in nats; 0 for an empty response.
    [[nodiscard]] std::span<const double> scores() const { return scores_; }
    /// How many tokens went through the layers, those of shared prompts once.
    [[nodiscard]] std::size_t tokens() const { return batch_.rows(); }
    /// log π of each response token, row c belonging to completion c.
    [[nodiscard]] std::span<const double> token_scores(std::size_t c) const { return batch_.of(token_scores_, c); }
    /// log Σ_v π(v)² over the vocabulary at each response token, after `forward_with_sum_squares`.
    [[nodiscard]] std::span<const double> token_log_sum_squares(std::size_t c) const {
        return batch_.of(token_log_sum_squares_, c);
    }
    /// KL(π_ref ‖ π) of the next token's distributions at each response token, after `forward_with_divergence`.
    [[nodiscard]] std::span<const double> token_divergences(std::size_t c) const {
        return batch_.of(token_divergences_, c);
    }

  private:
    friend Model;
    packed_batch batch_;
    kept_rows<typename Model::scalar, typename Model::backend> kept_;
    std::vector<double> scores_, token_scores_, token_log_sum_squares_, token_divergences_, normalisers_;
    const Model* reference_ = nullptr;
    typename Model::array reference_hidden_;
};

/// Of `Model::forward_hidden`.
template <class Model> class hidden_pass {
  public:
    /// One row per completion: the final norm's output at its last token (the prompt's last for an empty response).
    [[nodiscard]] auto hidden() const { return Model::backend::host(kept_.hidden.view()); }

  private:
    friend Model;
    packed_batch batch_;
    kept_rows<typename Model::scalar, typename Model::backend> kept_;
};

} // namespace preflearn
