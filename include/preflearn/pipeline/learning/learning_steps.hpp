/// \file
/// The steps that learn, of which the study and the programs are made: a model fine-tuned on demonstrations, a model
/// trained by preferences against held-out examples, and the log-probs of a reference before that (Tao & Li 2025, steps
/// 1 and 3). Each goes on where it was stopped, to the same bits.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <ranges>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <preflearn/core/concepts.hpp>
#include <preflearn/core/preference.hpp>
#include <preflearn/core/requirements.hpp>
#include <preflearn/loss/pairs/columns_used.hpp>
#include <preflearn/pipeline/align.hpp>
#include <preflearn/pipeline/learning/learning_run.hpp>
#include <preflearn/pipeline/learning/watched_training.hpp>
#include <preflearn/pipeline/output/work_progress.hpp>
#include <preflearn/training/files/reference_cache.hpp>
#include <preflearn/training/kinds/pairs.hpp>
#include <preflearn/training/loop/loop.hpp>
#include <preflearn/training/loop/metrics.hpp>
#include <preflearn/training/loop/observer.hpp>
#include <preflearn/training/loop/options.hpp>
#include <preflearn/training/objective.hpp>
#include <preflearn/training/observers/held_out.hpp>
#include <preflearn/training/optimisers/adamw.hpp>

namespace preflearn {

/// By which numbers something is learned in which run, and what the run calls it.
struct learning_step {
    const adamw& optimiser;
    /// Its seed, keeper and observers are the run's.
    const training_options& training;
    const learning_run& run;
    std::string title{};
};

/// What a training is held against while it goes on; without `evaluate` nothing.
struct watched_by {
    held_out_evaluation evaluate{};
    watching when{};
    speaker say{};
    /// Of the examples to learn from.
    std::size_t examples = 0;
    /// Others who watch.
    std::vector<training_observer> others{};
};

/// Fine-tunes a model in place.
template <class Model, std::ranges::contiguous_range Examples>
training_history learn_demonstrations(Model& model, const Examples& demonstrations, const learning_step& step) {
    training_options training = step.training;
    prepare_training(training, step.run, step.title);
    trained<Model> tuned =
        fine_tune(std::move(model), demonstrations, optimiser_of(step.optimiser, step.run), training);
    model = std::move(tuned.model);
    return std::move(tuned.history);
}

/// Log-probs of a frozen policy, two a pair, or what the cache knows of them.
template <class P, class C>
std::vector<double> score_pairs_of(const P& policy, std::span<const C> pairs, reference_cache& cache,
                                   const learning_run& run, const std::string& title) {
    return cache.log_probs(policy, pairs, begin_scoring(run, title, pairs.size()));
}

/// Trains a model in place by an objective of any kind.
template <class Model, class Objective>
training_history learn_by(Model& model, Objective& objective, const learning_step& step, watched_by watched = {}) {
    training_options training = step.training;
    prepare_training(training, step.run, step.title);
    if (watched.evaluate) watch(training, watched.when, watched.examples, std::move(watched.evaluate), watched.say);
    for (training_observer& other : watched.others) training.observers.push_back(std::move(other));
    training_history history = train(model, objective, optimiser_of(step.optimiser, step.run), training);
    if constexpr (requires { model.release_gradients(); }) model.release_gradients();
    return history;
}

/// Labelled pairs that a model learns from. Views its members.
template <class C> struct pair_lesson {
    std::span<const C> pairs;
    const label_set& labels;
    /// The reference's log-probs, two a pair, or none.
    std::span<const double> references{};
    pair_columns columns{};
};

/// Trains a model in place on labelled pairs. \throws as `train_preferences`
template <class Model, class C, class Loss>
training_history learn_pairs(Model& model, const pair_lesson<C>& lesson, const Loss& loss, const learning_step& step,
                             watched_by watched = {}) {
    check_comparison<C>();
    check_trainable<Model, batch_of<C>>();
    check_preference_loss<Loss, typename Model::real>();
    loss_objective objective(
        pair_batch(model, lesson.pairs, lesson.labels, lesson.references, lesson.columns, lengths_read_by(loss)), loss);
    watched.examples = lesson.pairs.size();
    training_history history = learn_by(model, objective, step, std::move(watched));
    history.abstained = objective.batch().abstained();
    return history;
}

} // namespace preflearn
