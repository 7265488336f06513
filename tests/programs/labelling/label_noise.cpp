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
        label.evidence = 4; // at temperature 2
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
    const folder_noise folder{
        .all = {.rate = {.value = 0.25, .bounds = {0.2, 0.3}, .count = 9, .status = estimate_status::ok}, .pairs = 40}};
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

TEST_CASE("of a rule that keeps the surest, the folder's pairs that it keeps tell the noise, or none does") {
    const label_calibration plain{};
    folder_noise folder{
        .all = {.rate = {.value = 0.3, .bounds = {0.1, 0.6}, .count = 10, .status = estimate_status::ok}, .pairs = 10}};
    const std::vector<label_decision> labels = noisy_labels();
    const auto found = [&](const label_rule& rule) {
        return noise_of_labels(labels, noisy_records, plain, rule, folder, 0).value();
    };
    CHECK(found({}).labels.rate.value == 0.3);
    for (const label_rule& rule : {label_rule{label_rule_kind::abstain, 0.9}, label_rule{label_rule_kind::top, 75}}) {
        const label_noise none = found(rule); // the folder knows its pairs as a whole alone
        CHECK_FALSE(none.labels.rate.defined());
        CHECK(std::isnan(none.effective().value));
        CHECK(test::contains(to_text(none), "noise: not measured: the teacher's folder says how often"));
        CHECK(test::contains(to_json(none).dump(), "--calibrate"));
        CHECK_FALSE(parse_noise(to_json(none), "x").usable());
    }
    folder.pairs = noisy_calibration().pairs;
    folder.pairs.push_back({0, 0.5, 11}); // a tie is no label
    CHECK(found({}).labels.rate.value == doctest::Approx(0.3));
    CHECK(found({label_rule_kind::abstain, 0.9}).labels.rate.value == 0);
    CHECK(found({label_rule_kind::abstain, 0.9}).labels.pairs == 5);
    CHECK(found({label_rule_kind::top, 75}).labels.rate.value == 0);
    const label_noise surer = found({label_rule_kind::abstain, 0.999});
    CHECK_FALSE(surer.labels.rate.defined());
    CHECK(test::contains(to_text(surer), "none of the 11 held-out pairs is one that the rule abstain keeps"));
}

TEST_CASE("flips by margin or length are combined with each pair's own error, not with the mean") {
    std::vector<label_decision> labels(100);
    std::vector<record_facts> records;
    folder_noise folder;
    double truth = 0;
    for (std::size_t i = 0; i < labels.size(); ++i) { // the closer, the more often wrong
        const double margin = i % 2 == 0 ? 0.1 : 3;
        labels[i].margin = labels[i].evidence = margin;
        records.push_back({.id = i, .responses = 2, .lengths = {1, i % 4 == 0 ? 2U : 1U}});
        folder.pairs.push_back({margin, i % 4 == 0 ? 0.0 : 1.0, i, i % 4 == 0 ? -1.0 : 0.0});
    }
    const label_flips by_margin{flip_kind::margin, 0.3}, by_length{flip_kind::length, 0.2};
    const flip_odds odds = flip_odds_of(labels, records, by_margin);
    for (std::size_t i = 0; i < labels.size(); ++i) {
        const double wrong = 1 - folder.pairs[i].right, flip = odds(folder.pairs[i].margin, 0);
        truth += (wrong + flip - 2 * wrong * flip) / 100;
    }
    CHECK(std::abs(truth - (0.25 + 0.3 - 2 * 0.25 * 0.3)) > 0.01); // of the means
    const auto rate = [&](const label_flips& flips) {
        return noise_of_labels(labels, records, {}, {}, folder, 0, flips)->labels.rate;
    };
    CHECK(rate(by_margin).value == doctest::Approx(truth));
    CHECK(rate(by_margin).bounds.low < truth);
    CHECK(rate(by_margin).bounds.high > truth);
    CHECK(rate(by_length).value == doctest::Approx(0.25 * 0.2)); // it turns 80% of those that are wrong
}
