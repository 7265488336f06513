#include <cmath>
#include <filesystem>
#include <limits>
#include <set>
#include <span>
#include <vector>

#if defined(_OPENMP)
#include <omp.h>
#endif

#include <doctest/doctest.h>

#include <preflearn/training/loop/loop.hpp>

#include "../toys.hpp"

using namespace preflearn;

namespace {

/// An objective that only writes down what the loop asks of it; its gradient is `slope` for every parameter.
struct recorder {
    std::vector<std::vector<std::size_t>> batches;
    std::vector<std::size_t> micro;
    std::vector<double> totals;
    double loss = 1, slope = 1;
    std::size_t examples = 10;

    [[nodiscard]] std::size_t size() const { return examples; }
    [[nodiscard]] double weight(std::size_t i) const { return static_cast<double>(i); }
    void begin(double total) {
        totals.push_back(total);
        batches.emplace_back();
    }
    void accumulate(strengths<double>& model, std::span<const std::size_t> indices) {
        micro.push_back(indices.size());
        batches.back().insert(batches.back().end(), indices.begin(), indices.end());
        for (double& g : model.gradient) g += slope;
    }
    void finish(training_step& step) const { step.loss = loss; }
    void describe(run_description&) const {}
};

} // namespace

TEST_CASE("an epoch sees every example once, in an order that is new in every epoch and follows from the seed") {
    const auto order = [](std::uint64_t seed) {
        recorder seen;
        strengths<double> model(1);
        train(model, seen, {}, {.epochs = 2, .batch_size = 4, .seed = seed});
        return seen;
    };
    const recorder seen = order(5);
    REQUIRE(seen.batches.size() == 6);
    std::vector<std::vector<std::size_t>> epochs(2);
    for (std::size_t i = 0; i < 6; ++i) {
        CHECK(seen.batches[i].size() == (i % 3 == 2 ? 2 : 4));
        double total = 0;
        for (const std::size_t example : seen.batches[i]) {
            epochs[i / 3].push_back(example);
            total += static_cast<double>(example);
        }
        CHECK(seen.totals[i] == total);
    }
    for (const auto& epoch : epochs) CHECK(std::set(epoch.begin(), epoch.end()).size() == 10);
    CHECK(epochs[0] != epochs[1]);
    CHECK(order(5).batches == seen.batches);
    CHECK(order(6).batches != seen.batches);
}

TEST_CASE("a batch comes in micro-batches of the size asked for, with a smaller rest") {
    recorder seen;
    strengths<double> model(1);
    train(model, seen, {}, {.batch_size = 7, .micro_batch_size = 3});
    CHECK(seen.micro == std::vector<std::size_t>{3, 3, 1, 3});
}

TEST_CASE("the observer sees every step with its number, epoch, rate and the norm before clipping") {
    recorder seen;
    strengths<double> model(4);
    std::vector<training_step> steps;
    const auto history = train(model, seen, {.rate = 0.5},
                               {.epochs = 2,
                                .batch_size = 5,
                                .schedule = schedule::linear,
                                .warm_up = 2,
                                .clip_norm = 0.1,
                                .observers = {[&](const training_step& step) { steps.push_back(step); }}});
    REQUIRE(steps.size() == 4);
    CHECK(steps[0].step == 1);
    CHECK(steps[3].steps == 4);
    CHECK(steps[0].epoch == 0.5);
    CHECK(steps[3].epoch == 2);
    CHECK(steps[0].learning_rate == 0.25);
    CHECK(steps[1].learning_rate == 0.5);
    CHECK(steps[3].learning_rate == 0.25);
    CHECK(steps[2].grad_norm == doctest::Approx(2)); // four parameters of slope 1, and nothing left of the step before
    CHECK(history.steps.size() == 4);
}

TEST_CASE("a loss or a gradient that is not finite ends the training, names the step and spares the parameters") {
    recorder seen;
    strengths<double> model(3);
    seen.loss = std::numeric_limits<double>::quiet_NaN();
    CHECK_THROWS_WITH_AS(train(model, seen, {}, {}), doctest::Contains("step 1 of 2: the loss is nan"), numeric_error);
    seen.loss = 1;
    std::vector<double> before;
    const auto spoil = [&](const training_step& step) {
        if (step.step == 2) seen.slope = std::numeric_limits<double>::infinity();
        before = model.theta;
    };
    CHECK_THROWS_WITH_AS(train(model, seen, {}, {.batch_size = 1, .observers = {spoil}}),
                         doctest::Contains("step 3 of 10: the gradient of parameter 0 is inf"), numeric_error);
    CHECK(model.theta == before);
    seen.slope = 1; // what the failed step left in the gradients must not enter the next run
    strengths<double> fresh(3);
    model.theta = fresh.theta;
    train(model, seen, {}, {});
    train(fresh, seen, {}, {});
    CHECK(model.theta == fresh.theta);
}

TEST_CASE("a run of no epochs changes nothing") {
    recorder seen;
    strengths<double> model(2);
    CHECK(train(model, seen, {}, {.epochs = 0}).steps.empty());
    CHECK(model.theta == std::vector<double>(2));
}
