/// \file
/// The two ways a model is trained in the paper, as functions from a model to a trained one: supervised fine-tuning on
/// demonstrations, and alignment to labelled pairs against the model's own frozen start (Tao & Li 2025, steps 1 and 3);
/// and alignment to triples with a gold response and to rankings of more than two responses in the same way.
// SPDX-License-Identifier: MIT
#pragma once

#include <ranges>
#include <span>
#include <utility>
#include <vector>

#include <preflearn/core/preference.hpp>
#include <preflearn/training/kinds/lists.hpp>
#include <preflearn/training/kinds/pairs.hpp>
#include <preflearn/training/kinds/supervised.hpp>
#include <preflearn/training/kinds/triples.hpp>
#include <preflearn/training/loop/metrics.hpp>
#include <preflearn/training/loop/options.hpp>
#include <preflearn/training/optimisers/adamw.hpp>
#include <preflearn/training/reference/reference.hpp>

namespace preflearn {

/// A model and how it got there.
template <class Model> struct trained {
    Model model;
    training_history history;
};

namespace detail {

/// The result of training, without the memory of gradients where the model can give that back.
template <class Model> trained<Model> finished(Model model, training_history history) {
    if constexpr (requires { model.release_gradients(); }) model.release_gradients();
    return {std::move(model), std::move(history)};
}

} // namespace detail

/// A copy to train while the original stays as the reference: `align(copy_of(sft), sft, …)`.
template <class Model> Model copy_of(const Model& model) { return model; }

/// Supervised fine-tuning on completions; see `train_supervised`.
template <class Model, std::ranges::contiguous_range Examples, class Optimiser = adamw>
trained<Model> fine_tune(Model model, const Examples& demonstrations, const Optimiser& optimiser,
                         const training_options& options = {}) {
    training_history history = train_supervised(model, demonstrations, optimiser, options);
    return detail::finished(std::move(model), std::move(history));
}

/// Preference training with the reference's log-probs given, two per comparison (see `reference_log_probs`), or none.
/// \throws as `train_preferences`.
template <class Model, std::ranges::contiguous_range Comparisons, class Loss, class Optimiser = adamw>
trained<Model> align(Model policy, std::span<const double> reference_log_probs, const Comparisons& comparisons,
                     const label_set& labels, const Loss& loss, const Optimiser& optimiser,
                     const training_options& options = {}) {
    training_history history =
        train_preferences(policy, comparisons, labels, reference_log_probs, loss, optimiser, options);
    return detail::finished(std::move(policy), std::move(history));
}

/// The same on triples, by a TripleLoss. \throws as `train_triples`.
template <class Model, Triples Range, class Loss, class Optimiser = adamw>
    requires TripleLoss<Loss, typename Model::real> trained<Model>
    align(Model policy, std::span<const double> reference_log_probs, const Range& triples, const label_set& labels,
          const Loss& loss, const Optimiser& optimiser, const training_options& options = {}) {
        training_history history =
            train_triples(policy, triples, labels, reference_log_probs, loss, optimiser, options);
        return detail::finished(std::move(policy), std::move(history));
    }

/// Pairs or triples against a reference policy, whose log-probs are computed once before the training.
template <class Model, class Reference, std::ranges::contiguous_range Comparisons, class Loss, class Optimiser = adamw>
    requires Policy<Reference, std::ranges::range_value_t<Comparisons>> trained<Model>
    align(Model policy, const Reference& reference, const Comparisons& comparisons, const label_set& labels,
          const Loss& loss, const Optimiser& optimiser, const training_options& options = {}) {
        const std::vector<double> log_probs = reference_log_probs(reference, comparisons);
        return align(std::move(policy), std::span<const double>(log_probs), comparisons, labels, loss, optimiser,
                     options);
    }

/// Listwise training with the reference's log-probs given, one per response of each list (see `reference_log_probs`),
/// or none. \throws as `train_listwise`.
template <class Model, RankedLists Lists, class Loss, class Optimiser = adamw>
trained<Model> align(Model policy, std::span<const double> reference_log_probs, const Lists& lists, const Loss& loss,
                     const Optimiser& optimiser, const training_options& options = {}) {
    training_history history = train_listwise(policy, lists, reference_log_probs, loss, optimiser, options);
    return detail::finished(std::move(policy), std::move(history));
}

/// The same, against a reference policy, whose log-probs are computed once before the training.
template <class Model, class Reference, RankedLists Lists, class Loss, class Optimiser = adamw>
    requires Policy<Reference, comparison_of_list<std::ranges::range_value_t<Lists>>> trained<Model>
    align(Model policy, const Reference& reference, const Lists& lists, const Loss& loss, const Optimiser& optimiser,
          const training_options& options = {}) {
        const std::vector<double> log_probs = reference_log_probs(reference, lists);
        return align(std::move(policy), std::span<const double>(log_probs), lists, loss, optimiser, options);
    }

} // namespace preflearn
