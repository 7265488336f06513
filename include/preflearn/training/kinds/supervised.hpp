/// \file
/// Supervised fine-tuning: minimises the mean of −log π(y | x) per token over the batch (the token mean, as TRL's SFT,
/// not the mean of sequence means).
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstddef>
#include <ranges>
#include <span>
#include <utility>
#include <vector>

#include <preflearn/core/comparison.hpp>
#include <preflearn/core/concepts.hpp>
#include <preflearn/core/requirements.hpp>
#include <preflearn/core/response_length.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/training/loop/loop.hpp>

namespace preflearn {

/// The objective of `train_supervised`; views the examples, whose lengths are taken from the model once.
template <class Model, class Example> class supervised_objective {
  public:
    using real = typename Model::real;
    supervised_objective(const Model& model, std::span<const Example> examples) : examples_(examples) {
        lengths_.reserve(examples.size());
        for (const Example& example : examples)
            lengths_.push_back(static_cast<double>(response_length(model, example.prompt, example.response)));
    }

    [[nodiscard]] std::size_t size() const { return examples_.size(); }
    [[nodiscard]] double weight(std::size_t i) const { return lengths_[i]; }

    void begin(double total) {
        per_token_ = total > 0 ? 1 / total : 0;
        loss_ = 0;
        tokens_ = 0;
    }
    void accumulate(Model& model, std::span<const std::size_t> examples) {
        batch_.clear();
        for (const std::size_t i : examples) batch_.push_back(examples_[i]);
        typename Model::pass pass = std::as_const(model).forward(std::span<const Example>(batch_));
        if constexpr (requires { pass.tokens(); }) tokens_ += pass.tokens();
        const std::span<const real> scores = pass.scores();
        require(scores.size() == batch_.size(), "the model gave ", scores.size(), " scores for ", batch_.size(),
                " completions");
        for (std::size_t i = 0; i < scores.size(); ++i) {
            require<numeric_error>(std::isfinite(scores[i]), "the log-prob of example ", examples[i], " is ",
                                   scores[i]);
            loss_ -= static_cast<double>(scores[i]);
        }
        derivatives_.assign(batch_.size(), static_cast<real>(-per_token_));
        model.backward(std::move(pass), std::span<const real>(derivatives_));
    }
    void finish(training_step& step) const {
        step.loss = loss_ * per_token_;
        if (tokens_ > 0) step.tokens = static_cast<double>(tokens_);
    }
    void describe(run_description& run) const {
        run.add("objective", "supervised");
        run.add("examples", examples_.size());
        run.add("data", fingerprint_of(examples_));
    }

  private:
    std::span<const Example> examples_;
    std::vector<double> lengths_;
    std::vector<Example> batch_;
    std::vector<real> derivatives_;
    double per_token_ = 0, loss_ = 0;
    std::size_t tokens_ = 0; // of this batch, that the model computed
};

/// Trains `model` in place on `examples` (a contiguous range of `completion<Prompt, Response>`).
/// \throws argument_error for no examples or options out of range, and what `train` throws.
template <class Model, std::ranges::contiguous_range Examples, class Optimiser = adamw>
training_history train_supervised(Model& model, const Examples& examples, const Optimiser& optimiser,
                                  const training_options& options = {}) {
    using example = std::ranges::range_value_t<Examples>;
    check_trainable<Model, std::span<const example>>();
    supervised_objective<Model, example> objective(model, std::span<const example>(examples));
    return train(model, objective, optimiser, options);
}

} // namespace preflearn
