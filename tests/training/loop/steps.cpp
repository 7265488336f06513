#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/training/loop/steps.hpp>

using namespace preflearn;

TEST_CASE("the steps of a run need no model: parameters, gradients and functions over them do") {
    std::vector<float> parameters{4, -2}, gradients(2);
    std::vector<std::size_t> micro_batches;
    training_parts<float> parts;
    parts.parameters = parameters;
    parts.gradients = [&] { return std::span<float>(gradients); };
    parts.examples = 5;
    parts.weight = [](std::size_t) { return 2.0; };
    parts.begin = [](double total, std::span<const std::size_t> batch, std::size_t) {
        CHECK(total == 2.0 * static_cast<double>(batch.size()));
    };
    parts.accumulate = [&](std::span<const std::size_t> examples) {
        micro_batches.push_back(examples.size());
        gradients[0] = parameters[0];
        gradients[1] = parameters[1];
    };
    parts.finish = [&](training_step& step) { step.loss = std::abs(static_cast<double>(parameters[0])); };
    parts.rate = 0.5;
    parts.update = [](std::size_t, std::span<float> p, std::span<float> g, double rate, double factor) {
        CHECK(factor == 1);
        for (std::size_t i = 0; i < p.size(); ++i) p[i] -= static_cast<float>(rate) * g[i];
        std::ranges::fill(g, 0.0F);
    };
    const std::vector<parameter_segment> segments = segments_of({}, 2);
    const training_history history =
        make_steps<float>(parts, segments, {.epochs = 2, .batch_size = 3, .micro_batch_size = 2, .clip_norm = 0});
    CHECK(parameters == std::vector<float>{0.25F, -0.125F});
    CHECK(micro_batches == std::vector<std::size_t>{2, 1, 2, 2, 1, 2});
    REQUIRE(history.steps.size() == 4);
    CHECK(history.steps[3].loss == 0.5);
    CHECK(history.steps[1].grad_norm == doctest::Approx(std::sqrt(5)));
    CHECK(history.steps[3].epoch == 2);
}

TEST_CASE("an optimiser that leaves gradients behind is noticed at its first step") {
    std::vector<float> parameters{1, 2}, gradients(2);
    training_parts<float> parts{.parameters = parameters, .gradients = [&] { return std::span(gradients); }};
    parts.examples = 1;
    parts.weight = [](std::size_t) { return 1.0; };
    parts.begin = [](double, std::span<const std::size_t>, std::size_t) {};
    parts.accumulate = [&](std::span<const std::size_t>) { gradients[1] = 3; };
    parts.finish = [](training_step&) {};
    parts.optimiser = "forgetful";
    bool forgets = true;
    parts.update = [&](std::size_t, std::span<float>, std::span<float> g, double, double) {
        if (!forgets) std::ranges::fill(g, 0.0F);
    };
    const std::vector<parameter_segment> all{{{0, 2}}};
    CHECK_THROWS_WITH_AS(make_steps(parts, std::span<const parameter_segment>(all), {.epochs = 2}),
                         doctest::Contains("the optimiser forgetful left the gradient of parameter 1 at 3"),
                         argument_error);
    forgets = false;
    CHECK(make_steps(parts, std::span<const parameter_segment>(all), {.epochs = 2}).steps.size() == 2);
}
