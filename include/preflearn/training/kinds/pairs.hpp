/// \file
/// Preference training: minimises a preference loss over labelled pairs (DPO on a policy with a reference,
/// Bradley-Terry on a reward model, any other loss), oriented by their labels (see labelled_pairs.hpp).
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <preflearn/core/comparison.hpp>
#include <preflearn/core/concepts.hpp>
#include <preflearn/core/preference.hpp>
#include <preflearn/core/requirements.hpp>
#include <preflearn/core/response_length.hpp>
#include <preflearn/core/scores.hpp>
#include <preflearn/loss/coupled/coupled_loss.hpp>
#include <preflearn/loss/pairs/columns_used.hpp>
#include <preflearn/loss/pairs/faults.hpp>
#include <preflearn/training/kinds/labelled_pairs.hpp>
#include <preflearn/training/kinds/pair_numbers.hpp>
#include <preflearn/training/loop/fingerprint.hpp>
#include <preflearn/training/loop/loop.hpp>
#include <preflearn/training/objective.hpp>

namespace preflearn {

/// The labelled pairs with their references and with the lengths that the loss reads, which are taken from the model
/// once; none where the model does not know them. \throws argument_error and numeric_error as `orient` and
/// `pair_numbers`.
template <class Model, Comparison C>
pair_numbers<typename Model::real> table_of(const Model& model, std::span<const C> comparisons, const label_set& labels,
                                            std::span<const double> references, const pair_columns& columns,
                                            lengths_read read, std::size_t completions_of_each = 2) {
    labelled_pairs all = orient(comparisons, labels, columns);
    response_lengths lengths;
    if constexpr (knows_response_length<Model, response_of<C>>) {
        const auto length = [&](const labelled_pair& p, bool second) {
            const C& c = comparisons[p.index];
            return static_cast<std::uint32_t>(response_length(model, c.prompt, second ? c.second : c.first));
        };
        const bool chosen = read != lengths_read::none, rejected = reads_rejected_lengths(read, all.soft);
        for (const labelled_pair& p : all.pairs) {
            if (chosen) lengths.chosen.push_back(length(p, p.swapped));
            if (rejected) lengths.rejected.push_back(length(p, !p.swapped));
        }
    }
    return {std::move(all), references, std::move(lengths), completions_of_each};
}

/// Labelled pairs, chosen and rejected response in turn. Views the comparisons.
template <class Model, Comparison C> class pair_batch {
  public:
    using model_type = Model;
    using real = typename Model::real;
    static constexpr std::string_view kind = "preferences", place = "pair";

    /// \param lengths those that the loss may read (see `lengths_read_by`)
    /// \throws argument_error and numeric_error as `table_of`.
    pair_batch(const Model& model, std::span<const C> comparisons, const label_set& labels,
               std::span<const double> references, const pair_columns& columns,
               lengths_read lengths = lengths_read::both)
        : comparisons_(comparisons), pairs_(table_of(model, comparisons, labels, references, columns, lengths)) {}

    [[nodiscard]] std::size_t size() const { return pairs_.size(); }
    [[nodiscard]] std::size_t abstained() const { return pairs_.abstained(); }
    [[nodiscard]] double weight(std::size_t i) const { return pairs_[i].weight; }
    [[nodiscard]] std::string name(std::size_t i) const { return pairs_[i].name(); }

    void begin() { pairs_.begin(); }
    void gather(std::span<const std::size_t> examples) {
        pairs_.gather(examples);
        completions_.clear();
        for (const std::size_t i : examples) append_pair(completions_, comparisons_[pairs_[i].index], pairs_[i]);
    }
    [[nodiscard]] typename Model::pass forward(const Model& model) const {
        return model.forward(std::span<const completion_of<C>>(completions_));
    }
    void take(const typename Model::pass& pass, std::span<const std::size_t> examples) {
        pairs_.take(pass.scores(), examples);
    }
    [[nodiscard]] pair_scores<real> scores() const { return pairs_.scores(); }
    [[nodiscard]] pair_gradients<real> gradients() { return pairs_.gradients(); }
    void backward(Model& model, typename Model::pass&& pass, double factor) {
        model.backward(std::move(pass), std::span<const real>(pairs_.derivatives(factor)));
    }
    void report(training_step& step, const loss_sums& sums) const { pairs_.report(step, sums); }
    void describe(run_description& run) const { pairs_.describe(run, fingerprint_of(comparisons_)); }

  private:
    std::span<const C> comparisons_;
    pair_numbers<real> pairs_;
    std::vector<completion_of<C>> completions_;
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
                                   const pair_columns& columns = {}) {
    using C = std::ranges::range_value_t<Comparisons>;
    check_comparison<C>();
    check_trainable<Model, batch_of<C>>();
    check_preference_loss<Loss, typename Model::real>();
    if constexpr (reduces_pairs<Loss, typename Model::real>) check_coupled_loss<Loss, typename Model::real>();
    loss_objective objective(
        pair_batch(model, std::span<const C>(comparisons), labels, reference_log_probs, columns, lengths_read_by(loss)),
        loss);
    training_history history = train(model, objective, optimiser, options);
    history.abstained = objective.batch().abstained();
    return history;
}

} // namespace preflearn
