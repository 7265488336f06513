#include <doctest/doctest.h>

#include <preflearn/core/system/error.hpp>
#include <preflearn/programs/aligning/align_options.hpp>

using namespace preflearn;

TEST_CASE("whatever changes a student's bits changes its settings") {
    const align_options plain;
    const auto differs = [&](const auto& change) {
        align_options other = plain;
        change(other);
        return settings_of(other) != settings_of(plain);
    };
    CHECK(differs([](align_options& o) { o.learning.training.max_steps = 3; }));
    CHECK(differs([](align_options& o) { o.learning.fine_tuning.clip_norm = 3; }));
    CHECK(differs([](align_options& o) { o.learning.optimiser.weight_decay = 3; }));
    CHECK(differs([](align_options& o) { o.learning.adapter = adapter_options{}; }));
    CHECK(differs([](align_options& o) { o.threshold = 3; }));
    CHECK(differs([](align_options& o) { o.records.columns.prompt = "question"; }));
    CHECK(differs([](align_options& o) { o.written = element_type::bf16; }));
    CHECK_FALSE(differs([](align_options& o) { o.learning.checkpoint_every = 3; }));
}

TEST_CASE("words for what is done with columns") {
    CHECK(use_named<column_use>(column_use_names, "ignore") == column_use::ignore);
    CHECK(use_named<weight_use>(weight_use_names, "normalised") == weight_use::normalised);
    CHECK_THROWS_AS(use_named<column_use>(column_use_names, "maybe"), argument_error);
}
