/// \file
/// An observer that keeps a copy of the parameters with the best evaluation and puts them back when the run ends.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <variant>
#include <vector>

#include <preflearn/core/system/error.hpp>
#include <preflearn/training/loop/metrics.hpp>
#include <preflearn/training/loop/observer.hpp>
#include <preflearn/training/loop/run_description.hpp>
#include <preflearn/training/optimisers/state.hpp>

namespace preflearn {

/// `.observers = {held_out{…}, keep_best{}}`. What is kept of the run are its last parameters, with which it can go on,
/// and the best beside them (so a checkpoint is larger by the parameters). In std::ref it says afterwards which step
/// was the best. Where nothing was evaluated nothing is put back, which the history's notes say.
struct keep_best {
    /// What is watched, and whether more of it is better. Of equal values the first is the best.
    double training_step::*watch = &training_step::eval_loss;
    bool larger_is_better = false;

    /// The best value and its step, 0 before there is one: what it finds, not options.
    double best = training_step::none;
    std::uint64_t best_step = 0;
    std::variant<std::vector<float>, std::vector<double>> parameters{};

    void on_start(const training_run& run) {
        best = training_step::none;
        best_step = 0;
        with_numbers(run, [&](const auto& now) { copy_of(now).assign(now.size(), 0); });
    }
    void on_step(const training_step& step, const training_run& run) {
        const double value = step.*watch;
        if (std::isnan(value) || (best_step > 0 && !(larger_is_better ? value > best : value < best))) return;
        best = value;
        best_step = step.step;
        with_numbers(run, [&](const auto& now) { copy_of(now).assign(now.begin(), now.end()); });
    }
    void on_end(const training_run& run) {
        if (best_step == 0 && !run.steps.empty())
            run.note(message("keep_best watched ", metric_name(watch), ", which none of the ", run.steps.size(),
                             " steps had: the parameters are the last"));
        if (best_step > 0) with_numbers(run, [&](const auto& now) { std::ranges::copy(copy_of(now), now.begin()); });
    }
    /// What was the best by another measure is of no use.
    void describe(run_description& run) const {
        run.add("keep_best", message(larger_is_better ? "largest " : "smallest ", metric_name(watch)));
    }
    [[nodiscard]] std::vector<named_state> state() {
        std::vector<named_state> all{{"best value", std::span(&best, 1)}, {"best step", std::span(&best_step, 1)}};
        std::visit([&](auto& copy) { all.push_back({"best parameters", std::span(copy)}); }, parameters);
        return all;
    }

  private:
    template <class Use> static void with_numbers(const training_run& run, const Use& use) {
        if (const auto* narrow = std::get_if<std::span<float>>(&run.parameters))
            use(*narrow);
        else if (const auto* wide = std::get_if<std::span<double>>(&run.parameters))
            use(*wide);
    }
    /// The copy, which is made one of their type.
    template <class Scalar> std::vector<Scalar>& copy_of(std::span<Scalar> /*now*/) {
        if (!std::holds_alternative<std::vector<Scalar>>(parameters)) parameters = std::vector<Scalar>();
        return std::get<std::vector<Scalar>>(parameters);
    }
};

} // namespace preflearn
