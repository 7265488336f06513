/// \file
/// A program's training run: held against held-out examples while it goes on, its best parameters kept, ended when it
/// no longer improves, and told of.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstddef>
#include <string>
#include <utility>

#include <preflearn/core/system/error.hpp>
#include <preflearn/pipeline/output/work_progress.hpp>
#include <preflearn/report/tables/table_text.hpp>
#include <preflearn/training/loop/metrics.hpp>
#include <preflearn/training/loop/options.hpp>
#include <preflearn/training/loop/run_description.hpp>
#include <preflearn/training/observers/early_stop.hpp>
#include <preflearn/training/observers/held_out.hpp>
#include <preflearn/training/observers/keep_best.hpp>

namespace preflearn {

/// As `held_out`, after every so many steps and after the last one, whose parameters would else never be judged.
struct held_out_to_the_end {
    held_out_evaluation evaluate{};
    std::size_t every = 1;

    /// \throws numeric_error naming the step when the loss is infinite or NaN.
    void on_step(training_step& step) const {
        if (step.step % every != 0 && step.step != step.steps) return;
        const held_out_result found = evaluate();
        require<numeric_error>(std::isfinite(found.loss), "step ", step.step, " of ", step.steps,
                               ": the held-out loss is ", found.loss);
        step.eval_loss = found.loss;
        step.eval_accuracy = found.accuracy;
    }
    void describe(run_description& run) const {
        run.add("held_out", message("every ", every, " steps and the last"));
        run_description evaluated;
        evaluate.describe(evaluated);
        for (const auto& [field, value] : evaluated.fields()) run.add("held_out " + field, value);
    }
};

/// When a run is evaluated: after every so many steps, 0: four times an epoch; and when it ends early: after so many
/// evaluations in a row that were no better, 0: never.
struct watching {
    std::size_t every = 0, patience = 3;
};

/// Gives a run its observers. \param examples to learn from
inline void watch(training_options& training, const watching& when, std::size_t examples, held_out_evaluation evaluate,
                  const speaker& say) {
    const std::size_t per_epoch = count_steps(training, examples).per_epoch;
    const std::size_t every = when.every > 0 ? when.every : (per_epoch + 3) / 4;
    training.observers.emplace_back(held_out_to_the_end{std::move(evaluate), every});
    training.observers.emplace_back(keep_best{});
    if (when.patience > 0) training.observers.emplace_back(early_stop{.patience = when.patience});
    training.observers.emplace_back([say](const training_step& step) {
        if (std::isnan(step.eval_loss)) return;
        const std::string accuracy = std::isnan(step.eval_accuracy)
                                         ? std::string()
                                         : ", accuracy " + shown(step.eval_accuracy, 1, notation::percent);
        say(message("step ", step.step, " of ", step.steps, ": held-out loss ", shown(step.eval_loss, 4), accuracy));
    });
}

} // namespace preflearn
