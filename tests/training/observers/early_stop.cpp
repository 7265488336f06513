#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/training/loop/loop.hpp>
#include <preflearn/training/observers/early_stop.hpp>
#include <preflearn/training/observers/held_out.hpp>

#include "../recorder.hpp"

using namespace preflearn;

namespace {

/// How many steps a run has whose evaluations are these, one a step.
std::size_t steps_of(const std::vector<double>& evaluations, const early_stop& stop, bool* stopped = nullptr) {
    recorder objective;
    strengths<double> model(1);
    std::size_t next = 0;
    const held_out evaluate{.evaluate = [&] { return held_out_result{evaluations[next++]}; }, .every = 1};
    const training_history history =
        train(model, objective, {}, {.epochs = evaluations.size(), .batch_size = 10, .observers = {evaluate, stop}});
    if (stopped != nullptr) *stopped = history.stopped;
    return history.steps.size();
}

} // namespace

TEST_CASE("a run stops after so many evaluations in a row without improvement") {
    bool stopped = false;
    CHECK(steps_of({5, 4, 6, 3, 4, 3, 9, 1, 0}, {.patience = 3}, &stopped) == 7);
    CHECK(stopped);
    CHECK(steps_of({5, 4, 6, 3, 4, 3, 9, 1, 0}, {.patience = 1}) == 3);
    CHECK(steps_of({5, 4, 6, 3, 4, 3, 9, 1, 0}, {.patience = 0}) == 3);
    CHECK(steps_of({5, 4, 6, 3, 4, 3, 9, 1, 0}, {.patience = 4}, &stopped) == 9);
    CHECK_FALSE(stopped);
    CHECK(steps_of({5, 4, 3}, {.patience = 2, .larger_is_better = true}) == 3);
    CHECK(steps_of({1, 5, 4, 5, 3}, {.patience = 2, .larger_is_better = true}) == 4);
    CHECK(steps_of({5, 4.95, 4.9, 4.85}, {.patience = 2, .least_gain = 0.1}) == 3);
}

TEST_CASE("a run that would stop at its last step has ended, and what is watched may be a number of the batch") {
    bool stopped = true;
    CHECK(steps_of({1, 2, 3}, {.patience = 2}, &stopped) == 3);
    CHECK_FALSE(stopped);
    recorder objective; // whose loss is the same at every step
    strengths<double> model(1);
    const auto history =
        train(model, objective, {},
              {.epochs = 9, .batch_size = 10, .observers = {early_stop{.patience = 2, .watch = &training_step::loss}}});
    CHECK(history.steps.size() == 3);
    CHECK(history.stopped);
}

TEST_CASE("it stops wherever it stands among the observers") {
    recorder objective;
    strengths<double> model(1);
    double loss = 0;
    const held_out evaluate{.evaluate = [&] { return held_out_result{++loss}; }, .every = 1};
    const auto history = train(model, objective, {},
                               {.epochs = 9, .batch_size = 10, .observers = {early_stop{.patience = 2}, evaluate}});
    CHECK(history.steps.size() == 3);
    CHECK(history.notes.empty());
}

TEST_CASE("a number that no step can have is refused, and one that no step had is noted") {
    recorder objective;
    strengths<double> model(1);
    const auto stop_on = [&](double training_step::*watch, std::vector<training_observer> others) {
        others.push_back(early_stop{.patience = 2, .watch = watch});
        return train(model, objective, {}, {.epochs = 9, .batch_size = 10, .observers = others});
    };
    CHECK_THROWS_WITH_AS(stop_on(&training_step::eval_loss, {}),
                         "early_stop watches eval_loss, and no observer evaluates: held_out is missing",
                         argument_error);
    CHECK_THROWS_WITH_AS(stop_on(&training_step::kl, {}),
                         "early_stop watches kl, which the steps of this run do not have", argument_error);
    const held_out late{.evaluate = [] { return held_out_result{1}; }, .every = 10};
    const auto history = stop_on(&training_step::eval_loss, {late});
    CHECK_FALSE(history.stopped);
    CHECK(history.notes == std::vector<std::string>{"early_stop watched eval_loss, which none of the 9 steps had"});
}
