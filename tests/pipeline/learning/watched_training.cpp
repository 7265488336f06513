#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <preflearn/pipeline/learning/watched_training.hpp>

#include "../../files.hpp"

using namespace preflearn;

namespace {

/// The steps of a run of so many that are evaluated.
std::vector<std::uint64_t> watched_steps(training_observer observer, std::uint64_t steps) {
    std::vector<std::uint64_t> found;
    for (std::uint64_t s = 1; s <= steps; ++s) {
        training_step step{.step = s, .steps = steps};
        CHECK(observer.on_step(step, {}, false));
        if (!std::isnan(step.eval_loss)) found.push_back(s);
    }
    return found;
}

held_out_result watched_result() { return {.loss = 0.25, .accuracy = 0.5}; }

} // namespace

TEST_CASE("a watched run is evaluated after every so many steps and after its last, never with a loss that is none") {
    CHECK(watched_steps(held_out_to_the_end{watched_result, 3}, 7) == std::vector<std::uint64_t>{3, 6, 7});
    CHECK(watched_steps(held_out_to_the_end{watched_result, 3}, 6) == std::vector<std::uint64_t>{3, 6});
    CHECK(watched_steps(held_out_to_the_end{watched_result, 30}, 6) == std::vector<std::uint64_t>{6});
    const held_out_to_the_end broken{[] { return held_out_result{.loss = std::numeric_limits<double>::infinity()}; }};
    training_step step{.step = 2, .steps = 5};
    CHECK(test::contains(test::error_of([&] { broken.on_step(step); }), "step 2 of 5: the held-out loss is inf"));
    run_description often, seldom; // a kept run goes on under the same alone
    held_out_to_the_end{watched_result, 1}.describe(often);
    held_out_to_the_end{watched_result, 2}.describe(seldom);
    CHECK_FALSE(std::ranges::equal(often.fields(), seldom.fields()));
}

TEST_CASE("it is evaluated four times an epoch unless told otherwise, told of, and stopped where there is a patience") {
    watching options;
    std::vector<std::string> told;
    const auto watched = [&](std::size_t examples) {
        training_options training{.batch_size = 8};
        watch(training, options, examples, watched_result, [&](const std::string& line) { told.push_back(line); });
        return training.observers;
    };
    CHECK(watched_steps(watched(80).front(), 10) == std::vector<std::uint64_t>{3, 6, 9, 10});
    CHECK(watched_steps(watched(3).front(), 1) == std::vector<std::uint64_t>{1});
    const std::size_t with_patience = watched(80).size();
    options.patience = 0;
    CHECK(watched(80).size() + 1 == with_patience);
    options.every = 4;
    const std::vector<training_observer> all = watched(80);
    CHECK(watched_steps(all.front(), 10) == std::vector<std::uint64_t>{4, 8, 10});
    training_step step{.step = 4, .steps = 10};
    all.back()(step);
    CHECK(told.empty()); // of steps without an evaluation nothing is said
    step.eval_loss = 0.25;
    step.eval_accuracy = 0.5;
    all.back()(step);
    REQUIRE(told.size() == 1);
    CHECK(test::contains(told.front(), "step 4 of 10: held-out loss 0.25"));
    CHECK(test::contains(told.front(), "accuracy 50"));
    step.eval_accuracy = training_step::none; // of a loss that compares nothing
    all.back()(step);
    CHECK_FALSE(test::contains(told.back(), "accuracy"));
}
