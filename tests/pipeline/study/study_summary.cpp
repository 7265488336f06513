#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <vector>

#include <preflearn/pipeline/study/study_summary.hpp>

using namespace preflearn;

namespace {

/// Four unlabelled pairs on which the teacher errs about pair 3, humans about pair 0; two test pairs.
study_result written_by_hand(double weak_reward) {
    study_result r{.labelled = 2, .unlabelled = 4, .test = 2};
    for (std::uint64_t id = 0; id < 4; ++id) {
        r.gold_labels.add({id, 1.0});
        r.human_labels.add({id, id == 0 ? 0.0 : 1.0});
        r.teacher_labels.add(
            {id, preference(id == 3 ? 0.0 : 1.0).with_margin(id == 3 ? -0.5 : 1.0 + static_cast<double>(id))});
    }
    for (std::uint64_t id = 10; id < 12; ++id) {
        for (label_set* labels : {&r.gold_test_labels, &r.human_test_labels, &r.teacher_test_labels})
            labels->add({id, 1.0});
    }
    r.students.push_back({.name = "SFT only", .sample_rewards = {0, 0}});
    r.students.push_back({.name = "weak teacher",
                          .labels = r.teacher_labels,
                          .test_labels = label_set({{11, 0.25}, {10, 0.75}}),
                          .sample_rewards = {weak_reward, 1}});
    r.students.push_back({.name = "human labels",
                          .labels = r.human_labels,
                          .test_labels = label_set({{10, 0.75}, {11, 0.75}}),
                          .sample_rewards = {1, 1}});
    return r;
}

} // namespace

TEST_CASE("the numbers of one seed are shares of its pairs and prompts") {
    const std::vector<study_result> one{written_by_hand(3)};
    const study_summary s = summarise(one, 2);
    CHECK(s.rows[1].labels_against_gold.value == 0.75);
    CHECK(s.rows[1].labels_against_human.value == 0.5);
    CHECK(s.rows[1].gold_reward.value == 2);
    CHECK(s.rows[1].win_rate.value == 0.75); // a win and a tie
    CHECK(s.rows[1].test_against_gold.value == 0.5);
    CHECK(s.rows[2].win_rate.value == 0.5); // against itself
    CHECK(s.rows[0].labels_against_gold.status == estimate_status::empty);
    CHECK(s.rows[0].test_against_human.status == estimate_status::empty);
    CHECK(s.rows[1].labels_against_gold.bounds.low < 0.75);
    CHECK(s.teacher_against_human.value == 0.5);
    CHECK(s.human_against_gold.value == 0.75);
    CHECK(s.disagreement.value == 0.5);
    CHECK(s.mismatch.gold_with_first.value == 0.5); // right about pair 0, wrong about pair 3
    CHECK(s.mismatch.gold_with_both.value == 1);
    REQUIRE(s.by_margin_against_gold.size() == 2);
    CHECK(s.by_margin_against_gold[0].accuracy.value == 0.5); // margins 0.5 (wrong) and 1
    CHECK(s.by_margin_against_gold[1].accuracy.value == 1);
}

TEST_CASE("with several seeds the interval is Student's over the seeds' values") {
    const std::vector<study_result> three{written_by_hand(1), written_by_hand(3), written_by_hand(5)};
    const study_summary s = summarise(three);
    const estimate& reward = s.rows[1].gold_reward; // 1, 2 and 3
    CHECK(reward.value == doctest::Approx(2));
    CHECK(reward.standard_error == doctest::Approx(1 / std::sqrt(3.0)));
    CHECK(reward.bounds.high == doctest::Approx(2 + 4.302652729911275 / std::sqrt(3.0)));
    CHECK(reward.count == 3);
    CHECK(s.disagreement.count == 12); // counted over all seeds
}

TEST_CASE("results that do not belong together are refused") {
    std::vector<study_result> two{written_by_hand(1), written_by_hand(2)};
    two[1].students.pop_back();
    CHECK_THROWS_AS(summarise(two), argument_error);
    CHECK_THROWS_AS(summarise({}), argument_error);
}

TEST_CASE("where pairs share a prompt, the errors of one seed's accuracies are over prompts") {
    std::vector<study_result> one{written_by_hand(3)};
    const estimate alone = summarise(one).teacher_against_gold;
    for (std::uint64_t id = 0; id < 4; ++id) one[0].prompts[id] = id / 2;
    one[0].prompts[10] = one[0].prompts[11] = 7;
    const study_summary s = summarise(one);
    CHECK(s.teacher_against_gold.value == alone.value);
    CHECK(s.teacher_against_gold.count == 2);
    CHECK(s.teacher_against_gold.bounds.low < alone.bounds.low);
    CHECK(s.rows[1].labels_against_human.count == 2);
    CHECK(std::isnan(s.teacher_test_against_gold.standard_error)); // one prompt
}
