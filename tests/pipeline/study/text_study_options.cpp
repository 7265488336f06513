#include <doctest/doctest.h>

#include <preflearn/pipeline/study/text_study_options.hpp>

using namespace preflearn;

TEST_CASE("students learn as the teacher does unless they have numbers of their own") {
    text_study_options options{.beta = 0.5, .soft_labels = true, .seed = 3, .checkpoints = "runs"};
    options.learning.optimiser.rate = 0.25;
    options.learning.training.epochs = 7;
    options.learning.checkpoint_every = 9;
    study_options same = detail::study_options_of(options);
    CHECK(same.beta == 0.5);
    CHECK(same.soft_labels);
    CHECK(same.seed == 3);
    CHECK(same.checkpoints.path == "runs");
    CHECK(same.checkpoints.every == 9);
    CHECK(same.student_optimiser.rate == 0.25);
    CHECK(same.student_training.epochs == 7);
    options.student_optimiser = adamw{.rate = 0.125};
    options.student_training = training_options{.epochs = 2};
    same = detail::study_options_of(options);
    CHECK(same.teacher_optimiser.rate == 0.25);
    CHECK(same.student_optimiser.rate == 0.125);
    CHECK(same.teacher_training.epochs == 7);
    CHECK(same.student_training.epochs == 2);
}
