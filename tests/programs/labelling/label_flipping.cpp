#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <vector>

#include <preflearn/programs/labelling/label_flipping.hpp>

#include "../../files.hpp"

using namespace preflearn;

TEST_CASE("flips have their rate over the labels that are written, and the same odds once they were made") {
    std::vector<label_decision> labels(40);
    std::vector<record_facts> records;
    for (std::size_t i = 0; i < labels.size(); ++i) {
        labels[i].margin = 0.1 * static_cast<double>(i + 1);
        records.push_back({.id = i, .responses = 2, .lengths = {i % 2, 1}});
    }
    labels[39].left_out = "tie";
    for (const flip_kind kind : {flip_kind::uniform, flip_kind::margin, flip_kind::length}) {
        const flip_odds odds = flip_odds_of(labels, records, {kind, 0.2});
        double sum = 0;
        for (std::size_t i = 0; i < 39; ++i) sum += odds(*labels[i].margin, longer_by(labels[i], records[i]));
        CHECK(sum / 39 == doctest::Approx(0.2));
        std::vector<label_decision> turned = labels;
        for (label_decision& label : turned) {
            label.flipped = true;
            label.chosen = 1 - label.chosen;
        }
        CHECK(flip_odds_of(turned, records, {kind, 0.2})(1, -1) == odds(1, -1));
    }
    CHECK(test::contains(test::error_of([&] {
                             flip_odds_of(labels, records, {flip_kind::length, 0.9});
                         }),
                         "more than"));
}
