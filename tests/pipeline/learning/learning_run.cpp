#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/pipeline/learning/learning_run.hpp>

using namespace preflearn;

TEST_CASE("trainings of a run have files of their own, by seed and title, and the run's moments") {
    training_options training{.seed = 1};
    const learning_run run{.eight_bit_moments = true, .seed = 4, .checkpoints = {.path = "folder", .every = 2}};
    prepare_training(training, run, "student of a, b");
    CHECK(training.seed == 4);
    CHECK(training.keeper.place() == "folder/seed-4-student-of-a-b.safetensors");
    CHECK(optimiser_of({}, run).name == "adamw_8bit");
    CHECK(optimiser_of({}, learning_run{}).name == "adamw");
}

TEST_CASE("who watches the scoring is told its title and its size; nobody is asked where nobody watches") {
    CHECK_FALSE(begin_scoring({}, "reference", 3));
    std::string told;
    std::vector<std::size_t> scored;
    learning_run run;
    run.scoring = [&](std::string_view title, std::size_t pairs) {
        told = std::string(title) + " " + std::to_string(pairs);
        return [&](std::size_t done) { scored.push_back(done); };
    };
    begin_scoring(run, "reference", 3)(2);
    CHECK(told == "scoring: reference 3");
    CHECK(scored == std::vector<std::size_t>{2});
}
