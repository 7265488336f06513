/// \file
/// log p(token) = z_token − log Σ_j e^{z_j} with z = x Wᵀ, without ever holding more than a tile of z: panels of rows
/// meet tiles of the vocabulary, with an online log-sum-exp. The backward pass computes each tile again, turns it into
/// dz = weight · (onehot − softmax), and adds dx += dz W, dW += dzᵀ x.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include <preflearn/core/concepts.hpp>
#include <preflearn/core/matrix_view.hpp>
#include <preflearn/core/parallel.hpp>
#include <preflearn/core/tokens.hpp>
#include <preflearn/loss/softmax.hpp>

namespace preflearn {

/// Predictions of tokens from rows; several may share a row (the first tokens of responses to one prompt).
template <class T, class Backend> class log_prob_head {
  public:
    /// Prediction p is of targets[p] from row sources[p] < rows. The spans must outlive the head.
    log_prob_head(std::size_t rows, std::span<const token_id> targets, std::span<const std::size_t> sources)
        : rows_(rows), targets_(targets), sources_(sources), first_of_row_(rows + 1), by_row_(targets.size()) {
        for (const std::size_t source : sources) ++first_of_row_[source + 1];
        for (std::size_t r = 0; r < rows; ++r) first_of_row_[r + 1] += first_of_row_[r];
        std::vector<std::size_t> next(first_of_row_.begin(), first_of_row_.end() - 1);
        for (std::size_t p = 0; p < sources.size(); ++p) by_row_[next[sources[p]]++] = p;
    }

    /// Writes log p of every prediction and log Σ e^z of every row. `hidden` is rows × d, `weights` vocabulary × d.
    void forward(matrix_view<const T> hidden, matrix_view<const T> weights, std::span<double> log_probs,
                 std::span<double> normalisers) const {
        std::vector<softmax_sums> sums(rows_);
        tiled(
            hidden, weights,
            [&](std::size_t row, std::span<T> logits, std::size_t token) {
                sums[row].merge(sums_of_logits(std::span<const T>(logits)));
                each_target(row, token, logits.size(),
                            [&](std::size_t p, std::size_t at) { log_probs[p] = static_cast<double>(logits[at]); });
            },
            [](auto&&...) {});
        for (std::size_t r = 0; r < rows_; ++r) normalisers[r] = sums[r].normaliser();
        for (std::size_t p = 0; p < targets_.size(); ++p) log_probs[p] -= normalisers[sources_[p]];
    }

    /// Adds to d_hidden and d_weights, given d loss / d log p of every prediction and the forward's normalisers.
    void backward(matrix_view<const T> hidden, matrix_view<const T> weights, std::span<const double> normalisers,
                  std::span<const double> derivatives, matrix_view<T> d_hidden, matrix_view<T> d_weights) const {
        std::vector<double> totals(rows_);
        for (std::size_t p = 0; p < targets_.size(); ++p) totals[sources_[p]] += derivatives[p];
        tiled(
            hidden, weights,
            [&](std::size_t row, std::span<T> logits, std::size_t token) {
                log_softmax_gradient(logits, normalisers[row], totals[row]);
                each_target(row, token, logits.size(),
                            [&](std::size_t p, std::size_t at) { logits[at] += static_cast<T>(derivatives[p]); });
            },
            [&](matrix_view<const T> d_logits, std::size_t row, std::size_t token) {
                Backend::template multiply<T>(transpose::no, d_logits, transpose::no,
                                              weights.row_block(token, d_logits.columns),
                                              d_hidden.row_block(row, d_logits.rows), store::add);
                Backend::template multiply<T>(transpose::yes, d_logits, transpose::no,
                                              hidden.row_block(row, d_logits.rows),
                                              d_weights.row_block(token, d_logits.columns), store::add);
            });
    }

  private:
    static constexpr std::size_t panel = 512;  // rows of a tile
    static constexpr std::size_t width = 4096; // tokens of a tile

    /// Calls on_row(row, logits, first token) for every row of every tile, in parallel over rows, then
    /// on_tile(tile, first row, first token). A row meets its tiles in the order of the vocabulary.
    template <class OnRow, class OnTile>
    void tiled(matrix_view<const T> hidden, matrix_view<const T> weights, OnRow&& on_row, OnTile&& on_tile) const {
        const std::size_t most_rows = std::min(panel, rows_), most_tokens = std::min(width, weights.rows);
        typename Backend::template matrix<T> tile(most_rows, most_tokens);
        for (std::size_t row = 0; row < rows_; row += panel) {
            const std::size_t count = std::min(panel, rows_ - row);
            for (std::size_t token = 0; token < weights.rows; token += width) {
                const std::size_t tokens = std::min(width, weights.rows - token);
                const matrix_view<T> logits(tile.view().data, count, tokens);
                Backend::template multiply<T>(transpose::no, hidden.row_block(row, count), transpose::yes,
                                              weights.row_block(token, tokens), logits, store::replace);
                parallel_blocks(count, 1 + 8192 / (1 + tokens), [&](std::size_t begin, std::size_t end) {
                    for (std::size_t r = begin; r < end; ++r)
                        on_row(row + r, std::span<T>(logits.row(r), tokens), token);
                });
                on_tile(matrix_view<const T>(logits), row, token);
            }
        }
    }

    /// Calls use(prediction, offset) for the row's targets among `count` tokens from `first` on.
    template <class Use> void each_target(std::size_t row, std::size_t first, std::size_t count, Use&& use) const {
        for (std::size_t i = first_of_row_[row]; i < first_of_row_[row + 1]; ++i) {
            const auto target = static_cast<std::size_t>(targets_[by_row_[i]]);
            if (target >= first && target - first < count) use(by_row_[i], target - first);
        }
    }

    std::size_t rows_;
    std::span<const token_id> targets_;
    std::span<const std::size_t> sources_;
    std::vector<std::size_t> first_of_row_;
    std::vector<std::size_t> by_row_;
};

} // namespace preflearn
