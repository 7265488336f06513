#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include <preflearn/programs/labelling/label_noise.hpp>

#include "../../files.hpp"

using namespace preflearn;

namespace {

/// Ten labelled pairs of two prompts: the five with margin 4 are right, of those with margin 1 two are.
label_calibration noisy_calibration() {
    label_calibration made{.temperature = 2, .calibrated = true};
    for (std::uint64_t i = 0; i < 10; ++i) made.pairs.push_back({i < 5 ? 4.0 : -1.0, i < 7 ? 1.0 : 0.0, i});
    return made;
}

std::vector<label_decision> noisy_labels() {
    std::vector<label_decision> labels(4);
    for (label_decision& label : labels) {
        label.margin = 2;
        label.confidence = 0.9;
    }
    labels[3].left_out = "tie";
    return labels;
}

const std::vector<record_facts> noisy_records(4, {.responses = 2});

} // namespace

TEST_CASE("noise is told by the pairs that calibrated, of a rule that selects by those as sure") {
    const label_calibration by = noisy_calibration();
    const std::vector<label_decision> labels = noisy_labels();
    const auto found = noise_of_labels(labels, noisy_records, by, {}, {}, 0);
    REQUIRE(found.has_value());
    CHECK(found->from_calibration);
    CHECK(found->written == 3);
    CHECK(found->labels.rate.value == doctest::Approx(0.3));
    CHECK(found->labels.pairs == 10);
    CHECK(found->labels.expected == doctest::Approx(0.1));
    CHECK(found->effective().value == doctest::Approx(3 * 0.16));
    CHECK(found->effective_by_pair == doctest::Approx(3 * 0.64));
    const auto sure = noise_of_labels(labels, noisy_records, by, {label_rule_kind::top, 75}, {}, 0);
    CHECK(sure->labels.rate.value == 0); // of margins of 2 at temperature 2
    CHECK(sure->labels.pairs == 5);
    CHECK(sure->labels.rate.bounds.high > 0.1);
}

TEST_CASE("without such pairs the teacher's folder tells it; flips come on top, people's own noise is taken off") {
    std::vector<label_decision> labels = noisy_labels();
    labels[0].flipped = true;
    const label_calibration plain{};
    CHECK_FALSE(noise_of_labels(labels, noisy_records, plain, {}, {}, 0).has_value());
    const noise_estimate folder{
        .rate = {.value = 0.25, .bounds = {0.2, 0.3}, .count = 9, .status = estimate_status::ok}, .pairs = 40};
    const auto found = noise_of_labels(labels, noisy_records, plain, {}, folder, 0.1);
    CHECK_FALSE(found->from_calibration);
    CHECK(found->labels.rate.value == doctest::Approx(0.25 + 1.0 / 3 - 0.5 / 3));
    CHECK(std::isnan(found->effective_by_pair));
    CHECK(found->rate().value == doctest::Approx((found->labels.rate.value - 0.1) / 0.8));
    const double signal = 1 - 2 * found->rate().value;
    CHECK(found->human_labels().value == doctest::Approx(3 * signal * signal / 0.64));
    const nlohmann::ordered_json json = to_json(*found);
    CHECK(json["from"] == "teacher");
    CHECK(json["human_noise"] == 0.1);
    CHECK(parse_noise(json, "x").rate.value == found->labels.rate.value);
    CHECK(test::contains(to_text(*found), "people being wrong on 10.0%"));
}
