#include <cmath>
#include <filesystem>
#include <limits>
#include <set>
#include <span>
#include <string_view>
#include <vector>

#if defined(_OPENMP)
#include <omp.h>
#endif

#include <doctest/doctest.h>

#include <preflearn/training/loop/loop.hpp>
#include <preflearn/training/optimisers/sgd.hpp>

#include "../recorder.hpp"

using namespace preflearn;

namespace {

/// Moves every parameter by the rate, whatever its gradient.
struct moving_optimiser {
    double rate = 0.5;
    static constexpr std::string_view name = "own";
    void check() const {}
    template <class Add> void describe(const Add& add) const { add("rate", rate); }
    struct nothing {
        std::vector<named_state> state() { return {}; }
    };
    template <class Scalar> nothing start(flat_range) const { return {}; }
    template <class Scalar>
    void update(nothing&, std::span<Scalar> parameters, std::span<Scalar> gradients, double step, double) const {
        for (Scalar& p : parameters) p += static_cast<Scalar>(step);
        for (Scalar& g : gradients) g = 0;
    }
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

TEST_CASE("a callable is a schedule: it is given the share of the steps after the warm-up") {
    recorder seen;
    strengths<double> model(1);
    const auto history = train(model, seen, {.rate = 0.5},
                               {.epochs = 5,
                                .batch_size = 10,
                                .schedule = [](double progress) { return 1 - progress * progress; },
                                .warm_up = 1});
    for (std::size_t i = 1; i < 5; ++i) {
        const double progress = static_cast<double>(i - 1) / 4;
        CHECK(history.steps[i].learning_rate == 0.5 * (1 - progress * progress));
    }
    CHECK(history.steps[0].learning_rate == 0.5);
    CHECK_THROWS_WITH_AS(train(model, seen, {}, {.schedule = [](double) { return -1.0; }}),
                         doctest::Contains("a factor of -1"), argument_error);
}

TEST_CASE("any optimiser trains, also one that a user wrote") {
    recorder seen;
    strengths<double> model(2);
    train(model, seen, moving_optimiser{}, {.epochs = 3, .batch_size = 10});
    CHECK(model.theta == std::vector<double>{1.5, 1.5});
    train(model, seen, sgd{.rate = 1, .momentum = 0}, {.batch_size = 10, .clip_norm = 0});
    CHECK(model.theta == std::vector<double>{0.5, 0.5});
}
