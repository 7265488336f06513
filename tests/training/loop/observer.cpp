#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/training/loop/loop.hpp>
#include <preflearn/training/loop/observer.hpp>

#include "../recorder.hpp"

using namespace preflearn;

TEST_CASE("whoever returns false ends the run, and what was learned and reported survives") {
    recorder seen;
    strengths<double> model(2), whole(2);
    std::size_t shown = 0;
    const auto third = [](const training_step& step) { return step.step < 3; };
    const auto all = [&](const training_step&) { ++shown; };
    const training_history history = train(model, seen, {}, {.epochs = 4, .observers = {third, all}});
    CHECK(history.stopped);
    CHECK(history.steps.size() == 3);
    CHECK(shown == 3); // who comes behind still sees the last step
    CHECK_FALSE(train(whole, seen, {}, {.epochs = 4, .max_steps = 3}).stopped);
    CHECK(model.theta == whole.theta);
}

TEST_CASE("observers are called in their order, by the members that they have") {
    recorder seen;
    strengths<double> model(2);
    std::vector<std::string> calls;
    struct watcher {
        std::vector<std::string>& calls;
        void on_start(const training_run& run) {
            CHECK(run.total == 4);
            CHECK(std::get<std::span<double>>(run.parameters).size() == 2);
            calls.push_back("start");
        }
        void on_step(training_step& step) { calls.push_back("step " + std::to_string(step.step)); }
        bool on_epoch(const training_step& step, const training_run& run) {
            CHECK(run.steps.size() == step.step);
            calls.push_back("epoch");
            return step.step < 4;
        }
        void on_end(const training_run&) { calls.push_back("end"); }
    };
    train(model, seen, {}, {.epochs = 2, .batch_size = 5, .observers = {watcher{calls}, [&](const training_step&) {
                                                                            calls.push_back("seen");
                                                                        }}});
    CHECK(calls == std::vector<std::string>{"start", "step 1", "seen", "step 2", "epoch", "seen", "step 3", "seen",
                                            "step 4", "epoch", "seen", "end"});
}

TEST_CASE("a run has a copy of its observers, and what is given in std::ref is the thing itself") {
    struct counter {
        std::size_t steps = 0;
        void operator()(const training_step&) { ++steps; }
    };
    recorder seen;
    strengths<double> model(1);
    counter mine;
    train(model, seen, {}, {.batch_size = 5, .observers = {mine}});
    CHECK(mine.steps == 0);
    train(model, seen, {}, {.batch_size = 5, .observers = {std::ref(mine)}});
    CHECK(mine.steps == 2);
}

TEST_CASE("an observer that is nobody lets everything go on") {
    training_observer nobody;
    training_step step;
    CHECK(nobody(step));
    CHECK(nobody.on_step(step, {}, true));
    CHECK(nobody.on_resume({}));
    CHECK(nobody.state().empty());
    CHECK_FALSE(nobody.writes());
    static_assert(!TrainingObserver<int>);
    static_assert(!TrainingObserver<std::string>);
}

TEST_CASE("an observer that has a member which nobody would call is none, whatever else it has") {
    struct right {
        void on_step(training_step&) {}
        bool on_epoch(const training_step&, const training_run&) { return true; }
    };
    struct wrong_epoch {
        void on_step(training_step&) {}
        void on_epoch(int) {}
    };
    struct wrong_answer {
        void on_step(const training_step&) {}
        std::string on_resume(const training_run&) { return ""; }
    };
    struct wrong_state {
        void operator()(const training_step&) {}
        std::vector<double> state() { return {}; }
    };
    struct changing_description {
        void operator()(const training_step&) {}
        void describe(run_description&) {}
    };
    struct a_number_called_state { // is no function
        int state = 0;
        void operator()(const training_step&) {}
    };
    static_assert(TrainingObserver<right> && TrainingObserver<std::reference_wrapper<right>>);
    static_assert(!TrainingObserver<wrong_epoch> && !TrainingObserver<wrong_answer>);
    static_assert(!TrainingObserver<wrong_state> && !TrainingObserver<changing_description>);
    static_assert(TrainingObserver<a_number_called_state>);
    CHECK(training_observer(right{}).writes());
    CHECK_FALSE(training_observer(a_number_called_state{}).writes());
}

TEST_CASE("who writes into a step comes before who reads it, and a note reaches the history") {
    struct reader {
        double* seen;
        void on_step(const training_step& step, const training_run& run) const {
            CHECK(run.evaluated);
            *seen = step.eval_loss;
            run.note("read");
        }
    };
    struct writer {
        void on_step(training_step& step) const { step.eval_loss = 7; }
    };
    recorder objective;
    strengths<double> model(1);
    double seen = 0;
    const training_history history = train(model, objective, {}, {.observers = {reader{&seen}, writer{}}});
    CHECK(seen == 7);
    CHECK(history.notes == std::vector<std::string>{"read", "read"});
}
