/// \file
/// An observer that stops a run when what it watches has not improved for some evaluations (Prechelt 1998).
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstddef>

#include <preflearn/core/system/error.hpp>
#include <preflearn/training/loop/metrics.hpp>
#include <preflearn/training/loop/observer.hpp>

namespace preflearn {

/// `.observers = {held_out{…}, early_stop{.patience = 3}}`. Steps without the number do not count; where none has it,
/// the history's notes say so. Its state follows from the history, so a resumed run stops where one that was never
/// stopped does, and a run that it stopped goes on when the patience is larger.
///
/// \throws argument_error from the first step on where what is watched is no number of this run: an evaluation that no
/// observer makes, or a metric that this kind of training has not.
struct early_stop {
    /// So many evaluations in a row without improvement stop the run; at least one does.
    std::size_t patience = 3;
    /// What is watched, and whether more of it is better.
    double training_step::*watch = &training_step::eval_loss;
    bool larger_is_better = false;
    /// Improvements of no more than this are none.
    double least_gain = 0;

    /// The best so far, and for how many evaluations it has been that: what it finds, not options.
    double best = training_step::none;
    std::size_t waited = 0;

    void on_start(const training_run& run) {
        const bool evaluation = watch == &training_step::eval_loss || watch == &training_step::eval_accuracy;
        require(run.evaluated || !evaluation, "early_stop watches ", metric_name(watch),
                ", and no observer evaluates: held_out is missing");
        best = training_step::none;
        waited = 0;
    }
    bool on_resume(const training_run& run) {
        bool on = true;
        for (const training_step& step : run.steps) on = take(step);
        return on;
    }
    bool on_step(const training_step& step, const training_run& run) {
        const bool on = take(step);
        require(run.evaluated || !std::isnan(best), "early_stop watches ", metric_name(watch),
                ", which the steps of this run do not have");
        return on;
    }
    void on_end(const training_run& run) const {
        if (std::isnan(best) && !run.steps.empty())
            run.note(message("early_stop watched ", metric_name(watch), ", which none of the ", run.steps.size(),
                             " steps had"));
    }

  private:
    bool take(const training_step& step) {
        const double value = step.*watch;
        if (!std::isnan(value)) {
            const double gain = larger_is_better ? value - best : best - value;
            if (std::isnan(best) || gain > least_gain) {
                best = value;
                waited = 0;
            } else {
                ++waited;
            }
        }
        return waited == 0 || waited < patience;
    }
};

} // namespace preflearn
