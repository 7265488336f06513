#include <string>
#include <string_view>

#include <doctest/doctest.h>

#include <preflearn/pipeline/study/study_options.hpp>

using namespace preflearn;

TEST_CASE("an optimiser of a study has the numbers given, whichever way its moments are kept") {
    const auto said = [](const any_optimiser& optimiser) {
        std::string text(optimiser.name);
        optimiser.describe([&](std::string_view name, const auto& value) { text += message(" ", name, " ", value); });
        return text;
    };
    const adamw numbers{.rate = 0.5, .beta1 = 0.25, .beta2 = 0.75, .epsilon = 0.125, .weight_decay = 0.0625};
    CHECK(said(optimiser_of(numbers, {})) == "adamw rate 0.5 beta1 0.25 beta2 0.75 epsilon 0.125 weight_decay 0.0625");
    CHECK(said(optimiser_of(numbers, {.eight_bit_moments = true})) ==
          "adamw_8bit rate 0.5 beta1 0.25 beta2 0.75 epsilon 0.125 weight_decay 0.0625");
}

TEST_CASE("a training run of a study has the study's seed, its observer, and a file of its own name") {
    training_options training{.seed = 1, .observers = {[](const training_step&) {}}};
    std::string shown;
    study_options options{.seed = 7};
    prepare_training(training, options, "student of human labels, all pairs");
    CHECK(training.seed == 7);
    CHECK(training.observers.empty());
    CHECK_FALSE(training.keeper);
    options.checkpoints.path = "folder";
    options.observe = [&](std::string_view title) {
        shown = title;
        return training_observer();
    };
    prepare_training(training, options, "student of human labels, all pairs");
    CHECK(shown == "student of human labels, all pairs");
    CHECK(training.observers.size() == 1);
    CHECK(training.keeper.place() == "folder/seed-7-student-of-human-labels-all-pairs.safetensors");
}
