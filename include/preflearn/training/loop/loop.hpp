/// \file
/// The training loop, written once over an objective: shuffled batches, gradient accumulation, clipping, AdamW with a
/// schedule, history, checkpoint and exact resume. It knows nothing of models but that they are trainable, and of
/// objectives but that they add a batch's gradient. No step allocates more than the model's own passes do.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <numeric>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <preflearn/core/column.hpp>
#include <preflearn/core/concepts.hpp>
#include <preflearn/core/numbers/random.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/training/files/run_file.hpp>
#include <preflearn/training/loop/clip.hpp>
#include <preflearn/training/loop/fingerprint.hpp>
#include <preflearn/training/loop/metrics.hpp>
#include <preflearn/training/loop/options.hpp>
#include <preflearn/training/loop/schedule.hpp>
#include <preflearn/training/optimisers/adamw.hpp>

namespace preflearn {

/// What is learned, from numbered examples. For each batch the loop calls `begin(total)` with the batch's total weight,
/// then `accumulate(model, examples)` for each micro-batch, which adds d (Σ weight · loss / total) / d parameters to
/// the model's gradients; then `finish(step)`, which writes the batch's loss and metrics. `describe(run)` adds what a
/// checkpoint must agree with (the kind, the data, the loss).
///
/// An objective whose examples depend on each other may also have `prepare(model, batch, micro)`, called after `begin`
/// with the whole batch and the size of its micro-batches. One that carries numbers from step to step beside the
/// model's parameters has `running()`, a span of double that checkpoints save and restore.
template <class O, class Model>
concept Objective = requires(O& objective, const O& constant, Model& model, std::span<const std::size_t> examples,
                             training_step& step, run_description& run) {
    { constant.size() } -> std::convertible_to<std::size_t>;
    { constant.weight(std::size_t{}) } -> std::convertible_to<double>;
    objective.begin(double{});
    objective.accumulate(model, examples);
    constant.finish(step);
    constant.describe(run);
};

/// The type of a model's parameters.
template <class Model> using parameter_type = element_of<decltype(std::declval<Model&>().parameters())>;

/// The fingerprint of all parameters.
template <class Model> std::string fingerprint_of_parameters(Model& model) {
    return fingerprint_of(std::span<const parameter_type<Model>>(column(model.parameters())));
}

/// Trains `model` in place. Deterministic: the same model, objective and options give the same bits for any number of
/// threads, provided that the model's passes do.
/// \throws argument_error for options out of range; numeric_error naming the step when a loss or a gradient is infinite
/// or NaN (the model keeps the parameters of the step before); input_error for a checkpoint that is malformed or
/// belongs to another run; and whatever the observer throws.
template <class Model, Objective<Model> O>
training_history train(Model& model, O& objective, const adamw& optimiser, const training_options& options) {
    using scalar = parameter_type<Model>;
    check(optimiser);
    const step_counts counts = count_steps(options, objective.size());
    const std::span<scalar> parameters = column(model.parameters());
    std::ranges::fill(column(model.gradients()), scalar{});
    adamw_moments<scalar> moments(parameters.size());
    training_history history;
    history.steps.reserve(std::min(counts.total, std::size_t{1} << 16));

    const std::span<double> running = [&] {
        if constexpr (requires { objective.running(); })
            return objective.running();
        else
            return std::span<double>();
    }();
    run_description run;
    const std::filesystem::path& path = options.checkpoint.path;
    if (!path.empty()) {
        run = describe<scalar>(optimiser, options, parameters.size());
        run.add("parameters at the start", fingerprint_of(std::span<const scalar>(parameters)));
        objective.describe(run);
        if (std::filesystem::exists(path)) {
            load_run(path, run, counts.total, parameters, moments, history.steps, running);
            history.resumed_steps = history.steps.size();
        }
    }
    const auto save = [&] {
        save_run(path, run, std::span<const scalar>(parameters), moments, std::span<const training_step>(history.steps),
                 running);
    };

    training_observer observer = options.observer;
    std::vector<std::size_t> order(objective.size());
    std::size_t shuffled = std::numeric_limits<std::size_t>::max();
    for (std::size_t at = history.steps.size(); at < counts.total; ++at) {
        const std::size_t epoch = at / counts.per_epoch, within = at % counts.per_epoch;
        if (epoch != shuffled) {
            std::iota(order.begin(), order.end(), std::size_t{0});
            generator(options.seed, "shuffle", epoch).shuffle(std::span(order));
            shuffled = epoch;
        }
        const std::size_t first = within * options.batch_size;
        const auto batch =
            std::span<const std::size_t>(order).subspan(first, std::min(options.batch_size, order.size() - first));
        const std::size_t micro = options.micro_batch_size == 0 ? batch.size() : options.micro_batch_size;

        training_step step{.step = at + 1, .steps = counts.total};
        const std::span<scalar> gradients = column(model.gradients());
        try {
            double total = 0;
            for (const std::size_t example : batch) total += static_cast<double>(objective.weight(example));
            objective.begin(total);
            if constexpr (requires { objective.prepare(std::as_const(model), batch, micro); })
                objective.prepare(std::as_const(model), batch, micro);
            for (std::size_t i = 0; i < batch.size(); i += micro)
                objective.accumulate(model, batch.subspan(i, std::min(micro, batch.size() - i)));
            objective.finish(step);
            require<numeric_error>(std::isfinite(step.loss), "the loss is ", step.loss);
            step.grad_norm = global_norm(std::span<const scalar>(gradients));
            require<numeric_error>(std::isfinite(step.grad_norm), "the gradient's norm is ", step.grad_norm);
        } catch (const numeric_error& failure) {
            throw numeric_error(message("step ", step.step, " of ", step.steps, ": ", failure.what()));
        }
        step.epoch = static_cast<double>(at + 1) / static_cast<double>(counts.per_epoch);
        step.learning_rate = optimiser.rate * rate_factor(options.schedule, at, counts.total, counts.warm_up);
        update(optimiser, moments, parameters, gradients, step.learning_rate,
               clip_factor(step.grad_norm, options.clip_norm));
        history.steps.push_back(step);
        const bool last = at + 1 == counts.total;
        if (!path.empty() && (last || (options.checkpoint.every > 0 && (at + 1) % options.checkpoint.every == 0)))
            save();
        if (observer) observer(step);
    }
    return history;
}

} // namespace preflearn
