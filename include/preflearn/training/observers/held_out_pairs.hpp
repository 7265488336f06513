/// \file
/// What `held_out` evaluates: the loss and accuracy of labelled pairs, or of any kind of data with a loss.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstddef>
#include <ranges>
#include <span>
#include <utility>

#include <preflearn/core/comparison.hpp>
#include <preflearn/core/concepts.hpp>
#include <preflearn/core/preference.hpp>
#include <preflearn/core/requirements.hpp>
#include <preflearn/training/kinds/labelled_pairs.hpp>
#include <preflearn/training/kinds/pairs.hpp>
#include <preflearn/training/loop/metrics.hpp>
#include <preflearn/training/loop/run_description.hpp>
#include <preflearn/training/objective.hpp>
#include <preflearn/training/observers/held_out.hpp>

namespace preflearn {

/// The mean loss of an objective's examples under a model, and what these are.
template <class Model, class Batch, class Loss> struct held_out_objective {
    const Model* model;
    loss_objective<Batch, Loss> objective;
    std::size_t together;

    held_out_result operator()() {
        const training_step found = objective.evaluate(*model, together);
        const double ties = std::isnan(found.rewards_ties) ? 0 : found.rewards_ties / 2;
        return {found.loss, found.rewards_accuracies + ties};
    }
    void describe(run_description& run) const { objective.describe(run); }
};

/// The mean loss of the objective's examples under the model as it is when this is called, `together` of them at once
/// (a loss that couples a batch sees all of them). Refers to the model; owns the objective.
template <class Model, class Batch, class Loss>
held_out_evaluation held_out_loss(const Model& model, loss_objective<Batch, Loss> objective, std::size_t together = 8) {
    return held_out_objective<Model, Batch, Loss>{&model, std::move(objective), together};
}

/// The same of labelled pairs, given as for `train_preferences`; views the comparisons.
/// \throws argument_error as `train_preferences`.
template <class Model, std::ranges::contiguous_range Comparisons, class Loss>
held_out_evaluation held_out_pairs(const Model& model, const Comparisons& comparisons, const label_set& labels,
                                   std::span<const double> reference_log_probs, const Loss& loss,
                                   std::size_t together = 8, const pair_columns& columns = {}) {
    using C = std::ranges::range_value_t<Comparisons>;
    check_comparison<C>();
    check_trainable<Model, batch_of<C>>();
    check_preference_loss<Loss, typename Model::real>();
    return held_out_loss(model,
                         loss_objective(pair_batch(model, std::span<const C>(comparisons), labels, reference_log_probs,
                                                   columns, lengths_read_by(loss)),
                                        loss),
                         together);
}

} // namespace preflearn
