/// \file
/// Training on single completions that are known to be desirable or not (KTO, BCO, APO-zero): minimises an UnpairedLoss
/// over completions with a flag each and a reference policy. KTO's estimate of the KL divergence scores, without
/// gradient, every prompt of the batch with the response of the completion before it (the first with the last's), as
/// TRL does within its device batches; here the batch is the optimiser step's, whatever the micro-batches.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <ranges>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <preflearn/core/comparison.hpp>
#include <preflearn/core/many.hpp>
#include <preflearn/core/preference.hpp>
#include <preflearn/core/requirements.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/loss/pairs/fault_place.hpp>
#include <preflearn/loss/single/completions.hpp>
#include <preflearn/training/loop/batch_state.hpp>
#include <preflearn/training/loop/fingerprint.hpp>
#include <preflearn/training/loop/loop.hpp>

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

/// An unpaired loss by what it does on six fixed completions, rounded so that another processor gives the same. A loss
/// that refuses them has the fingerprint "unknown".
template <std::floating_point Real, class Loss> std::string fingerprint_of_unpaired_loss(const Loss& loss) {
    constexpr std::array<Real, 6> log_prob{-12.5, -30.25, -7, -41, -3.5, -90}, reference{-13, -29, -8, -40, -5, -80},
        weight{1, 1, 0.5, 2, 1, 0.25}, mismatched{0.5, 2, -1, 3, 0.25, 1};
    constexpr std::array<std::uint8_t, 6> desirable{1, 0, 1, 0, 0, 1};
    std::array<Real, 6> gradient{};
    fingerprint print;
    try {
        print.add_rounded(
            loss(completion_scores<Real>{log_prob, desirable, reference, weight, mismatched}, std::span<Real>(gradient))
                .loss);
    } catch (const error&) {
        return "unknown";
    }
    for (const Real value : gradient) print.add_rounded(static_cast<double>(value));
    return print.text();
}

namespace detail {

/// What an unpaired loss has to know of a batch before a completion's loss: nothing, or its state.
template <class L, class Real> struct state_of_unpaired {
    struct type {};
};
template <class L, class Real>
    requires CoupledUnpairedLoss<L, Real>
struct state_of_unpaired<L, Real> {
    using type = unpaired_state<L, Real>;
};

} // namespace detail

/// The objective of `train_unpaired`; views the completions, flags and the reference; owns a copy of the loss.
template <class Model, class Example, class Reference, class Loss> class unpaired_objective {
  public:
    using real = typename Model::real;
    static constexpr bool coupled = CoupledUnpairedLoss<Loss, real>;
    static constexpr bool uses_mismatched = loss_uses_mismatched<Loss>, uses_scores = loss_uses_scores<Loss, real>;
    static constexpr bool reference_known = std::convertible_to<const Reference&, std::span<const double>>;
    static_assert(!(uses_mismatched && reference_known),
                  "this loss scores responses to other prompts, under the reference too: a Policy is needed as "
                  "reference, log-probs of the completions do not do");

    unpaired_objective(std::span<const Example> examples, std::span<const std::uint8_t> desirable,
                       const Reference& reference, const Loss& loss, std::span<const double> weights)
        : examples_(examples), desirable_(desirable), reference_(reference), loss_(loss), weights_(weights) {
        require(desirable.size() == examples.size(), "desirable has ", desirable.size(), " entries for ",
                examples.size(), " completions");
        require(weights.empty() || weights.size() == examples.size(), "weights has ", weights.size(), " entries for ",
                examples.size(), " completions");
        for (std::size_t i = 0; i < weights.size(); ++i)
            require(weights[i] >= 0 && std::isfinite(weights[i]), "completion ", i, ": weight is ", weights[i],
                    ", a finite number that is not negative was expected");
        if constexpr (reference_known) {
            const std::span<const double> given(reference);
            reference_log_probs_.assign(given.begin(), given.end());
            require(given.empty() || given.size() == examples.size(), "the reference has ", given.size(),
                    " log-probs for ", examples.size(), " completions");
        } else {
            reference_log_probs_ = log_probs(reference, examples);
        }
        for (std::size_t i = 0; i < reference_log_probs_.size(); ++i)
            require<numeric_error>(std::isfinite(reference_log_probs_[i]), "completion ", i,
                                   ": the reference's log-prob is ", reference_log_probs_[i]);
        require(!uses_mismatched || examples.size() > 1,
                "this loss compares with responses to other prompts, and there is one completion");
    }

    [[nodiscard]] std::size_t size() const { return examples_.size(); }
    [[nodiscard]] double weight(std::size_t i) const { return weights_.empty() ? 1 : weights_[i]; }
    [[nodiscard]] std::span<double> running() { return state_.running(); }

    void begin(double total) {
        per_weight_ = total > 0 ? 1 / total : 0;
        sums_ = {};
        state_.begin();
    }

    /// The state of the whole batch, unless the one micro-batch will give it without another forward pass.
    void prepare(const Model& model, std::span<const std::size_t> batch, std::size_t micro) {
        if constexpr (coupled) {
            if constexpr (uses_mismatched) score_mismatched(model, batch, micro);
            if (uses_scores && micro >= batch.size()) return;
            if constexpr (uses_scores) {
                for (std::size_t at = 0; at < batch.size(); at += micro) {
                    const auto part = batch.subspan(at, std::min(micro, batch.size() - at));
                    gather(part);
                    take_scores(model.forward(std::span<const Example>(batch_)).scores(), part);
                    state_.merge(loss_.reduce(columns()));
                    mismatched_.clear(); // those of the batch are in the first part's state
                }
            } else {
                state_.merge(
                    loss_.reduce(completion_scores<real>{.log_prob = {}, .desirable = {}, .mismatched = mismatched_}));
            }
            state_.settle();
        }
    }

    void accumulate(Model& model, std::span<const std::size_t> examples) {
        gather(examples);
        typename Model::pass pass = std::as_const(model).forward(std::span<const Example>(batch_));
        take_scores(pass.scores(), examples);
        gradient_.resize(examples.size());
        const auto place = [&](std::size_t i) { return message("completion ", examples[i]); };
        sums_ += with_renamed_places("completion", examples.size(), place, [&] {
            if constexpr (coupled) {
                if (!state_.known()) {
                    state_.merge(loss_.reduce(columns()));
                    state_.settle();
                }
                return loss_.map(columns(), state_.value(), std::span<real>(gradient_));
            } else {
                return loss_(columns(), std::span<real>(gradient_));
            }
        });
        for (real& d : gradient_) d *= static_cast<real>(per_weight_);
        model.backward(std::move(pass), std::span<const real>(gradient_));
    }

    void finish(training_step& step) const {
        const auto desirable = static_cast<double>(sums_.desirable),
                   undesirable = static_cast<double>(sums_.completions - sums_.desirable);
        step.loss = sums_.loss * per_weight_;
        if (desirable > 0) {
            step.rewards_chosen = sums_.desirable_rewards / desirable;
            step.logps_chosen = sums_.desirable_log_probs / desirable;
        }
        if (undesirable > 0) {
            step.rewards_rejected = sums_.undesirable_rewards / undesirable;
            step.logps_rejected = sums_.undesirable_log_probs / undesirable;
        }
        step.rewards_margins = step.rewards_chosen - step.rewards_rejected;
        if (coupled) step.kl = sums_.baselines / (desirable + undesirable);
    }

    void describe(run_description& run) const {
        fingerprint flags, references;
        for (std::size_t i = 0; i < size(); ++i) {
            flags.add(static_cast<int>(desirable_[i] != 0));
            flags.add(weight(i));
        }
        references.add(reference_log_probs_);
        run.add("objective", "unpaired");
        run.add("completions", size());
        run.add("data", fingerprint_of(examples_));
        run.add("labels", flags.text());
        run.add("reference log-probs", reference_log_probs_.empty() ? "none" : references.text());
        run.add("loss", fingerprint_of_unpaired_loss<real>(loss_));
    }

  private:
    using state = typename detail::state_of_unpaired<Loss, real>::type;

    void gather(std::span<const std::size_t> examples) {
        batch_.clear();
        log_prob_.resize(examples.size());
        flags_.clear();
        reference_column_.clear();
        weight_column_.clear();
        for (const std::size_t i : examples) {
            batch_.push_back(examples_[i]);
            flags_.push_back(desirable_[i]);
            if (!reference_log_probs_.empty()) reference_column_.push_back(static_cast<real>(reference_log_probs_[i]));
            if (!weights_.empty()) weight_column_.push_back(static_cast<real>(weights_[i]));
        }
    }

    void take_scores(std::span<const real> scores, std::span<const std::size_t> examples) {
        check_count(scores.size());
        for (std::size_t i = 0; i < scores.size(); ++i) {
            require<numeric_error>(std::isfinite(scores[i]), "completion ", examples[i], ": its log-prob is ",
                                   scores[i]);
            log_prob_[i] = scores[i];
        }
    }
    void check_count(std::size_t scores) const {
        require(scores == batch_.size(), "the model gave ", scores, " scores for ", batch_.size(), " completions");
    }

    [[nodiscard]] completion_scores<real> columns() const {
        return {.log_prob = log_prob_,
                .desirable = flags_,
                .reference = reference_column_,
                .weight = weight_column_,
                .mismatched = mismatched_};
    }

    /// The log-ratio of every prompt of the batch with the response before it. A batch of one takes the response that
    /// follows in the data.
    void score_mismatched(const Model& model, std::span<const std::size_t> batch, std::size_t micro) {
        mismatched_.clear();
        for (std::size_t at = 0; at < batch.size(); at += micro) {
            batch_.clear();
            for (std::size_t i = at; i < std::min(batch.size(), at + micro); ++i) {
                const std::size_t other =
                    batch.size() == 1 ? (batch[0] + 1) % size() : batch[i == 0 ? batch.size() - 1 : i - 1];
                batch_.push_back({examples_[batch[i]].prompt, examples_[other].response});
            }
            const typename Model::pass pass = model.forward(std::span<const Example>(batch_));
            const std::span<const real> scores = pass.scores();
            check_count(scores.size());
            const std::vector<double> reference = log_probs(reference_, std::span<const Example>(batch_));
            for (std::size_t i = 0; i < scores.size(); ++i)
                mismatched_.push_back(static_cast<real>(static_cast<double>(scores[i]) - reference[i]));
        }
    }

    std::span<const Example> examples_;
    std::span<const std::uint8_t> desirable_;
    const Reference& reference_;
    Loss loss_;
    std::span<const double> weights_;
    std::vector<double> reference_log_probs_;

    std::vector<Example> batch_;
    std::vector<real> log_prob_, reference_column_, weight_column_, mismatched_, gradient_;
    std::vector<std::uint8_t> flags_;
    batch_state<state> state_;
    double per_weight_ = 0;
    unpaired_sums sums_;
};

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
    unpaired_objective<Model, example, Reference, Loss> objective(std::span<const example>(examples), desirable,
                                                                  reference, loss, weights);
    return train(model, objective, optimiser, options);
}

} // namespace preflearn
