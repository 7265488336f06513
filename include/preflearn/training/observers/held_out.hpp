/// \file
/// An observer that evaluates the model as it learns, on data that it does not learn from, and writes what it finds
/// into the step: from there it goes into the history, and to the observers behind it (`early_stop`, `keep_best`).
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <concepts>
#include <cstddef>
#include <functional>
#include <string>
#include <type_traits>
#include <utility>

#include <preflearn/core/system/error.hpp>
#include <preflearn/training/loop/metrics.hpp>
#include <preflearn/training/loop/observer.hpp>
#include <preflearn/training/loop/run_description.hpp>

namespace preflearn {

/// A mean loss, and the share of pairs whose chosen reward is larger, if that is known.
struct held_out_result {
    double loss = 0, accuracy = training_step::none;
};

/// Any function that evaluates. One that has a const member `describe(run)` says what it evaluates, and by what, so
/// that a kept run goes on under the same evaluation alone (as those of held_out_pairs.hpp).
class held_out_evaluation {
  public:
    held_out_evaluation() = default;
    template <class F>
        requires(!std::same_as<F, held_out_evaluation> && std::is_invocable_r_v<held_out_result, F&>)
    held_out_evaluation(F evaluate) : evaluate_(std::move(evaluate)) {
        if constexpr (requires(const F& f, run_description& run) { f.describe(run); })
            describe_ = [](const std::function<held_out_result()>& held, run_description& run) {
                std::as_const(*held.target<F>()).describe(run);
            };
    }

    explicit operator bool() const { return static_cast<bool>(evaluate_); }
    held_out_result operator()() const { return evaluate_(); }
    /// Whether it knows what it evaluates.
    [[nodiscard]] bool describes() const { return describe_ != nullptr; }
    void describe(run_description& run) const {
        if (describe_ != nullptr) describe_(evaluate_, run);
    }

  private:
    std::function<held_out_result()> evaluate_;
    void (*describe_)(const std::function<held_out_result()>&, run_description&) = nullptr;
};

/// `.observers = {held_out{.evaluate = held_out_pairs(model, …), .every = 50}}`.
struct held_out {
    /// Called after the update of a step; its result follows from the parameters alone, else a resumed run would not be
    /// the run that was stopped.
    held_out_evaluation evaluate{};
    /// After every so many steps; 0: after every epoch.
    std::size_t every = 0;
    /// What is evaluated, in a word: a kept run goes on under the same name alone. Needed where `evaluate` is a
    /// function that cannot say it; without it the history of a resumed run notes that nobody knows.
    std::string name{};

    /// \throws numeric_error naming the step when the loss is infinite or NaN.
    void on_step(training_step& step) const {
        if (every > 0 && step.step % every == 0) fill(step);
    }
    void on_epoch(training_step& step) const {
        if (every == 0) fill(step);
    }
    void on_resume(const training_run& run) const {
        if (name.empty() && !evaluate.describes())
            run.note("held_out: whether the kept run was evaluated on the same data is not known (its function cannot "
                     "say what it evaluates, and it has no name)");
    }
    void describe(run_description& run) const {
        run.add("held_out", every == 0 ? std::string("every epoch") : message("every ", every, " steps"));
        if (!name.empty()) run.add("held_out of", name);
        run_description evaluated;
        evaluate.describe(evaluated);
        for (const auto& [field, value] : evaluated.fields()) run.add("held_out " + field, value);
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
