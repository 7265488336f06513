#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <vector>

#include <preflearn/pipeline/teacher_kinds/measured_teacher.hpp>

#include "../../files.hpp"

using namespace preflearn;

namespace {

/// Four pairs of which the teacher is right about the first two.
struct measured_pairs {
    std::vector<text_comparison> pairs{
        {0, "p", "aaa", "b"}, {1, "q", "a", "b"}, {2, "r", "a", "bb"}, {3, "s", "a", "b"}};
    std::vector<judgement> said{
        {.scores = {2, 0}}, {.verdict = preference::for_first()}, {.scores = {0, 1}}, {.scores = {0, 3}}};
    label_set truth;

    measured_pairs() {
        for (std::uint64_t i = 0; i < 4; ++i) truth.add({i, preference::for_first()});
    }
};

} // namespace

TEST_CASE("a teacher is measured by the pairs that it did not learn from, one by one and together") {
    const measured_pairs m;
    const measured_teacher whole = measure(m.said, m.pairs, m.truth, {}, false);
    CHECK(whole.report.accuracy.value == 0.5);
    REQUIRE(whole.pairs.size() == 4);
    CHECK(whole.pairs[0].right == 1);
    CHECK(whole.pairs[0].longer == 2);
    CHECK(std::isinf(whole.pairs[1].margin));
    CHECK(whole.pairs[2].right == 0);
    CHECK(whole.pairs[2].longer == 1); // of the second, which it prefers
    learned_pairs learned;
    learned.add(std::vector<text_comparison>{{9, "p", "b", "aaa"}, {8, "x", "a", "b"}});
    const measured_teacher some = measure(m.said, m.pairs, m.truth, learned, false);
    CHECK(some.report.learned_from == 1);
    CHECK(some.report.pairs == 3);
    CHECK(some.report.noise.rate.value == doctest::Approx(2.0 / 3));
    CHECK(test::contains(to_text(some.report), "warning: 1 more are pairs that the teacher learned from"));
    learned.add(m.pairs);
    for (const bool whole_file : {false, true}) {
        const measured_teacher none =
            measure(m.said, m.pairs, m.truth, whole_file ? learned_pairs{} : learned, whole_file);
        CHECK(none.report.remembered);
        CHECK(none.pairs.empty());
        CHECK_FALSE(none.report.noise.rate.defined());
        CHECK(to_json(none.report)["learned_from"] == 4);
        CHECK(test::contains(to_text(none.report), "not how often it is wrong"));
    }
}

TEST_CASE("a teacher that is always certain is told so, not that there are no pairs") {
    measured_pairs m;
    for (judgement& said : m.said) said = {.verdict = preference::for_first()};
    CHECK(test::contains(to_text(measure(m.said, m.pairs, m.truth, {}, false).report), "have no margin"));
}
