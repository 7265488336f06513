#include <doctest/doctest.h>

#include <preflearn/core/system/error.hpp>
#include <preflearn/programs/aligning/told_noise.hpp>

#include "../../files.hpp"

using namespace preflearn;

TEST_CASE("a noise rate is a number below one half, or what is known of the teacher") {
    align_options options{.data = "L.jsonl", .loss_name = "cdpo", .noise_rate = "0.1"};
    const auto noise = noise_told(options);
    CHECK(noise->found.rate.value == 0.1);
    const auto values = parameters_with_noise(options, noise);
    REQUIRE(values.size() == 1);
    CHECK((values[0].name == "label_smoothing" && values[0].value == "0.1"));
    for (const char* const wrong : {"0.5", "-0.1", "half"}) {
        options.noise_rate = wrong;
        CHECK_THROWS_AS(noise_told(options), argument_error);
    }
    options.noise_rate.clear();
    CHECK_FALSE(noise_told(options)); // no manifest says it
}

TEST_CASE("a teacher that is no better than a coin cannot be corrected for") {
    const test::folder folder;
    noise_estimate noise{.pairs = 10};
    noise.rate = {.value = 0.6, .bounds = {0.4, 0.8}, .count = 10, .status = estimate_status::ok};
    folder.write("teacher.json", nlohmann::ordered_json{{"evaluation", {{"noise", to_json(noise)}}}}.dump());
    align_options options{.noise_rate = "teacher", .teacher = folder / ""};
    CHECK(test::contains(test::error_of([&] { noise_told(options); }), "below 50%"));
    options.noise_rate.clear();
    CHECK(noise_told(options)->found.rate.value == 0.6); // it is told, and corrects nothing
    CHECK(parameters_with_noise(options, noise_told(options)).empty());
}

TEST_CASE("beta goes to losses that have one and are told no other") {
    align_options options{.beta = 0.3};
    CHECK(parameters_with_noise(options, {}).front().value == "0.3");
    options.loss_parameters = {"beta=0.5"};
    CHECK(parameters_with_noise(options, {}).front().value == "0.5");
    options = {.loss_name = "sft", .beta = 0.3};
    CHECK(parameters_with_noise(options, {}).empty());
}

TEST_CASE("a loss without a place for a rate is refused with the names of those that have one") {
    align_options options{.loss_name = "simpo", .noise_rate = "0.1"};
    const std::string told = test::error_of([&] { parameters_with_noise(options, noise_told(options)); });
    CHECK(test::contains(told, "robust"));
    CHECK(test::contains(told, "ropo_filtered"));
}

TEST_CASE("told a rate, ropo filters it, and told one of each pair, robust corrects by pair") {
    align_options options{.loss_name = "ROPO", .loss_parameters = {"alpha=6"}, .noise_rate = "0.25"};
    CHECK(loss_asked_for(options) == "ropo_filtered");
    const auto values = parameters_with_noise(options, noise_told(options));
    REQUIRE(values.size() == 2);
    CHECK((values[1].name == "filtered" && values[1].value == "0.25"));
    options.noise_rate.clear();
    CHECK(loss_asked_for(options) == "ROPO");
    options = {.data = "L.jsonl", .loss_name = "robust_dpo", .noise_rate = "pairs"};
    CHECK(loss_asked_for(options) == "robust_by_pair");
    CHECK_FALSE(noise_told(options));
    CHECK(parameters_with_noise(options, {}).empty());
    options.loss_name = "sigmoid";
    CHECK(loss_asked_for(options) == "sigmoid");
}

TEST_CASE("labels whose noise was not measured have no rate to learn by, and say why") {
    test::folder folder;
    const noise_estimate none{.rate = estimate::none(estimate_status::empty), .why = "nobody knows"};
    folder.write("l.manifest.json", nlohmann::ordered_json{{"settings", {{"noise", to_json(none)}}}}.dump());
    align_options options{.data = folder / "l.jsonl"};
    CHECK_FALSE(noise_told(options));
    options.noise_rate = "teacher";
    CHECK(test::contains(test::error_of([&] { noise_told(options); }),
                         "has no noise rate of these labels: nobody knows; give a number"));
}

TEST_CASE("of labels that a rule kept, their own rate is told, not the teacher's of all pairs") {
    test::folder folder;
    const auto noise = [](double rate) {
        return to_json(noise_estimate{.rate = {.value = rate, .status = estimate_status::ok}, .pairs = 9});
    };
    folder.write("teacher.json", nlohmann::ordered_json{{"evaluation", {{"noise", noise(0.3)}}}}.dump());
    const align_options options{.data = folder / "l.jsonl", .noise_rate = "teacher", .teacher = folder.path()};
    for (const char* const rule : {"hard", "top", "abstain"}) {
        folder.write("l.manifest.json",
                     nlohmann::ordered_json{{"settings", {{"rule", rule}, {"noise", noise(0.1)}}}}.dump());
        CHECK(noise_told(options)->found.rate.value == (std::string_view(rule) == "hard" ? 0.3 : 0.1));
    }
}
