/// \file
/// A multi-layer perceptron as a Bradley-Terry reward model: a_0 = φ(x, y), a_l = f(W_l a_{l−1} + b_l), r = vᵀ a_L,
/// trained with the loss `bradley_terry`. The output has no bias: it would cancel. Weights start from
/// N(0, 1 / inputs), biases from zero. A reward's bits depend on its own features alone, not on the batch or threads.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include <preflearn/core/comparison.hpp>
#include <preflearn/core/matrix_view.hpp>
#include <preflearn/core/numbers/random.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/products/product.hpp>
#include <preflearn/reward/features.hpp>
#include <preflearn/reward/finite.hpp>

namespace preflearn {

/// f(z) = tanh z; smooth. An activation gives f(z) and, from the value a = f(z), the slope f'(z).
struct hyperbolic_tangent {
    template <std::floating_point Real> static Real value(Real z) { return std::tanh(z); }
    template <std::floating_point Real> static Real slope(Real a) { return 1 - a * a; }
};

/// f(z) = max(z, 0).
struct rectifier {
    template <std::floating_point Real> static Real value(Real z) { return z > 0 ? z : Real(0); }
    template <std::floating_point Real> static Real slope(Real a) { return a > 0 ? Real(1) : Real(0); }
};

struct mlp_shape {
    /// Length of φ(x, y), at least 1.
    std::size_t features = 0;
    /// Width of each hidden layer, at least one layer.
    std::vector<std::size_t> hidden{64};
};

/// A RewardModel and a Trainable on every domain that its feature map covers.
template <std::floating_point Real = double, class Features = response_features, class Activation = hyperbolic_tangent>
class mlp_reward {
  public:
    using real = double;

    class pass {
      public:
        /// One reward per completion.
        [[nodiscard]] std::span<const double> scores() const { return scores_; }

      private:
        friend mlp_reward;
        std::vector<feature_rows<Real>> layers_; // a_0 … a_L, completions × width
        std::vector<double> scores_;
    };

    /// \throws argument_error when the shape has no feature, no hidden layer or one without units.
    mlp_reward(const mlp_shape& shape, std::uint64_t seed, Features map = {}) : features_(std::move(map)) {
        require(!shape.hidden.empty(), "an MLP reward needs at least one hidden layer; linear_reward has none");
        widths_.push_back(shape.features);
        widths_.insert(widths_.end(), shape.hidden.begin(), shape.hidden.end());
        for (std::size_t l = 0; l < widths_.size(); ++l) {
            require(widths_[l] > 0, l == 0 ? "an MLP reward needs at least one feature"
                                           : "a hidden layer of an MLP reward needs at least one unit");
            const std::size_t outputs = l + 1 < widths_.size() ? widths_[l + 1] : 1;
            const bool biased = l + 1 < widths_.size();
            generator random(seed, "reward weights", l);
            const double deviation = 1 / std::sqrt(static_cast<double>(widths_[l]));
            offsets_.push_back(parameters_.size());
            for (std::size_t i = 0; i < outputs * widths_[l]; ++i)
                parameters_.push_back(static_cast<Real>(deviation * random.normal()));
            parameters_.resize(parameters_.size() + (biased ? outputs : 0));
        }
        gradients_.resize(parameters_.size());
    }

    /// \throws argument_error when a completion has another number of features; numeric_error for a feature or a reward
    /// that is not finite.
    template <class Prompt, class Response>
        requires FeatureMap<Features, comparison<Prompt, Response>>
    [[nodiscard]] pass forward(std::span<const completion<Prompt, Response>> completions) const {
        pass p;
        if (completions.empty()) return p;
        p.layers_.push_back(rows_of<Real>(features_, completions, widths_[0]));
        for (std::size_t l = 0; l + 1 < widths_.size(); ++l) {
            feature_rows<Real> z(p.layers_[l].rows(), static_cast<Eigen::Index>(widths_[l + 1]));
            multiply_in_tiles<Real>(transpose::no, view(p.layers_[l]), transpose::yes, weights(parameters_, l), view(z),
                                    store::replace);
            z.rowwise() += biases(parameters_, l);
            p.layers_.push_back(z.unaryExpr([](Real value) { return Activation::value(value); }));
        }
        // as vᵀ aᵀ: the products' kernel takes many columns at a time
        std::vector<Real> scores(completions.size());
        multiply_in_tiles<Real>(transpose::no, weights(parameters_, widths_.size() - 1), transpose::yes,
                                view(p.layers_.back()), matrix_view<Real>(scores.data(), 1, scores.size()),
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
        if (derivatives.empty()) return;
        // d loss / d z of the layer above, which is linear for the output
        feature_rows<Real> d =
            Eigen::Map<const Eigen::VectorXd>(derivatives.data(), p.layers_[0].rows()).template cast<Real>();
        for (std::size_t l = widths_.size(); l-- > 0;) {
            multiply_in_tiles<Real>(transpose::yes, view(std::as_const(d)), transpose::no, view(p.layers_[l]),
                                    weights(gradients_, l), store::add);
            if (l + 1 < widths_.size()) // row by row: how Eigen sums columns depends on where they lie
                for (Eigen::Index i = 0; i < d.rows(); ++i) biases(gradients_, l) += d.row(i);
            if (l == 0) break;
            feature_rows<Real> below(d.rows(), static_cast<Eigen::Index>(widths_[l]));
            multiply_in_tiles<Real>(transpose::no, view(std::as_const(d)), transpose::no,
                                    weights(std::as_const(parameters_), l), view(below), store::replace);
            d = below.cwiseProduct(p.layers_[l].unaryExpr([](Real a) { return Activation::slope(a); }));
        }
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

    /// W_1 (row-major, outputs × inputs), b_1, W_2, b_2, …, v.
    [[nodiscard]] std::span<Real> parameters() { return parameters_; }
    [[nodiscard]] std::span<const Real> parameters() const { return parameters_; }
    [[nodiscard]] std::span<Real> gradients() { return gradients_; }

  private:
    /// The matrix that takes layer l's values further: W_{l+1}, or vᵀ after the last.
    template <class Values> auto weights(Values& values, std::size_t l) const {
        using element = std::conditional_t<std::is_const_v<Values>, const Real, Real>;
        const std::size_t outputs = l + 1 < widths_.size() ? widths_[l + 1] : 1;
        return matrix_view<element>(values.data() + offsets_[l], outputs, widths_[l]);
    }
    template <class Values> auto biases(Values& values, std::size_t l) const {
        using row = Eigen::Matrix<Real, 1, Eigen::Dynamic>;
        return Eigen::Map<std::conditional_t<std::is_const_v<Values>, const row, row>>(
            values.data() + offsets_[l] + widths_[l + 1] * widths_[l], static_cast<Eigen::Index>(widths_[l + 1]));
    }

    Features features_;
    std::vector<std::size_t> widths_, offsets_;
    std::vector<Real> parameters_, gradients_;
};

} // namespace preflearn
