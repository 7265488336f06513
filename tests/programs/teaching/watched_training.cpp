#include <doctest/doctest.h>

#include <cstddef>
#include <string>

#include <preflearn/programs/teaching/watched_training.hpp>

using namespace preflearn;

TEST_CASE("a teacher's options say when its run is evaluated and when it ends") {
    teach_options options;
    const auto observers = [&] {
        training_options training{.batch_size = 8};
        const watched_by by = watched_as(
            options, [] { return held_out_result{.loss = 0.25}; }, [](const std::string&) {}, 80);
        watch(training, by.when, by.examples, by.evaluate, by.say);
        return training.observers.size();
    };
    const std::size_t with_patience = observers();
    options.learning.watched.patience = 0;
    CHECK(observers() + 1 == with_patience);
}

TEST_CASE("a taught run keeps its checkpoints and log-probs in the unfinished folder, with the options' own settings") {
    teach_options options{.seed = 9};
    options.learning.checkpoint_every = 5;
    options.learning.eight_bit_moments = true;
    const learning_run run = run_options(options, "t.unfinished");
    CHECK(run.seed == 9);
    CHECK(run.eight_bit_moments);
    CHECK(run.checkpoints.path == "t.unfinished");
    CHECK(run.checkpoints.every == 5);
    CHECK(run.cache.parent_path() == "t.unfinished");
}
