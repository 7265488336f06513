#include <doctest/doctest.h>

#include <preflearn/pipeline/learning/training_settings.hpp>
#include <preflearn/training/loop/schedule.hpp>

using namespace preflearn;

TEST_CASE("settings of a training differ where its options change what is learned") {
    const training_options plain;
    const auto of = [](const training_options& training, const adamw& optimiser = {}) {
        return settings_of(training, optimiser);
    };
    for (const training_options& other :
         {training_options{.epochs = 2}, training_options{.max_steps = 2}, training_options{.batch_size = 2},
          training_options{.micro_batch_size = 2}, training_options{.schedule = schedule::linear},
          training_options{.warm_up = 2}, training_options{.clip_norm = 2}})
        CHECK(of(other) != of(plain));
    CHECK(of(plain, {.rate = 2}) != of(plain));
    CHECK(of(plain, {.weight_decay = 2}) != of(plain));
    CHECK(of({.seed = 7}) == of(plain)); // is the program's
}

TEST_CASE("settings of an adapter have its layers and its scale") {
    CHECK(settings_of(adapter_options{.layers = {1}}) != settings_of(adapter_options{}));
    CHECK(settings_of(adapter_options{.rank_stabilised = true}) != settings_of(adapter_options{}));
}
