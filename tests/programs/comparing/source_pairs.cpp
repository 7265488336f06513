#include <doctest/doctest.h>

#include <preflearn/programs/comparing/source_pairs.hpp>

#include "label_files.hpp"

using namespace preflearn;

TEST_CASE("two sources against gold by hand, and mirrored when they change places") {
    test::label_files f;
    f.add("x", test::labels_of("aaaaaabb"));
    f.add("y", test::labels_of("abbbbbab"));
    f.gold(test::gold_of("aaaaaaaa"));
    const source_pair one = compare_all(read_sources(f.options), {})[0];
    CHECK(one.agreement.value == doctest::Approx(2.0 / 8));
    CHECK(one.against_gold->counts.mismatch.wins == 5);
    CHECK(one.against_gold->counts.mismatch.losses == 1);
    CHECK(one.against_gold->p_value == doctest::Approx(14.0 / 64));
    std::swap(f.options.sources[0], f.options.sources[1]);
    const source_pair other = compare_all(read_sources(f.options), {})[0];
    CHECK(other.agreement.value == one.agreement.value);
    CHECK(other.against_gold->counts.mismatch.wins == 1);
    CHECK(other.difference_over_prompts.value == doctest::Approx(-one.difference_over_prompts.value));
    CHECK(other.against_gold->p_value == one.against_gold->p_value);
}
