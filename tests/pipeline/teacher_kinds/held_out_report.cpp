#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <preflearn/pipeline/teacher_kinds/held_out_report.hpp>

#include "../../files.hpp"

using namespace preflearn;

TEST_CASE("pairs are judged in blocks, with their places in the file before a split put them in order") {
    std::vector<text_comparison> pairs;
    for (std::uint64_t id = 0; id < 35; ++id) pairs.push_back({id, "p", "first", "second"});
    std::vector<std::size_t> blocks, done;
    text_teacher teacher;
    teacher.judge = [&](std::span<const shown_texts> block) {
        blocks.push_back(block.size());
        judged_block judged;
        for (const shown_texts& shown : block)
            judged.all.push_back({.scores = {static_cast<double>(shown.id), static_cast<double>(shown.places[0])}});
        return judged;
    };
    const auto seen = [&](std::size_t count, double, double) { done.push_back(count); };
    const auto split = judge_pairs(teacher, pairs, 3, seen);
    CHECK(blocks == std::vector<std::size_t>{16, 16, 3});
    CHECK(done == std::vector<std::size_t>{0, 16, 32, 35});
    const auto plain = judge_pairs(teacher, pairs);
    REQUIRE(split.size() == 35);
    std::size_t swapped = 0;
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        CHECK(split[i].scores[0] == static_cast<double>(i));
        CHECK((split[i].scores[1] == 1) == is_swapped(3, pairs[i].id));
        CHECK(plain[i].scores[1] == 0);
        swapped += is_swapped(3, pairs[i].id);
    }
    CHECK(swapped > 0);
    CHECK(swapped < 35);
}

TEST_CASE("a judgement decides by its margin, else by its verdict, and not where it cannot") {
    CHECK(decided({.scores = {1, 3}}).decision() == choice::second);
    CHECK(decided({.scores = {1, 3}}).margin() == -2);
    CHECK(decided({.scores = {2, 2}}).decision() == choice::tie);
    CHECK(decided({.scores = {1, 2, 3}}).abstained());
    CHECK(decided({.verdict = preference(0.25)}).first() == 0);
    CHECK(decided({.verdict = preference::for_first()}).decision() == choice::first); // no margin is finite
    CHECK(decided({.verdict = preference::abstention()}).abstained());
    CHECK(decided({.scores = {1, 0}, .unfit = left_out_pair{}}).abstained());
}

TEST_CASE("accuracy, length and temperature are of the pairs that have a label and can be judged") {
    std::vector<text_comparison> pairs;
    std::vector<judgement> said;
    label_set truth;
    for (std::uint64_t id = 0; id < 8; ++id) { // three of four right, at margins of ±2; the longer one is never it
        const bool first = id % 2 == 0, right = id % 4 != 3;
        pairs.push_back({id, id < 4 ? "p" : "q", first ? "x" : "xx", first ? "yy" : "y"});
        said.push_back({.scores = {first == right ? 2.0 : 0.0, first == right ? 0.0 : 2.0}});
        truth.add({id, first ? preference::for_first() : preference::for_second()});
    }
    for (const std::uint64_t id : {8U, 9U, 10U}) pairs.push_back({id, "r", "xx", "y"});
    said.resize(11, {.scores = {9, 0}});
    said[8].unfit = left_out_pair{.reason = left_out_reason::too_long, .message = "9 tokens"};
    truth.add({8, preference::for_first()});
    truth.add({9, preference::abstention()});
    const held_out_report report = hold_against(said, pairs, truth);
    CHECK(report.pairs == 11);
    CHECK(report.unfit == 1);
    CHECK(report.accuracy.value == doctest::Approx(0.75));
    CHECK(report.accuracy.count == 2); // prompts
    CHECK(report.length_only.value == 0);
    CHECK(report.calibration.temperature == doctest::Approx(2 / std::log(3.0)));
    CHECK(report.loss_before == doctest::Approx(std::log1p(std::exp(2.0)) - 1.5));
    CHECK(report.loss_after == doctest::Approx(-0.75 * std::log(0.75) - 0.25 * std::log(0.25)));
    CHECK(test::contains(to_text(report), "held-out pairs: 11, of which 1 cannot be judged\n"));
    CHECK(test::contains(to_text(report), "\n  left out: 1 longer than asked for; the first: 9 tokens\n"));
    CHECK(test::contains(to_text(report), "75.0% ["));
    CHECK(to_json(report)["left_out"] == 1);
    CHECK(to_json(report)["left_out_reasons"]["too_long"] == 1);
    const held_out_report none = hold_against({}, {}, {});
    CHECK(test::contains(to_text(none), "not defined (empty)"));
    CHECK(test::contains(to_text(none),
                         "no temperature fits its probabilities to these labels: there are no labelled pairs"));
    CHECK_FALSE(to_json(none)["temperature"].is_number());
}
