#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <preflearn/core/numbers/log_space.hpp>
#include <preflearn/programs/labelling/label_decisions.hpp>

#include "../../files.hpp"

using namespace preflearn;

namespace {

/// Records whose file order has the margin given, whatever the order in which they are shown.
struct judged_records {
    std::vector<record_facts> records;
    std::vector<judgement> said;
    label_options options;

    explicit judged_records(const std::vector<double>& margins) {
        for (std::size_t i = 0; i < margins.size(); ++i) {
            records.push_back({.id = i, .line = i + 1, .responses = 2, .lengths = {i % 3, 1}});
            const bool swapped = shown_order(0, i, 2)[0] == 1;
            const double shown = swapped ? -margins[i] : margins[i];
            said.push_back({.scores = {shown, 0}});
        }
    }
    std::vector<label_decision> decide(const label_rule& rule, const label_calibration& by = {}) const {
        return decide_labels(records, said, by, rule, options);
    }
};

std::size_t left_out_as(const std::vector<label_decision>& labels, std::string_view reason) {
    std::size_t found = 0;
    for (const label_decision& label : labels) found += label.left_out == reason;
    return found;
}

} // namespace

TEST_CASE("rules: hard and soft label all but ties, abstain those that are sure, top the surest") {
    const judged_records pairs({2, -1, 0, 0.5, -3});
    const auto hard = pairs.decide({});
    CHECK(hard[0].chosen == 0);
    CHECK(hard[1].chosen == 1);
    CHECK(hard[2].left_out == "tie");
    CHECK(hard[4].margin == 3);
    CHECK(hard[4].probability == 1);
    const auto soft = pairs.decide({label_rule_kind::soft, 0}, {.temperature = 2});
    CHECK(soft[0].probability == sigmoid(1.0));
    CHECK(soft[0].margin == 1);
    const auto abstain = pairs.decide({label_rule_kind::abstain, 0.8});
    CHECK(left_out_as(abstain, "abstained") == 2); // 1 and 0.5
    CHECK(abstain[0].probability == 1);
    const auto top = pairs.decide({label_rule_kind::top, 50});
    CHECK(left_out_as(top, "") == 2); // of four
    CHECK(left_out_as(top, "below_top") == 2);
    CHECK(top[4].left_out.empty());
    CHECK(top[0].left_out.empty());
}

TEST_CASE("verdicts without margins, abstentions and what cannot be judged") {
    judged_records pairs({1, 1, 1, 1});
    pairs.said[0] = {.verdict = preference::for_first()};
    pairs.said[1] = {.verdict = preference::abstention()};
    pairs.said[2] = {.unfit = left_out_pair{.reason = left_out_reason::too_long, .message = "9"}};
    pairs.said[3] = {.verdict = preference(0.25)};
    const auto labels = pairs.decide({label_rule_kind::soft, 0});
    CHECK(labels[0].probability == 1);
    CHECK_FALSE(labels[0].margin.has_value()); // certain: JSON has no infinity
    CHECK(labels[1].left_out == "abstained");
    CHECK(labels[2].left_out == "too_long");
    CHECK(labels[2].why == "9");
    CHECK(labels[3].probability == doctest::Approx(0.75));
    CHECK(labels[3].margin.value() == doctest::Approx(std::log(3.0)));
    pairs.records[3].identical = true;
    CHECK(pairs.decide({})[3].left_out == "identical_responses");
}

TEST_CASE("weights: confidence is the teacher's own, noise the calibrated one") {
    judged_records pairs({2, -4});
    const label_calibration by{.temperature = 4, .calibrated = true};
    pairs.options.weight = label_weight::confidence;
    CHECK(pairs.decide({}, by)[0].weight == doctest::Approx(2 * sigmoid(2.0) - 1));
    pairs.options.weight = label_weight::noise;
    CHECK(pairs.decide({}, by)[1].weight == doctest::Approx(2 * sigmoid(1.0) - 1));
}

TEST_CASE("flips hold their rate: alike, close calls more often, or towards the longer response") {
    std::vector<double> margins;
    generator random(2, "margins");
    for (int i = 0; i < 3000; ++i) margins.push_back(random.normal() * 2);
    judged_records pairs(margins);
    const auto plain = pairs.decide({});
    for (const flip_kind kind : {flip_kind::uniform, flip_kind::margin, flip_kind::length}) {
        pairs.options.flips = label_flips{kind, 0.2};
        const auto turned = pairs.decide({});
        double flips = 0, close = 0, wide = 0;
        for (std::size_t i = 0; i < turned.size(); ++i) {
            CHECK(turned[i].flipped == (turned[i].chosen != plain[i].chosen));
            flips += turned[i].flipped;
            (std::abs(margins[i]) < 1 ? close : wide) += turned[i].flipped;
            if (kind == flip_kind::length && turned[i].flipped)
                CHECK(pairs.records[i].lengths[turned[i].chosen] > pairs.records[i].lengths[1 - turned[i].chosen]);
        }
        CHECK(flips / 3000 == doctest::Approx(0.2).epsilon(0.12));
        if (kind == flip_kind::margin) CHECK(close > wide);
    }
    pairs.options.flips = label_flips{flip_kind::length, 0.9};
    CHECK(test::contains(test::error_of([&] { pairs.decide({}); }), "more than the"));
}

TEST_CASE("an isotonic calibration treats both responses alike and rises") {
    const std::vector<double> margins{-2, -1, 0.5, 1, 2, 3}, outcomes{0, 1, 0, 1, 1, 1};
    const label_calibration by = calibrate_by(margins, outcomes, calibration_kind::isotonic);
    double before = 0;
    for (double m = -4; m <= 4; m += 0.25) {
        CHECK(by.probability(m) + by.probability(-m) == doctest::Approx(1));
        CHECK(by.probability(m) >= before);
        before = by.probability(m);
    }
    CHECK(
        test::contains(test::error_of([&] {
                           calibrate_by(margins, std::vector<double>{0, 0, 1, 1, 1, 1}, calibration_kind::temperature);
                       }),
                       "no temperature"));
}
