#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>

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

TEST_CASE("who shares no pair with others has no accuracy without gold, and no share in theirs") {
    test::label_files f;
    f.add("x", test::labels_of("aabbab---"));
    f.add("y", test::labels_of("aababb---"));
    f.add("z", test::labels_of("abbabb---"));
    const latent_truth alone = latent_truth_of(read_sources(f.options));
    f.add("apart", test::labels_of("------aab"));
    const latent_truth truth = latent_truth_of(read_sources(f.options));
    REQUIRE(truth.accuracies.size() == 4);
    for (std::size_t s = 0; s < 3; ++s) CHECK(truth.accuracies[s] == doctest::Approx(alone.accuracies[s]));
    CHECK(std::isnan(truth.accuracies[3]));
    CHECK(std::isnan(truth.first.back()));
    CHECK_FALSE(std::isnan(truth.first.front()));
}

TEST_CASE("a chain of sources, of which no three judge common pairs, has no accuracies") {
    test::label_files f;
    f.add("x", test::labels_of("aabb----"));
    f.add("y", test::labels_of("aababbab"));
    f.add("z", test::labels_of("----bbab"));
    CHECK(latent_truth_of(read_sources(f.options)).accuracies.empty());
    f.add("w", test::labels_of("aabab-a-")); // with two of three in a ring all follow
    const latent_truth truth = latent_truth_of(read_sources(f.options));
    REQUIRE(truth.accuracies.size() == 4);
    for (const double accuracy : truth.accuracies) CHECK_FALSE(std::isnan(accuracy));
}
