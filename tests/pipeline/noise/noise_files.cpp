#include <doctest/doctest.h>

#include <cmath>
#include <string>

#include <nlohmann/json.hpp>

#include <preflearn/pipeline/noise/noise_files.hpp>

#include "../../files.hpp"

using namespace preflearn;

namespace {

const noise_estimate written_noise{
    .rate = {.value = 0.25, .standard_error = 0.02, .bounds = {0.21, 0.3}, .count = 40, .status = estimate_status::ok},
    .pairs = 60,
    .expected = 0.27};

} // namespace

TEST_CASE("noise is read as it was written, from a teacher's folder and from beside labels") {
    test::folder folder;
    const nlohmann::ordered_json json = to_json(written_noise);
    CHECK(json["worth"]["value"] == 0.25);
    folder.write("teacher.json", nlohmann::json{{"evaluation", {{"noise", json}}}}.dump());
    folder.write("labels.manifest.json", nlohmann::json{{"settings", {{"noise", json}}}}.dump());
    for (const auto& found : {teacher_noise(folder.path()), labels_noise(folder / "labels.jsonl")}) {
        REQUIRE(found.has_value());
        CHECK(found->rate.value == 0.25);
        CHECK(found->rate.bounds.high == 0.3);
        CHECK(found->rate.standard_error == 0.02);
        CHECK(found->rate.count == 40);
        CHECK(found->pairs == 60);
        CHECK(found->expected == 0.27);
        CHECK(found->usable());
    }
    CHECK_FALSE(labels_noise(folder / "others.jsonl").has_value());
    folder.write("others.manifest.json", "{}");
    CHECK_FALSE(labels_noise(folder / "others.jsonl").has_value());
    const noise_estimate unknown = parse_noise(to_json(noise_of(estimate::none(estimate_status::empty), 0)), "x");
    CHECK_FALSE(unknown.rate.defined());
    CHECK(std::isnan(unknown.expected));
}

TEST_CASE("what is no noise is refused by name, and shown as words") {
    const auto fault = [](const char* json) {
        return test::error_of([&] { parse_noise(nlohmann::json::parse(json), "file"); });
    };
    CHECK(test::contains(fault("[]"), "file: the noise is no object with a 'rate'"));
    CHECK(test::contains(fault(R"({"rate": {"value": "x"}})"), "'value' of the noise is \"x\""));
    CHECK(test::contains(fault(R"({"rate": {"value": 1.5}})"), "the noise rate is 1.5"));
    CHECK(shown_noise(written_noise.rate) == "25.0% [21.0%, 30.0%]");
    CHECK(shown_noise(estimate::none(estimate_status::empty)) == "not known (empty)");
    CHECK(shown_labels(effective_sample_size(1000, written_noise.rate)) == "250 [160, 336]");
    CHECK(shown_labels(effective_sample_size(10, written_noise.rate)) == "2.50 [1.60, 3.36]");
}
