/// \file
/// The checkpoint of a run: parameters, both moments and the history as tensors of one safetensors file, and as
/// metadata a description of what the run is (options, data, model). Everything else of a run, such as the order of the
/// examples, follows from the description and the step, so a resumed run has the bits of one that never stopped.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/checkpoint/safetensors.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/training/loop/metrics.hpp>
#include <preflearn/training/loop/options.hpp>
#include <preflearn/training/loop/run_description.hpp>
#include <preflearn/training/optimisers/adamw.hpp>

namespace preflearn {

/// The part of a description that the options and the optimiser make.
template <std::floating_point Scalar>
run_description describe(const adamw& optimiser, const training_options& options, std::size_t parameters) {
    run_description run;
    run.add("parameter type", sizeof(Scalar) == 4 ? "float" : "double");
    run.add("number of parameters", parameters);
    run.add("rate", optimiser.rate);
    run.add("beta1", optimiser.beta1);
    run.add("beta2", optimiser.beta2);
    run.add("epsilon", optimiser.epsilon);
    run.add("weight_decay", optimiser.weight_decay);
    run.add("epochs", options.epochs);
    run.add("max_steps", options.max_steps);
    run.add("batch_size", options.batch_size);
    run.add("micro_batch_size", options.micro_batch_size);
    run.add("schedule", name_of(options.schedule));
    run.add("warm_up", options.warm_up);
    run.add("clip_norm", options.clip_norm);
    run.add("seed", options.seed);
    return run;
}

namespace detail {

inline constexpr std::string_view run_format = "preflearn training checkpoint, version 1";

/// A tensor of exactly this shape and type. \throws input_error naming file and tensor.
template <std::floating_point T>
void read_exactly(const checkpoint_file& file, std::string_view name, std::vector<std::size_t> shape,
                  std::span<T> out) {
    const tensor_view& tensor = file.at(name);
    require<input_error>(
        tensor.type == (sizeof(T) == 4 ? element_type::f32 : element_type::f64) && tensor.shape == shape,
        file.path().string(), ": tensor '", name, "' is ", name_of(tensor.type), " ", text_of_shape(tensor.shape), ", ",
        sizeof(T) == 4 ? "F32 " : "F64 ", text_of_shape(shape), " was expected");
    read_values(tensor, 0, out);
}

} // namespace detail

/// Writes the file whole or not at all. `steps` holds every step so far, `running` what the objective carries from step
/// to step.
/// \throws input_error when it cannot be written.
template <std::floating_point Scalar>
void save_run(const std::filesystem::path& path, const run_description& run, std::span<const Scalar> parameters,
              const adamw_moments<Scalar>& moments, std::span<const training_step> steps,
              std::span<const double> running = {}) {
    std::vector<double> numbers;
    numbers.reserve(steps.size() * metrics.size());
    for (const training_step& step : steps) {
        for (const auto& [name, member] : metrics) numbers.push_back(step.*member);
    }
    const std::size_t size = parameters.size();
    std::vector tensors{as_tensor<Scalar>("parameters", {size}, parameters),
                        as_tensor<Scalar>("first_moment", {size}, std::span<const Scalar>(moments.first)),
                        as_tensor<Scalar>("second_moment", {size}, std::span<const Scalar>(moments.second)),
                        as_tensor<double>("history", {steps.size(), metrics.size()}, std::span<const double>(numbers))};
    if (!running.empty()) tensors.push_back(as_tensor<double>("running", {running.size()}, running));
    std::map<std::string, std::string> metadata{{"format", std::string(detail::run_format)},
                                                {"steps taken", std::to_string(steps.size())}};
    for (const auto& [name, value] : run.fields()) metadata[name] = value;
    write_safetensors(path, tensors, metadata);
}

/// Reads what `save_run` wrote, when it is a checkpoint of the same run; `steps_in_run` completes the steps' records.
/// \throws input_error when the file is malformed, or belongs to another run: the message names everything that
/// differs.
template <std::floating_point Scalar>
void load_run(const std::filesystem::path& path, const run_description& run, std::size_t steps_in_run,
              std::span<Scalar> parameters, adamw_moments<Scalar>& moments, std::vector<training_step>& steps,
              std::span<double> running = {}) {
    const checkpoint_file file = read_safetensors(path);
    const auto field = [&](const std::string& name) {
        const auto found = file.metadata().find(name);
        return found == file.metadata().end() ? std::string("(missing)") : found->template get<std::string>();
    };
    require<input_error>(field("format") == detail::run_format, path.string(), ": is not a ", detail::run_format,
                         " (format: ", field("format"), ")");
    std::string differences;
    for (const auto& [name, value] : run.fields()) {
        if (field(name) != value) {
            differences +=
                message(differences.empty() ? "" : "; ", name, ": ", field(name), " there, ", value, " here");
        }
    }
    require<input_error>(differences.empty(), path.string(), ": belongs to another run (", differences,
                         "); remove it or give another path");
    const tensor_view& history = file.at("history");
    require<input_error>(history.shape.size() == 2 && history.shape[0] <= steps_in_run &&
                             std::to_string(history.shape[0]) == field("steps taken"),
                         path.string(), ": tensor 'history' of shape ", text_of_shape(history.shape),
                         " does not fit a run of ", steps_in_run, " steps with ", field("steps taken"), " taken");
    const std::size_t taken = history.shape[0];
    std::vector<double> numbers(taken * metrics.size());
    detail::read_exactly(file, "history", {taken, metrics.size()}, std::span(numbers));
    const std::size_t size = parameters.size();
    adamw_moments<Scalar> read(size);
    detail::read_exactly(file, "first_moment", {size}, std::span(read.first));
    detail::read_exactly(file, "second_moment", {size}, std::span(read.second));
    read.steps = taken;
    std::vector<double> carried(running.size());
    if (!running.empty()) detail::read_exactly(file, "running", {running.size()}, std::span(carried));
    detail::read_exactly(file, "parameters", {size}, parameters);
    moments = std::move(read);
    std::ranges::copy(carried, running.begin());
    steps.clear();
    for (std::size_t i = 0; i < taken; ++i) {
        training_step step{.step = i + 1, .steps = steps_in_run};
        for (std::size_t j = 0; j < metrics.size(); ++j) step.*metrics[j].second = numbers[i * metrics.size() + j];
        steps.push_back(step);
    }
}

} // namespace preflearn
