/// \file
/// The study in a generated world, which needs no file: the world draws pairs, simulated annotators label them, a small
/// transformer is the weak teacher and a larger one the student; both are fine-tuned on the world's demonstrations.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <preflearn/backend/cpu/backend.hpp>
#include <preflearn/core/many.hpp>
#include <preflearn/core/numbers/random.hpp>
#include <preflearn/core/system/parallel.hpp>
#include <preflearn/data/selection/split.hpp>
#include <preflearn/data/world.hpp>
#include <preflearn/pipeline/learning/learning_run.hpp>
#include <preflearn/pipeline/learning/learning_steps.hpp>
#include <preflearn/pipeline/study/study.hpp>
#include <preflearn/policy/any_backend.hpp>
#include <preflearn/policy/any_transformer.hpp>
#include <preflearn/policy/decoder/config.hpp>
#include <preflearn/policy/decoder/initialise.hpp>
#include <preflearn/teacher/annotator_temperature.hpp>
#include <preflearn/teacher/from_reward.hpp>
#include <preflearn/teacher/rule.hpp>

namespace preflearn {

/// A small transformer's shape; the rest of its configuration follows from the world.
struct world_model {
    std::size_t hidden_size, intermediate_size, layers, heads;
};

struct world_study_options {
    world_options world{};
    world_model teacher{.hidden_size = 32, .intermediate_size = 96, .layers = 1, .heads = 2};
    world_model student{.hidden_size = 48, .intermediate_size = 128, .layers = 2, .heads = 4};
    /// Responses of the world's generator on which both models are fine-tuned.
    std::size_t demonstrations = 16384;
    std::size_t labelled = 2048, unlabelled = 8192, test = 1024;
    /// The expected share of pairs on which an annotator agrees with the gold reward.
    double human_agreement = 0.75;
    adamw fine_tuning_optimiser{.rate = 3e-3};
    training_options fine_tuning{.epochs = 4, .batch_size = 64, .schedule = schedule::cosine, .warm_up = 0.1};
    study_options study{
        .teacher_optimiser = {.rate = 1e-3},
        .student_optimiser = {.rate = 1e-3},
        .teacher_training = {.epochs = 4, .batch_size = 32, .schedule = schedule::cosine, .warm_up = 0.1},
        .student_training = {.epochs = 2, .batch_size = 32, .schedule = schedule::cosine, .warm_up = 0.1}};
};

namespace detail {

inline any_transformer<float> fresh_world_model(const any_backend<float>& on, const generated_world& world,
                                                const world_model& shape, std::uint64_t seed,
                                                std::string_view purpose) {
    any_transformer<float> model = on.make({.vocabulary_size = world.vocabulary_size(),
                                            .hidden_size = shape.hidden_size,
                                            .intermediate_size = shape.intermediate_size,
                                            .layers = shape.layers,
                                            .heads = shape.heads,
                                            .maximum_length = world.longest_sequence(),
                                            .end_tokens = {world.end_token()}},
                                           {});
    initialise(model, generator(seed, purpose));
    return model;
}

} // namespace detail

/// Annotators of one seed: every pair is labelled once, by Bradley-Terry on the gold reward.
template <class C>
label_set annotate(std::span<const C> pairs, const gold_reward& gold, double agreement, std::uint64_t seed) {
    std::vector<double> margins;
    for (const C& c : pairs) margins.push_back(gold(c.prompt, c.first) - gold(c.prompt, c.second));
    return label_all(
        pairs,
        reward_teacher{gold, drawn_label{.temperature = temperature_for_agreement(margins, agreement), .seed = seed}});
}

/// Runs one seed, both models on one backend: it draws the demonstrations, the pairs, the annotators, the split, the
/// initial weights and the order of training; the world is the same for all seeds. \throws as `run_study`.
template <class Loss>
study_result run_world_study(const any_backend<float>& on, const generated_world& world, const Loss& loss,
                             const world_study_options& options) {
    const std::uint64_t seed = options.study.seed;
    const gold_reward gold{world};
    const auto demonstrations = draw_demonstrations(world, options.demonstrations, seed);
    const auto drawn = draw_comparisons(world, options.labelled + options.unlabelled + options.test, seed);
    const std::span<const token_comparison> pairs(drawn.items);
    const label_set human = annotate(pairs, gold, options.human_agreement, seed);
    const auto parts = split_preferences(pairs, human,
                                         split_options{.labelled = options.labelled,
                                                       .unlabelled = options.unlabelled,
                                                       .test = options.test,
                                                       .seed = seed,
                                                       .exact = false});

    const auto tuned = [&](const world_model& shape, const std::string& name) {
        const learning_run run = options.study;
        any_transformer<float> model = detail::fresh_world_model(on, world, shape, seed, name);
        learn_demonstrations(model, demonstrations.items,
                             {options.fine_tuning_optimiser, options.fine_tuning, run, "fine-tuning the " + name});
        return model;
    };
    const any_transformer<float> teacher = tuned(options.teacher, "teacher"),
                                 student = tuned(options.student, "student");

    study_options study = options.study;
    study.sampling.max_tokens = world.options().longest + 1;
    const study_input<any_transformer<float>, any_transformer<float>, token_comparison, gold_reward> input{
        .teacher = teacher,
        .student = student,
        .labelled = parts.labelled,
        .unlabelled = parts.unlabelled,
        .test = parts.test,
        .human = parts.labels,
        .gold = gold};
    return run_study(input, loss, study);
}

/// Runs `seeds` seeds from `options.study.seed` on, several at a time, in the world of `options.world` and the first
/// seed. The result has the same bits for any number of threads. \throws as `run_study`.
template <class Loss>
std::vector<study_result> run_world_studies(const any_backend<float>& on, const world_study_options& options,
                                            const Loss& loss, std::size_t seeds) {
    const generated_world world(options.world, options.study.seed);
    std::vector<study_result> results(seeds);
    parallel_for(seeds, [&](std::size_t s) {
        world_study_options own = options;
        own.study.seed = options.study.seed + s;
        results[s] = run_world_study(on, world, loss, own);
    });
    return results;
}

/// The same on the processor, by its own products.
template <class Loss>
study_result run_world_study(const generated_world& world, const Loss& loss, const world_study_options& options) {
    return run_world_study(any_backend_of<float, cpu_backend>(), world, loss, options);
}
template <class Loss>
std::vector<study_result> run_world_studies(const world_study_options& options, const Loss& loss, std::size_t seeds) {
    return run_world_studies(any_backend_of<float, cpu_backend>(), options, loss, seeds);
}

} // namespace preflearn
