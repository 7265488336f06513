#include <doctest/doctest.h>

#include <vector>

#include <preflearn/loss/named.hpp>
#include <preflearn/pipeline/study/world_study.hpp>

using namespace preflearn;

namespace {

world_study_options small() {
    world_study_options options;
    options.teacher = {.hidden_size = 8, .intermediate_size = 8, .layers = 1, .heads = 1};
    options.student = {.hidden_size = 8, .intermediate_size = 16, .layers = 1, .heads = 2};
    options.demonstrations = 64;
    options.labelled = 32;
    options.unlabelled = 48;
    options.test = 32;
    options.fine_tuning.epochs = 1;
    return options;
}

} // namespace

TEST_CASE("seeds may run at the same time: the bits are those of one after another") {
    const auto together = run_world_studies(small(), dpo{}, 2);
    const generated_world world(small().world, 0);
    for (std::size_t seed = 0; seed < 2; ++seed) {
        world_study_options options = small();
        options.study.seed = seed;
        const study_result alone = run_world_study(world, dpo{}, options);
        REQUIRE(alone.students.size() == together[seed].students.size());
        for (std::size_t s = 0; s < alone.students.size(); ++s) {
            CHECK(alone.students[s].test_labels == together[seed].students[s].test_labels);
            CHECK(alone.students[s].sample_rewards == together[seed].students[s].sample_rewards);
        }
    }
    CHECK(together[0].students[2].test_labels != together[1].students[2].test_labels);
}

TEST_CASE("simulated humans agree with gold as often as asked") {
    const generated_world world;
    const auto data = draw_comparisons(world, 4000, 1);
    const std::span<const token_comparison> pairs(data.items);
    const label_set human = annotate(pairs, gold_reward{world}, 0.75, 5);
    const label_set gold = label_all(pairs, reward_teacher{gold_reward{world}, hard_label{}});
    std::size_t right = 0;
    for (const label& l : human) right += l.verdict.decision() == gold.at(l.id).decision();
    CHECK(static_cast<double>(right) / 4000 == doctest::Approx(0.75).epsilon(0.03)); // 3 sd is 0.021
}
