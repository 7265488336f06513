/// \file
/// Training of any model by any objective and any optimiser. It knows nothing of models but that they are trainable, of
/// objectives but that they add a batch's gradient, of optimisers but that they make a step. What is compiled for each
/// of them is a thin shell around the loop in steps.hpp.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <preflearn/core/column.hpp>
#include <preflearn/core/concepts.hpp>
#include <preflearn/training/loop/fingerprint.hpp>
#include <preflearn/training/loop/groups.hpp>
#include <preflearn/training/loop/metrics.hpp>
#include <preflearn/training/loop/options.hpp>
#include <preflearn/training/loop/run_description.hpp>
#include <preflearn/training/loop/steps.hpp>
#include <preflearn/training/optimisers/adamw.hpp>
#include <preflearn/training/optimisers/optimiser.hpp>

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

/// The fingerprint of all that a model computes with: its parameters, and what it describes beside them (frozen
/// weights, its configuration).
template <class Model> std::string fingerprint_of_parameters(Model& model) {
    fingerprint print;
    print.add(fingerprint_of(std::span<const parameter_type<Model>>(as_column(model.parameters()))));
    run_description run;
    describe_model(model, run);
    for (const auto& [name, value] : run.fields()) print.add(value);
    return print.text();
}

namespace detail {

/// The optimiser of every segment of the parameters, with its memory of it.
template <class Rule, class Scalar> class segment_optimisers {
  public:
    segment_optimisers(const Rule& rule, std::span<const parameter_segment> segments) {
        for (const parameter_segment& segment : segments) {
            one own{rule, segment.frozen() ? rule.template start<Scalar>({segment.range.begin, segment.range.begin})
                                           : rule.template start<Scalar>(segment.range)};
            if (segment.group != nullptr && segment.group->weight_decay) {
                if constexpr (requires { own.rule.weight_decay = double{}; })
                    own.rule.weight_decay = *segment.group->weight_decay;
                else
                    require(false, "a group of parameters has a weight_decay, which ", rule.name, " has not");
            }
            all_.push_back(std::move(own));
        }
    }
    void update(std::size_t segment, std::span<Scalar> parameters, std::span<Scalar> gradients, double rate,
                double factor) {
        all_[segment].rule.update(all_[segment].memory, parameters, gradients, rate, factor);
    }
    [[nodiscard]] std::vector<named_state> state_of(std::size_t segment) { return all_[segment].memory.state(); }

  private:
    struct one {
        Rule rule;
        decltype(std::declval<const Rule&>().template start<Scalar>(flat_range{})) memory;
    };
    std::vector<one> all_;
};

} // namespace detail

/// Trains `model` in place. Deterministic: the same model, objective, optimiser and options give the same bits for any
/// number of threads, provided that the model's passes do.
///
/// A model that draws something anew in every step (dropout) has members `begin_step(std::uint64_t)`, called with a key
/// that follows from the seed and the step before anything is computed of a batch, and `end_step()`.
///
/// A model that holds numbers besides its parameters (frozen weights) has a const member `describe(run)`, which adds
/// their fingerprints to what a kept run must agree with.
/// One that has operations_per_token() says how much a step computes for a token, for progress_bar's share of the
/// machine.
/// \param optimiser an Optimiser; adamw where `{…}` is given
/// \throws argument_error for numbers or options out of range; numeric_error naming the step when a loss or a gradient
/// is infinite or NaN (the model keeps the parameters of the step before); input_error for a kept run that is malformed
/// or another one; and whatever the observers throw.
template <class Model, Objective<Model> O, class Rule = adamw>
training_history train(Model& model, O& objective, const Rule& optimiser, const training_options& options) {
    using scalar = parameter_type<Model>;
    static_assert(std::same_as<scalar, float> || std::same_as<scalar, double>,
                  "a model that is trained has parameters of type float or double");
    check_optimiser<Rule, scalar>();
    optimiser.check();
    training_parts<scalar> parts;
    parts.parameters = as_column(model.parameters());
    parts.gradients = [&] { return std::span<scalar>(as_column(model.gradients())); };
    require(!parts.parameters.empty(), "the model has no parameters to train (all its weights are frozen)");
    parts.examples = objective.size();
    parts.weight = [&](std::size_t example) { return static_cast<double>(objective.weight(example)); };
    parts.begin = [&](double total, std::span<const std::size_t> batch, std::size_t micro) {
        objective.begin(total);
        if constexpr (requires { objective.prepare(std::as_const(model), batch, micro); })
            objective.prepare(std::as_const(model), batch, micro);
    };
    if constexpr (requires { model.begin_step(std::uint64_t{}); }) {
        parts.begin_step = [&](std::uint64_t key) { model.begin_step(key); };
        parts.end_step = [&] { model.end_step(); };
    }
    parts.accumulate = [&](std::span<const std::size_t> examples) { objective.accumulate(model, examples); };
    if constexpr (requires { std::as_const(model).operations_per_token(); })
        parts.operations_per_token = std::as_const(model).operations_per_token();
    parts.finish = [&](training_step& step) { std::as_const(objective).finish(step); };
    if constexpr (requires { objective.running(); }) parts.running = objective.running();
    parts.describe = [&](run_description& run) {
        run.add("optimiser", std::string_view(optimiser.name));
        optimiser.describe([&](std::string_view name, const auto& value) { run.add(std::string(name), value); });
        describe_model(model, run);
        std::as_const(objective).describe(run);
    };
    const std::vector<parameter_segment> segments = segments_of(options.groups, parts.parameters.size());
    require(!std::ranges::all_of(segments, &parameter_segment::frozen),
            "the groups freeze all parameters of the model");
    detail::segment_optimisers<Rule, scalar> optimisers(optimiser, segments);
    parts.optimiser = optimiser.name;
    parts.rate = optimiser.rate;
    parts.update = [&](std::size_t segment, std::span<scalar> parameters, std::span<scalar> gradients, double rate,
                       double factor) { optimisers.update(segment, parameters, gradients, rate, factor); };
    parts.state_of = [&](std::size_t segment) { return optimisers.state_of(segment); };
    return make_steps(parts, std::span<const parameter_segment>(segments), options);
}

} // namespace preflearn
