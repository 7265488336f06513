/// \file
/// The chosen or the rejected responses of a micro-batch, token by token, whatever the model and the loss: the columns
/// that the loss reads and the derivatives that it writes.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <concepts>
#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include <preflearn/core/system/error.hpp>
#include <preflearn/loss/tokens/scores.hpp>
#include <preflearn/training/kinds/labelled_pairs.hpp>

namespace preflearn {

template <std::floating_point Real> class token_side {
  public:
    void clear() {
        offsets_.assign(1, 0);
        for (std::vector<Real>* column : {&policy_, &reference_, &log_sum_squares_, &divergence_, &weak_shift_})
            column->clear();
    }

    /// The next response, which is of this pair, by log π of its tokens; what else is known of them is added
    /// afterwards. \throws argument_error naming the pair for rows of another length; numeric_error for what is not
    /// finite.
    void add(const labelled_pair& pair, std::span<const Real> policy) {
        append(pair, policy_, policy, policy.size(), "log-probs of the pass");
        offsets_.push_back(policy_.size());
    }
    void add_log_sum_squares(const labelled_pair& pair, std::span<const Real> row) {
        append(pair, log_sum_squares_, row, tokens(), "sums of squares of the pass");
    }
    void add_divergences(const labelled_pair& pair, std::span<const Real> row) {
        append(pair, divergence_, row, tokens(), "divergences of the pass");
    }
    void add_reference(const labelled_pair& pair, std::span<const double> row) {
        append(pair, reference_, row, tokens(), "log-probs of the reference");
    }
    void add_weak_shift(const labelled_pair& pair, std::span<const double> row) {
        append(pair, weak_shift_, row, tokens(), "shifts of the weak policy");
    }

    [[nodiscard]] token_columns<Real> columns() const {
        return {.rows = {.offsets = offsets_},
                .policy = policy_,
                .reference = reference_,
                .log_sum_squares = log_sum_squares_,
                .divergence = divergence_,
                .weak_shift = weak_shift_};
    }
    [[nodiscard]] token_derivatives<Real> gradients() {
        d_policy_.resize(policy_.size());
        d_divergence_.resize(divergence_.size());
        return {.policy = d_policy_, .divergence = d_divergence_};
    }
    /// What the loss wrote of response i.
    [[nodiscard]] std::span<const Real> d_policy(std::size_t i) const { return of(d_policy_, i); }
    [[nodiscard]] std::span<const Real> d_divergence(std::size_t i) const { return of(d_divergence_, i); }

  private:
    [[nodiscard]] std::size_t tokens() const { return offsets_.back() - offsets_[offsets_.size() - 2]; }
    [[nodiscard]] std::span<const Real> of(const std::vector<Real>& column, std::size_t i) const {
        return std::span(column).subspan(offsets_[i], offsets_[i + 1] - offsets_[i]);
    }
    template <class Number>
    static void append(const labelled_pair& pair, std::vector<Real>& column, std::span<const Number> row,
                       std::size_t tokens, std::string_view what) {
        require(row.size() == tokens, pair.name(), ": ", row.size(), " ", what, " were found for a response of ",
                tokens, " tokens");
        for (std::size_t t = 0; t < tokens; ++t) {
            require<numeric_error>(std::isfinite(row[t]), pair.name(), ": among the ", what, " that of token ", t,
                                   " is ", row[t], ", a finite number was expected");
            column.push_back(static_cast<Real>(row[t]));
        }
    }

    std::vector<std::size_t> offsets_;
    std::vector<Real> policy_, reference_, log_sum_squares_, divergence_, weak_shift_, d_policy_, d_divergence_;
};

} // namespace preflearn
