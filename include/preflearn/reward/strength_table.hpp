/// \file
/// One strength per item, the Bradley-Terry rating model (Bradley & Terry 1952): P(i ≻ j) = σ(θ_i − θ_j). As a
/// Trainable it goes through the same loop and the same loss as a language model; trained to the end with the loss
/// `bradley_terry` it is the maximum-likelihood fit.
// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include <preflearn/core/comparison.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/reward/finite.hpp>

namespace preflearn {

/// A RewardModel and a Trainable on items 0 … n − 1, which have no prompt. Strengths start at zero; only differences
/// mean something, and a likelihood with a finite maximum needs every item to win and lose against the rest.
template <std::floating_point Real = double> class strength_table {
  public:
    using real = double;

    class pass {
      public:
        /// One strength per completion.
        [[nodiscard]] std::span<const double> scores() const { return scores_; }

      private:
        friend strength_table;
        std::vector<std::size_t> items_;
        std::vector<double> scores_;
    };

    explicit strength_table(std::size_t items) : strengths_(items), gradients_(items) {}

    /// \throws argument_error naming a completion whose item is not in the table; numeric_error for a strength that is
    /// not finite.
    template <std::integral Item>
    [[nodiscard]] pass forward(std::span<const completion<no_prompt, Item>> completions) const {
        pass p;
        for (std::size_t i = 0; i < completions.size(); ++i) {
            const Item item = completions[i].response;
            require(std::cmp_greater_equal(item, 0) && std::cmp_less(item, strengths_.size()), "completion ", i,
                    ": item ", +item, " is not among the table's ", strengths_.size());
            p.items_.push_back(static_cast<std::size_t>(item));
            p.scores_.push_back(static_cast<double>(strengths_[p.items_.back()]));
        }
        check_finite_rewards(p.scores_);
        return p;
    }

    /// Adds to the gradients. \throws argument_error when the counts differ.
    void backward(pass&& done, std::span<const double> derivatives) {
        const pass p = std::move(done);
        require(derivatives.size() == p.scores_.size(), "backward: ", p.scores_.size(),
                " completions were scored, found ", derivatives.size(), " derivatives");
        for (std::size_t i = 0; i < derivatives.size(); ++i)
            gradients_[p.items_[i]] += static_cast<Real>(derivatives[i]);
    }

    template <std::integral Item> double operator()(no_prompt prompt, Item item) const {
        const completion<no_prompt, Item> one{prompt, item};
        return forward(std::span(&one, 1)).scores_.front();
    }
    template <std::integral Item>
    std::vector<double> rewards(std::span<const completion<no_prompt, Item>> completions) const {
        return forward(completions).scores_;
    }

    /// θ, in natural logits.
    [[nodiscard]] std::span<Real> parameters() { return strengths_; }
    [[nodiscard]] std::span<const Real> parameters() const { return strengths_; }
    [[nodiscard]] std::span<Real> gradients() { return gradients_; }

  private:
    std::vector<Real> strengths_, gradients_;
};

} // namespace preflearn
