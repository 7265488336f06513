#include <doctest/doctest.h>

#include <cstdint>
#include <vector>

#include <preflearn/pipeline/teacher_card/card_shares.hpp>

#include "card_subjects.hpp"

using namespace preflearn;

TEST_CASE("shares of a card by hand") {
    const preference first = preference::for_first(), second = preference::for_second();
    std::vector<card_pair> pairs;
    const auto add = [&](const preference& said, const preference& gold, double difference, bool shown) {
        pairs.push_back({.prompt = pairs.size(),
                         .said = said,
                         .gold = gold,
                         .length_difference = difference,
                         .first_shown_first = shown});
    };
    add(first, first, 5, true);
    add(second, second, 5, true); // gold prefers the shorter one
    add(first, second, 3, true);
    add(first, first, -1, false);
    add(preference::tied(), first, 0, true);
    add(preference::abstention(), first, 9, true);
    add(first, preference::abstention(), 9, true);
    const card_shares shares = shares_of(pairs);
    CHECK(shares.pairs == 7);
    CHECK(shares.judged == 5);
    CHECK(shares.abstained == 1);
    CHECK(shares.gold_abstained == 1);
    CHECK(shares.ties == 1);
    CHECK(shares.accuracy.value == doctest::Approx(3.5 / 5));
    CHECK(shares.length_only.value == doctest::Approx(1.5 / 5));
    CHECK(shares.above_length.value == doctest::Approx(2.0 / 5));
    CHECK(shares.longer_said.value == doctest::Approx(2.0 / 4));
    CHECK(shares.longer_gold.value == doctest::Approx(1.0 / 4));
    CHECK(shares.position_only.value == doctest::Approx(2.0 / 5)); // the first and the fifth are shown first
    CHECK(shares.position_bias.value == doctest::Approx((0.5 - 0.5 + 0.5 - 0.5 + 0) / 5));
    CHECK(shares.position_p == 1);
}

TEST_CASE("turning pairs round changes no number of a card, and kappa is twice the accuracy less one") {
    const card_subject subject = test::honest_subject(60);
    std::vector<card_pair> mirrored;
    for (std::size_t i = 0; i < subject.pairs.size(); ++i)
        mirrored.push_back(i % 3 == 0 ? test::turned(subject.pairs[i]) : subject.pairs[i]);
    const card_shares one = shares_of(subject.pairs), other = shares_of(mirrored);
    CHECK(one.accuracy.value == other.accuracy.value);
    CHECK(one.kappa.value == doctest::Approx(2 * one.accuracy.value - 1));
    CHECK(one.kappa.value == doctest::Approx(other.kappa.value));
    CHECK(one.alpha.value == doctest::Approx(other.alpha.value));
    CHECK(one.evidence_length_pearson.value == doctest::Approx(other.evidence_length_pearson.value));
    CHECK(one.evidence_length_spearman.value == doctest::Approx(other.evidence_length_spearman.value));
    CHECK(one.position_bias.value == doctest::Approx(other.position_bias.value));
    CHECK(one.accuracy.count == 20); // prompts
}

TEST_CASE("a teacher that takes the longer response is no better than length") {
    card_subject subject = test::honest_subject(40);
    for (card_pair& pair : subject.pairs)
        pair.said = pair.length_difference > 0   ? preference::for_first()
                    : pair.length_difference < 0 ? preference::for_second()
                                                 : preference::tied();
    const card_shares shares = shares_of(subject.pairs);
    CHECK(shares.accuracy.value == shares.length_only.value);
    CHECK(shares.above_length.value == 0);
    CHECK(shares.longer_said.value == 1);
    CHECK_FALSE(shares_of({}).accuracy.defined());
}
