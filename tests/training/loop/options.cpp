#include <limits>

#include <doctest/doctest.h>

#include <preflearn/training/loop/options.hpp>

using namespace preflearn;

TEST_CASE("an epoch has a step for every batch, the last one possibly smaller, and max_steps cuts the run short") {
    CHECK(count_steps({.batch_size = 4}, 12).total == 3);
    CHECK(count_steps({.batch_size = 4}, 13).total == 4);
    CHECK(count_steps({.batch_size = 100}, 13).total == 1);
    CHECK(count_steps({.epochs = 3, .batch_size = 4}, 13).total == 12);
    CHECK(count_steps({.epochs = 3, .max_steps = 7, .batch_size = 4}, 13).total == 7);
    CHECK(count_steps({.epochs = 1, .max_steps = 70, .batch_size = 4}, 13).total == 4);
    CHECK(count_steps({.epochs = 0}, 13).total == 0);
    CHECK(count_steps({.epochs = 5, .batch_size = 4, .warm_up = 0.1}, 40).warm_up == 5);
}

TEST_CASE("options out of range are refused by name") {
    CHECK_THROWS_WITH_AS(count_steps({.batch_size = 0}, 1), doctest::Contains("batch_size"), argument_error);
    CHECK_THROWS_WITH_AS(count_steps({.clip_norm = -1}, 1), doctest::Contains("clip_norm"), argument_error);
    CHECK_THROWS_WITH_AS(count_steps({.warm_up = -1}, 1), doctest::Contains("warm_up"), argument_error);
    CHECK_THROWS_WITH_AS(count_steps({}, 0), doctest::Contains("at least one example"), argument_error);
    CHECK_THROWS_WITH_AS(count_steps({.epochs = std::numeric_limits<std::size_t>::max()}, 9),
                         doctest::Contains("epochs"), argument_error);
}

TEST_CASE("by default nobody watches a run, so that a library call writes nothing, and nothing is kept") {
    CHECK(training_options{}.observers.empty());
    CHECK_FALSE(static_cast<bool>(training_options{}.keeper));
}
