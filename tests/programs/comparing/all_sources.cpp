#include <doctest/doctest.h>

#include <preflearn/programs/comparing/all_sources.hpp>

#include "label_files.hpp"

using namespace preflearn;

TEST_CASE("matches, sides of gold, coefficients and the truth behind three sources") {
    test::label_files f;
    f.add("x", test::labels_of("aabba"));
    f.add("y", test::labels_of("aabab"));
    f.add("z", test::labels_of("abba-"));
    f.gold(test::gold_of("aabba"));
    const compared_sources all = read_sources(f.options);
    CHECK(matches_of(all) ==
          std::vector{all_say::match, all_say::mismatch, all_say::match, all_say::mismatch, all_say::undecided});
    CHECK(sides_of_gold(all).front().pairs == 2);
    CHECK(sides_of_gold(all).front().with_gold == std::vector<bool>{true, true, true});
    CHECK(coefficients_of(all).front().name == "raw_agreement");
    const latent_truth truth = latent_truth_of(all);
    REQUIRE(truth.accuracies.size() == 3);
    CHECK(truth.first.size() == 5);
    CHECK(triads_of(all, all.sources[0]).prompts == 0);
}
