#include <doctest/doctest.h>

#include <cstdint>
#include <vector>

#include <preflearn/agreement/uncertainty/proportion.hpp>
#include <preflearn/pipeline/teacher_card/card_pairs.hpp>

using namespace preflearn;

TEST_CASE("evidence is the margin, else the log-odds, and nothing where a verdict is certain") {
    CHECK(evidence_of(preference::for_first().with_margin(1.5)) == 1.5);
    CHECK(*evidence_of(preference(0.75)) == doctest::Approx(1.0986122886681098)); // ln 3
    CHECK_FALSE(evidence_of(preference::for_first()));
    CHECK_FALSE(evidence_of(preference::abstention()));
}

TEST_CASE("agreement is 1, 0 or a half, whatever the order of the responses") {
    const preference first(0.9), second(0.2), tie = preference::tied();
    CHECK(agreement_score(first, first) == 1);
    CHECK(agreement_score(first, second) == 0);
    CHECK(agreement_score(first, tie) == 0.5);
    CHECK(agreement_score(tie, tie) == 1);
    CHECK(agreement_score(first.mirrored(), second.mirrored()) == agreement_score(first, second));
}

TEST_CASE("a share over prompts of their own is Wilson's; prompts that repeat tell less") {
    const std::vector<double> scores{1, 1, 0, 0, 1, 1};
    const estimate alone = share_over_prompts(scores, std::vector<std::uint64_t>{1, 2, 3, 4, 5, 6});
    CHECK(alone.bounds == wilson_interval(4, 6));
    const estimate clustered = share_over_prompts(scores, std::vector<std::uint64_t>{1, 1, 2, 2, 3, 3});
    CHECK(clustered.value == alone.value);
    CHECK(clustered.count == 3);
    CHECK(clustered.bounds.high - clustered.bounds.low > alone.bounds.high - alone.bounds.low);
}
