/// \file
/// An observer that evaluates the model as it learns, on data that it does not learn from, and writes what it finds
/// into the step: from there it goes into the history, and to the observers behind it (`early_stop`, `keep_best`).
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstddef>
#include <functional>

#include <preflearn/core/system/error.hpp>
#include <preflearn/training/loop/metrics.hpp>

namespace preflearn {

/// A mean loss, and the share of pairs whose chosen reward is larger, if that is known.
struct held_out_result {
    double loss = 0, accuracy = training_step::none;
};

/// `.observers = {held_out{.evaluate = held_out_pairs(model, …), .every = 50}}`.
struct held_out {
    /// Called after the update of a step; its result follows from the parameters alone, else a resumed run would not be
    /// the run that was stopped.
    std::function<held_out_result()> evaluate{};
    /// After every so many steps; 0: after every epoch.
    std::size_t every = 0;

    /// \throws numeric_error naming the step when the loss is infinite or NaN.
    void on_step(training_step& step) const {
        if (every > 0 && step.step % every == 0) fill(step);
    }
    void on_epoch(training_step& step) const {
        if (every == 0) fill(step);
    }

  private:
    void fill(training_step& step) const {
        require(static_cast<bool>(evaluate), "held_out has nothing to evaluate");
        const held_out_result found = evaluate();
        require<numeric_error>(std::isfinite(found.loss), "step ", step.step, " of ", step.steps,
                               ": the held-out loss is ", found.loss);
        step.eval_loss = found.loss;
        step.eval_accuracy = found.accuracy;
    }
};

} // namespace preflearn
