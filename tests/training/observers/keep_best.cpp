#include <cstddef>
#include <functional>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/training/loop/loop.hpp>
#include <preflearn/training/observers/held_out.hpp>
#include <preflearn/training/observers/keep_best.hpp>

#include "../recorder.hpp"

using namespace preflearn;

TEST_CASE("the parameters of the best evaluation are put back at the end, and the first of equal ones is the best") {
    const std::vector<double> evaluations{3, 1, 2, 1, 5};
    recorder objective;
    strengths<double> model(2);
    std::vector<std::vector<double>> parameters;
    const held_out evaluate{.evaluate =
                                [&] {
                                    parameters.push_back(model.theta);
                                    return held_out_result{evaluations[parameters.size() - 1]};
                                },
                            .every = 1};
    keep_best best, largest{.larger_is_better = true};
    const training_history history =
        train(model, objective, {}, {.epochs = 5, .batch_size = 10, .observers = {evaluate, std::ref(best)}});
    CHECK(best.best_step == 2);
    CHECK(best.best == 1);
    CHECK(model.theta == parameters[1]);
    CHECK(model.theta != parameters[4]);
    CHECK(history.steps.size() == 5); // the history is the whole run's
    parameters.clear();
    train(model, objective, {}, {.epochs = 5, .batch_size = 10, .observers = {evaluate, std::ref(largest)}});
    CHECK(largest.best_step == 5);
}

TEST_CASE("where nothing is evaluated the run's last parameters stay") {
    recorder objective;
    strengths<double> model(2), plain(2);
    keep_best best;
    const auto history = train(model, objective, {}, {.epochs = 3, .observers = {std::ref(best)}});
    REQUIRE(history.notes.size() == 1);
    CHECK(history.notes[0] ==
          "keep_best watched eval_loss, which none of the 6 steps had: the parameters are the last");
    train(plain, objective, {}, {.epochs = 3});
    CHECK(best.best_step == 0);
    CHECK(model.theta == plain.theta);
}
