#include <doctest/doctest.h>

#include <preflearn/pipeline/learning/training_report.hpp>

using namespace preflearn;

TEST_CASE("a run as JSON has the numbers that its steps have, as curves the evaluated steps as points") {
    training_history history;
    history.steps = {{.step = 1, .loss = 2}, {.step = 2, .loss = 1, .eval_loss = 0.5}};
    const auto json = json_of_steps(history);
    REQUIRE(json.size() == 2);
    CHECK_FALSE(json[0].contains("eval_loss"));
    CHECK(json[1]["eval_loss"] == 0.5);
    const line_plot losses = loss_curve(history, "loss");
    REQUIRE(losses.series.size() == 2);
    CHECK(losses.series[0].y == std::vector{2.0, 1.0});
    CHECK(losses.series[1].x == std::vector{2.0});
    CHECK(accuracy_curve(history, "accuracy").series.empty()); // nothing was compared
}
