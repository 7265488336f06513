#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/training/loop/loop.hpp>
#include <preflearn/training/observers/held_out.hpp>

#include "../recorder.hpp"

using namespace preflearn;

TEST_CASE("held-out data are evaluated after every n steps, or after every epoch, and the history has the result") {
    recorder objective;
    strengths<double> model(1);
    const auto steps_with = [&](std::size_t every) {
        std::vector<std::size_t> found;
        double calls = 0;
        const held_out evaluate{.evaluate = [&] { return held_out_result{++calls, 0.5}; }, .every = every};
        const auto history =
            train(model, objective, {}, {.epochs = 2, .max_steps = 7, .batch_size = 3, .observers = {evaluate}});
        REQUIRE(history.steps.size() == 7); // of 4 in an epoch
        for (const training_step& step : history.steps) {
            if (std::isnan(step.eval_loss)) continue;
            found.push_back(step.step);
            CHECK(step.eval_loss == static_cast<double>(found.size()));
            CHECK(step.eval_accuracy == 0.5);
        }
        return found;
    };
    CHECK(steps_with(3) == std::vector<std::size_t>{3, 6});
    CHECK(steps_with(0) == std::vector<std::size_t>{4});
    CHECK(steps_with(8).empty());
}

TEST_CASE("an evaluation sees the parameters after the update, and one that is not finite names the step") {
    recorder objective;
    strengths<double> model(1);
    const held_out evaluate{.evaluate =
                                [&] {
                                    CHECK(model.theta[0] < 0);
                                    return held_out_result{std::numeric_limits<double>::infinity()};
                                },
                            .every = 2};
    CHECK_THROWS_WITH_AS(train(model, objective, {}, {.batch_size = 2, .observers = {evaluate}}),
                         doctest::Contains("step 2 of 5: the held-out loss is inf"), numeric_error);
    CHECK_THROWS_AS(train(model, objective, {}, {.observers = {held_out{}}}), argument_error);
}
