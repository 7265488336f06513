#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/programs/aligning/learn_student.hpp>

#include "../../files.hpp"
#include "../../pipeline/tiny_models.hpp"
#include "tiny_losses.hpp"

using namespace preflearn;

namespace {

/// Pairs of which every second counts for nothing, and what one step of a run makes of them.
struct weighted_lesson {
    test::folder folder;
    align_options options{};
    std::string told{};

    weighted_lesson() {
        test::write_tiny_model(folder / "model");
        options.learning.training = {.batch_size = 8, .schedule = schedule::constant};
        options.learning.optimiser.rate = 1e-2;
    }
    training_history run(const char* loss_name, batch_mean mean, double weight_of_others) {
        align_data data;
        const auto text = [&](const std::string& letters) { return data.file.keep(letters); };
        for (std::uint64_t i = 0; i < 8; ++i)
            data.learned.push_back({.id = i,
                                    .prompt = text("abcd"),
                                    .responses = {text("a"), text("d")},
                                    .weight = i % 2 == 0 ? 1 : weight_of_others});
        const kind_of_loss loss = test::tiny_loss(loss_name, {});
        const learning_run run{};
        const speaker say = [](const std::string&) {};
        text_model policy = detail::load_text_model(test::on_processor(), folder / "model", {});
        const student_lesson lesson{.options = options,
                                    .run = run,
                                    .data = data,
                                    .loss = loss,
                                    .taken = {.weights = true, .mean = mean},
                                    .say = say};
        return learn_student(policy, lesson).history;
    }
};

} // namespace

TEST_CASE("weights are a plain mean over the examples, or divided by their sum") {
    for (const char* const loss : {"dpo", "ld_dpo"}) {
        CAPTURE(loss);
        weighted_lesson lesson;
        const double normalised = lesson.run(loss, batch_mean::over_weights, 0).steps.front().loss,
                     plain = lesson.run(loss, batch_mean::over_examples, 0).steps.front().loss;
        CHECK(normalised == doctest::Approx(std::log(2.0)));
        CHECK(plain == doctest::Approx(normalised / 2)); // half of the examples weigh nothing
        CHECK(lesson.run(loss, batch_mean::over_examples, 1).steps.front().loss == doctest::Approx(normalised));
    }
}

TEST_CASE("what training throws calls examples what their file calls them") {
    weighted_lesson lesson;
    CHECK(test::contains(test::error_of([&] { lesson.run("dpo", batch_mean::over_weights, -1); }), "weight is -1"));
}
