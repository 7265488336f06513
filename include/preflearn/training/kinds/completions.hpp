/// \file
/// Training on single completions that are known to be desirable or not (KTO, BCO, APO-zero): minimises an UnpairedLoss
/// over completions with a flag each and a reference policy. KTO's estimate of the KL divergence scores, without
/// gradient, every prompt of the batch with the response of the completion before it (the first with the last's), as
/// TRL does within its device batches; here the batch is the optimiser step's, whatever the micro-batches.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <preflearn/core/comparison.hpp>
#include <preflearn/core/many.hpp>
#include <preflearn/core/preference.hpp>
#include <preflearn/core/requirements.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/loss/single/completions.hpp>
#include <preflearn/training/loop/fingerprint.hpp>
#include <preflearn/training/loop/loop.hpp>
#include <preflearn/training/objective.hpp>

namespace preflearn {

/// Completions with a flag each: 1 desirable, 0 undesirable.
template <class Example> struct flagged_completions {
    std::vector<Example> completions{};
    std::vector<std::uint8_t> desirable{};
};

/// Both responses of every comparison with a verdict, the likelier one desirable, the other undesirable; ties and
/// abstentions are left out. \throws argument_error when a comparison has no label.
template <std::ranges::contiguous_range Comparisons>
auto flagged_by_labels(const Comparisons& comparisons, const label_set& labels) {
    using C = std::ranges::range_value_t<Comparisons>;
    check_comparison<C>();
    flagged_completions<completion_of<C>> all;
    for (const C& c : std::span<const C>(comparisons)) {
        const preference verdict = labels.at(static_cast<std::uint64_t>(c.id));
        if (verdict.abstained() || verdict.half_win() == 0.5) continue;
        const std::uint8_t first = verdict.half_win() > 0.5 ? 1 : 0;
        all.completions.push_back({c.prompt, c.first});
        all.desirable.push_back(first);
        all.completions.push_back({c.prompt, c.second});
        all.desirable.push_back(first != 0 ? 0 : 1);
    }
    return all;
}

/// Completions with their flags, weights and reference. Views all of them. `Mismatched`: the loss compares with
/// responses to other prompts.
template <class Model, class Example, class Reference, bool Mismatched> class completion_batch {
  public:
    using model_type = Model;
    using real = typename Model::real;
    static constexpr std::string_view kind = "unpaired", place = "completion";
    static constexpr bool reference_known = std::convertible_to<const Reference&, std::span<const double>>;
    static_assert(!(Mismatched && reference_known),
                  "this loss scores responses to other prompts, under the reference too: a Policy is needed as "
                  "reference, log-probs of the completions do not do");

    /// \param coupled whether the loss has baselines to report
    /// \throws argument_error when columns do not fit; numeric_error naming the completion whose reference is not
    /// finite.
    completion_batch(std::span<const Example> examples, std::span<const std::uint8_t> desirable,
                     const Reference& reference, std::span<const double> weights, bool coupled)
        : examples_(examples), desirable_(desirable), reference_(reference), weights_(weights), coupled_(coupled) {
        require(desirable.size() == size(), "desirable has ", desirable.size(), " entries for ", size(),
                " completions");
        require(weights.empty() || weights.size() == size(), "weights has ", weights.size(), " entries for ", size(),
                " completions");
        for (std::size_t i = 0; i < weights.size(); ++i)
            require(weights[i] >= 0 && std::isfinite(weights[i]), name(i), ": weight is ", weights[i],
                    ", a finite number that is not negative was expected");
        if constexpr (reference_known) {
            const std::span<const double> given(reference);
            reference_log_probs_.assign(given.begin(), given.end());
            require(given.empty() || given.size() == size(), "the reference has ", given.size(), " log-probs for ",
                    size(), " completions");
        } else {
            reference_log_probs_ = log_probs(reference, examples);
        }
        for (std::size_t i = 0; i < reference_log_probs_.size(); ++i)
            require<numeric_error>(std::isfinite(reference_log_probs_[i]), name(i), ": the reference's log-prob is ",
                                   reference_log_probs_[i]);
        require(!Mismatched || size() > 1,
                "this loss compares with responses to other prompts, and there is one completion");
    }

    [[nodiscard]] std::size_t size() const { return examples_.size(); }
    [[nodiscard]] double weight(std::size_t i) const { return weights_.empty() ? 1 : weights_[i]; }
    [[nodiscard]] std::string name(std::size_t i) const { return message("completion ", i); }

    /// Scores, under model and reference, every prompt of the batch with the response before it. A batch of one takes
    /// the response that follows in the data.
    void prepare(const Model& model, std::span<const std::size_t> batch, std::size_t micro) requires Mismatched {
        reduced();
        for (std::size_t at = 0; at < batch.size(); at += micro) {
            completions_.clear();
            for (std::size_t i = at; i < std::min(batch.size(), at + micro); ++i) {
                const std::size_t other =
                    batch.size() == 1 ? (batch[0] + 1) % size() : batch[i == 0 ? batch.size() - 1 : i - 1];
                completions_.push_back({examples_[batch[i]].prompt, examples_[other].response});
            }
            const typename Model::pass pass = forward(model);
            const std::span<const real> scores = pass.scores();
            check_count(scores.size());
            const std::vector<double> reference = log_probs(reference_, std::span<const Example>(completions_));
            for (std::size_t i = 0; i < scores.size(); ++i)
                mismatched_.push_back(static_cast<real>(static_cast<double>(scores[i]) - reference[i]));
        }
    }
    /// Those responses are in the state; a further part of the batch does not bring them again.
    void reduced() { mismatched_.clear(); }

    void begin() {}
    void gather(std::span<const std::size_t> examples) {
        completions_.clear();
        flags_.clear();
        log_prob_.clear();
        reference_column_.clear();
        weight_column_.clear();
        for (const std::size_t i : examples) {
            completions_.push_back(examples_[i]);
            flags_.push_back(desirable_[i]);
            if (!reference_log_probs_.empty()) reference_column_.push_back(static_cast<real>(reference_log_probs_[i]));
            if (!weights_.empty()) weight_column_.push_back(static_cast<real>(weights_[i]));
        }
        gradient_.resize(examples.size());
    }
    [[nodiscard]] typename Model::pass forward(const Model& model) const {
        return model.forward(std::span<const Example>(completions_));
    }
    void take(const typename Model::pass& pass, std::span<const std::size_t> examples) {
        const std::span<const real> scores = pass.scores();
        check_count(scores.size());
        for (std::size_t i = 0; i < scores.size(); ++i)
            require<numeric_error>(std::isfinite(scores[i]), name(examples[i]), ": its log-prob is ", scores[i]);
        log_prob_.assign(scores.begin(), scores.end());
    }
    [[nodiscard]] completion_scores<real> scores() const {
        return {.log_prob = log_prob_,
                .desirable = flags_,
                .reference = reference_column_,
                .weight = weight_column_,
                .mismatched = mismatched_};
    }
    [[nodiscard]] std::span<real> gradients() { return gradient_; }
    void backward(Model& model, typename Model::pass&& pass, double factor) {
        for (real& d : gradient_) d *= static_cast<real>(factor);
        model.backward(std::move(pass), std::span<const real>(gradient_));
    }
    void report(training_step& step, const unpaired_sums& sums) const {
        const auto desirable = static_cast<double>(sums.desirable),
                   undesirable = static_cast<double>(sums.completions - sums.desirable);
        if (desirable > 0) {
            step.rewards_chosen = sums.desirable_rewards / desirable;
            step.logps_chosen = sums.desirable_log_probs / desirable;
        }
        if (undesirable > 0) {
            step.rewards_rejected = sums.undesirable_rewards / undesirable;
            step.logps_rejected = sums.undesirable_log_probs / undesirable;
        }
        step.rewards_margins = step.rewards_chosen - step.rewards_rejected;
        if (coupled_) step.kl = sums.baselines / (desirable + undesirable);
    }
    void describe(run_description& run) const {
        fingerprint flags, references;
        for (std::size_t i = 0; i < size(); ++i) {
            flags.add(static_cast<int>(desirable_[i] != 0));
            flags.add(weight(i));
        }
        references.add(reference_log_probs_);
        run.add("completions", size());
        run.add("data", fingerprint_of(examples_));
        run.add("labels", flags.text());
        run.add("reference log-probs", reference_log_probs_.empty() ? "none" : references.text());
    }

  private:
    void check_count(std::size_t scores) const {
        require(scores == completions_.size(), "the model gave ", scores, " scores for ", completions_.size(),
                " completions");
    }

    std::span<const Example> examples_;
    std::span<const std::uint8_t> desirable_;
    const Reference& reference_;
    std::span<const double> weights_;
    bool coupled_;
    std::vector<double> reference_log_probs_;

    std::vector<Example> completions_;
    std::vector<real> log_prob_, reference_column_, weight_column_, mismatched_, gradient_;
    std::vector<std::uint8_t> flags_;
};

/// Whether a batch has baselines to report: one of a loss that was chosen at run time says so itself.
template <class Real, class Loss> bool has_baselines(const Loss& loss) {
    if constexpr (requires { loss.couples_pairs(); }) return loss.couples_pairs();
    return CoupledUnpairedLoss<Loss, Real>;
}

/// Trains `model` in place on `examples` (a contiguous range of `completion<Prompt, Response>`).
/// \param desirable one flag per completion, 0: undesirable
/// \param reference a Policy, or a span of its log-probs of the examples, which may be empty: no reference. Losses that
///        score responses to other prompts (KTO with `mismatched_kl`) need the Policy; it must live as long as the call
/// \param loss an UnpairedLoss for the type of the model's scores; the batch's loss is Σ weight · loss / Σ weight. A
///        coupled one sees the whole batch of the step: with micro-batches this costs another forward pass where its
///        state is made of the policy's log-probs (BCO, class means). A running mean is part of the checkpoint
/// \param weights one per completion, or empty: one. They divide the mean too; TRL's UDM weights do not
/// \return the history; `rewards/chosen` and `rewards/rejected` are those of the desirable and the undesirable ones
/// \throws argument_error when columns do not fit; and what `train` throws.
template <class Model, std::ranges::contiguous_range Examples, class Reference, class Loss, class Optimiser = adamw>
training_history train_unpaired(Model& model, const Examples& examples, std::span<const std::uint8_t> desirable,
                                const Reference& reference, const Loss& loss, const Optimiser& optimiser,
                                const training_options& options = {}, std::span<const double> weights = {}) {
    using example = std::ranges::range_value_t<Examples>;
    check_trainable<Model, std::span<const example>>();
    check_unpaired_loss<Loss, typename Model::real>();
    loss_objective objective(completion_batch<Model, example, Reference, loss_uses_mismatched<Loss>>(
                                 examples, desirable, reference, weights, has_baselines<typename Model::real>(loss)),
                             loss);
    return train(model, objective, optimiser, options);
}

} // namespace preflearn
