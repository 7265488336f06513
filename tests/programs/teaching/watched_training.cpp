#include <doctest/doctest.h>

#include <cstddef>
#include <string>

#include <preflearn/programs/teaching/watched_training.hpp>

using namespace preflearn;

TEST_CASE("a teacher's options say when its run is evaluated and when it ends") {
    teach_options options;
    const auto observers = [&] {
        training_options training{.batch_size = 8};
        watch(
            training, options, 80, [] { return held_out_result{.loss = 0.25}; }, [](const std::string&) {});
        return training.observers.size();
    };
    const std::size_t with_patience = observers();
    options.patience = 0;
    CHECK(observers() + 1 == with_patience);
}

TEST_CASE("a taught run keeps its checkpoints and log-probs in the unfinished folder, with the options' own settings") {
    teach_options options{.beta = 0.7, .seed = 9, .checkpoint_every = 5};
    options.eight_bit_moments = true;
    const study_options run = run_options(options, "t.unfinished");
    CHECK(run.beta == 0.7);
    CHECK(run.seed == 9);
    CHECK(run.eight_bit_moments);
    CHECK(run.checkpoints.path == "t.unfinished");
    CHECK(run.checkpoints.every == 5);
    CHECK(run.cache.parent_path() == "t.unfinished");
}
