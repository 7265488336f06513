/// \file
/// Preference training: minimises a preference loss over labelled pairs (DPO on a policy with a reference,
/// Bradley-Terry on a reward model, any other loss), oriented by their labels (see labelled_pairs.hpp).
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <ranges>
#include <span>
#include <utility>

#include <preflearn/core/comparison.hpp>
#include <preflearn/core/concepts.hpp>
#include <preflearn/core/preference.hpp>
#include <preflearn/core/requirements.hpp>
#include <preflearn/core/scores.hpp>
#include <preflearn/loss/coupled/coupled_loss.hpp>
#include <preflearn/training/kinds/labelled_pairs.hpp>
#include <preflearn/training/kinds/pair_batch.hpp>
#include <preflearn/training/loop/batch_state.hpp>
#include <preflearn/training/loop/fingerprint.hpp>
#include <preflearn/training/loop/loop.hpp>
#include <preflearn/training/loop/metrics.hpp>

namespace preflearn {

namespace detail {

/// What a loss has to know of a batch before a pair's loss: nothing, or its state.
template <class L, class Real> struct state_of_pairs {
    struct type {};
};
template <class L, class Real>
    requires CoupledLoss<L, Real>
struct state_of_pairs<L, Real> {
    using type = coupled_state<L, Real>;
};

} // namespace detail

/// The objective of `train_preferences`; views the comparisons; owns the oriented labels and a copy of the loss.
template <class Model, class C, class Loss> class preference_objective {
  public:
    using real = typename Model::real;

    preference_objective(std::span<const C> comparisons, const label_set& labels, std::span<const double> references,
                         const Loss& loss, const pair_columns& columns)
        : pairs_(comparisons, labels, references, columns), loss_(loss) {}

    [[nodiscard]] std::size_t size() const { return pairs_.size(); }
    [[nodiscard]] double weight(std::size_t i) const { return pairs_.weight(i); }
    [[nodiscard]] std::size_t abstained() const { return pairs_.abstained(); }

    [[nodiscard]] std::span<double> running() { return state_.running(); }

    void begin(double total) {
        per_weight_ = total > 0 ? 1 / total : 0;
        sums_ = {};
        pairs_.begin();
        state_.begin();
        seen_ = 0;
    }

    /// The state of a coupled loss over the whole batch, where micro-batches need it before the first of them is
    /// mapped.
    void prepare(const Model& model, std::span<const std::size_t> batch, std::size_t micro) {
        if constexpr (coupled) {
            if constexpr (requires { loss_.couples_pairs(); }) {
                if (!loss_.couples_pairs()) return;
            }
            if (micro >= batch.size()) return;
            for (std::size_t at = 0; at < batch.size(); at += micro) {
                const auto part = batch.subspan(at, std::min(micro, batch.size() - at));
                pairs_.gather(model, part);
                pairs_.take(pairs_.forward(model, part).scores(), part);
                state_.merge(pairs_.by_id(part, [&] { return loss_.reduce(pairs_.scores()); }));
            }
            state_.settle();
            pairs_.begin();
        }
    }

    void accumulate(Model& model, std::span<const std::size_t> examples) {
        pairs_.gather(model, examples);
        typename Model::pass pass = pairs_.forward(model, examples);
        pairs_.take(pass.scores(), examples);
        if constexpr (coupled) {
            if (!state_.known()) {
                state_.merge(pairs_.by_id(examples, [&] { return loss_.reduce(pairs_.scores()); }));
                state_.settle();
            }
            sums_ += pairs_.by_id(
                examples, [&] { return map_shard(loss_, pairs_.scores(), state_.value(), pairs_.gradients(), seen_); });
            seen_ += examples.size();
        } else {
            sums_ += pairs_.by_id(examples, [&] { return loss_(pairs_.scores(), pairs_.gradients()); });
        }
        model.backward(std::move(pass), std::span<const real>(pairs_.derivatives(per_weight_)));
    }

    void finish(training_step& step) const {
        step.loss = sums_.loss * per_weight_;
        pairs_.set_metrics(step, sums_);
    }

    void describe(run_description& run) const {
        run.add("objective", "preferences");
        pairs_.describe(run);
        run.add("loss", fingerprint_of_loss<real>(loss_));
    }

  private:
    static constexpr bool coupled = CoupledLoss<Loss, real>;

    pair_batch<Model, C> pairs_;
    Loss loss_;
    batch_state<typename detail::state_of_pairs<Loss, real>::type> state_;
    std::size_t seen_ = 0; // of this batch, by a coupled loss
    double per_weight_ = 0;
    loss_sums sums_;
};

/// Trains `model` in place on the pairs of `comparisons` (a contiguous range) that have a verdict in `labels`.
/// \param reference_log_probs two per comparison, of `first` and of `second` (see `reference_log_probs`), or empty: no
///        reference (reward models, reference-free losses)
/// \param loss a PreferenceLoss for the type of the model's scores; the batch's loss is Σ weight · loss / Σ weight. A
///        CoupledLoss sees the whole batch of the step: with micro-batches this costs a second forward pass. A running
///        mean (BCO's shift) goes from step to step and is part of the checkpoint
/// \return the history, with the number of abstained pairs
/// \throws argument_error when a comparison has no label, columns do not fit, or all labels abstain; and what `train`
///         throws.
template <class Model, std::ranges::contiguous_range Comparisons, class Loss, class Optimiser = adamw>
training_history train_preferences(Model& model, const Comparisons& comparisons, const label_set& labels,
                                   std::span<const double> reference_log_probs, const Loss& loss,
                                   const Optimiser& optimiser, const training_options& options = {},
                                   pair_columns columns = {}) {
    using C = std::ranges::range_value_t<Comparisons>;
    check_comparison<C>();
    check_trainable<Model, batch_of<C>>();
    check_preference_loss<Loss, typename Model::real>();
    if constexpr (reduces_pairs<Loss, typename Model::real>) check_coupled_loss<Loss, typename Model::real>();
    preference_objective<Model, C, Loss> objective(std::span<const C>(comparisons), labels, reference_log_probs, loss,
                                                   columns);
    training_history history = train(model, objective, optimiser, options);
    history.abstained = objective.abstained();
    return history;
}

} // namespace preflearn
