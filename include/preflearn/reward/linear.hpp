/// \file
/// A linear Bradley-Terry reward model, r(x, y) = wᵀ φ(x, y): trained with the loss `bradley_terry` it is logistic
/// regression on feature differences. No bias: it would cancel. The start is zero, since the loss is convex. A reward's
/// bits depend on its own features alone.
// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <cstddef>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include <preflearn/core/comparison.hpp>
#include <preflearn/core/matrix_view.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/products/product.hpp>
#include <preflearn/reward/features.hpp>
#include <preflearn/reward/finite.hpp>

namespace preflearn {

/// A RewardModel and a Trainable on every domain that its feature map covers.
template <std::floating_point Real = double, class Features = response_features> class linear_reward {
  public:
    using real = double;

    class pass {
      public:
        /// One reward per completion.
        [[nodiscard]] std::span<const double> scores() const { return scores_; }

      private:
        friend linear_reward;
        feature_rows<Real> rows_;
        std::vector<double> scores_;
    };

    /// \param features the number of features, at least 1
    explicit linear_reward(std::size_t features, Features map = {})
        : features_(std::move(map)), weights_(features), gradients_(features) {
        require(features > 0, "a linear reward needs at least one feature");
    }

    /// \throws argument_error when a completion has another number of features; numeric_error for a feature or a reward
    /// that is not finite.
    template <class Prompt, class Response>
        requires FeatureMap<Features, comparison<Prompt, Response>>
    [[nodiscard]] pass forward(std::span<const completion<Prompt, Response>> completions) const {
        pass p;
        p.rows_ = rows_of<Real>(features_, completions, weights_.size());
        // as wᵀ φᵀ: the products' kernel takes many columns at a time
        std::vector<Real> scores(completions.size());
        multiply_in_tiles<Real>(transpose::no, row(weights_), transpose::yes, view(p.rows_), row(scores),
                                store::replace);
        p.scores_.assign(scores.begin(), scores.end());
        check_finite_rewards(p.scores_);
        return p;
    }

    /// Adds to the gradients. \throws argument_error when the counts differ.
    void backward(pass&& done, std::span<const double> derivatives) {
        const pass p = std::move(done);
        require(derivatives.size() == p.scores_.size(), "backward: ", p.scores_.size(),
                " completions were scored, found ", derivatives.size(), " derivatives");
        const std::vector<Real> d(derivatives.begin(), derivatives.end());
        multiply_in_tiles<Real>(transpose::no, row(d), transpose::no, view(p.rows_), row(gradients_), store::add);
    }

    template <class Prompt, class Response>
        requires FeatureMap<Features, comparison<Prompt, Response>>
    double operator()(const Prompt& prompt, const Response& response) const {
        const completion<Prompt, Response> one{prompt, response};
        return forward(std::span(&one, 1)).scores_.front();
    }
    template <class Prompt, class Response>
        requires FeatureMap<Features, comparison<Prompt, Response>>
    [[nodiscard]] std::vector<double> rewards(std::span<const completion<Prompt, Response>> completions) const {
        return forward(completions).scores_;
    }

    /// w, one weight per feature.
    [[nodiscard]] std::span<Real> parameters() { return weights_; }
    [[nodiscard]] std::span<const Real> parameters() const { return weights_; }
    [[nodiscard]] std::span<Real> gradients() { return gradients_; }

  private:
    template <class Values> static auto row(Values& values) {
        using element = std::conditional_t<std::is_const_v<Values>, const Real, Real>;
        return matrix_view<element>(values.data(), 1, values.size());
    }

    Features features_;
    std::vector<Real> weights_, gradients_;
};

} // namespace preflearn
