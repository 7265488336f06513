#include <doctest/doctest.h>

#include <cstddef>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <preflearn/pipeline/study/study.hpp>

#include "../../files.hpp"
#include "../toy_study.hpp"

using namespace preflearn;

namespace {

std::vector<double> numbers_of(const study_result& result) {
    std::vector<double> all;
    for (const label& l : result.teacher_labels) all.push_back(*l.verdict.margin());
    for (const student_result& s : result.students) {
        for (const label& l : s.test_labels) all.push_back(*l.verdict.margin());
        all.insert(all.end(), s.sample_rewards.begin(), s.sample_rewards.end());
        for (const training_step& step : s.training.steps) all.push_back(step.loss);
    }
    return all;
}

/// Counts the responses that are scored, by it and its copies.
struct counted_policy : test::toy_policy {
    std::size_t* scored;
    [[nodiscard]] std::vector<double> log_probs(std::span<const token_completion> completions) const {
        *scored += completions.size();
        std::vector<double> all;
        for (const token_completion& c : completions) all.push_back(log_prob(c.prompt, c.response));
        return all;
    }
};

} // namespace

TEST_CASE("a policy that is teacher and student is scored once as the reference of both") {
    const test::toy_data data(60);
    const std::span<const token_comparison> pairs(data.pairs);
    const auto run = [&](const counted_policy& teacher, const counted_policy& student) {
        const study_input<counted_policy, counted_policy, token_comparison> input{.teacher = teacher,
                                                                                  .student = student,
                                                                                  .labelled = pairs.subspan(0, 20),
                                                                                  .unlabelled = pairs.subspan(20, 30),
                                                                                  .test = pairs.subspan(50, 10),
                                                                                  .human = data.human};
        return run_study(input, dpo{}, test::toy_options());
    };
    std::size_t once = 0, twice = 0;
    const counted_policy both{test::toy_policy(8), &once}, teacher{test::toy_policy(8), &twice},
        student{test::toy_policy(8), &twice};
    CHECK(numbers_of(run(both, both)) == numbers_of(run(teacher, student)));
    CHECK(twice - once == 2 * 60);
    CHECK(once == 2 * (60 + 30 + 10 + 4 * 10)); // the reference, what the teacher labels, each student's test
}

TEST_CASE("a study has the paper's rows, each trained on the pairs it may see") {
    const test::toy_data data(140);
    const study_result result = test::run_toy_study(data, test::toy_options());
    std::vector<std::string> names;
    for (const student_result& s : result.students) names.push_back(s.name);
    CHECK(names == std::vector<std::string>{"SFT only", "random labels", "weak teacher", "human labels",
                                            "human labels, all pairs", "gold labels"});
    for (const student_result& s : result.students) {
        CHECK(s.sample_rewards.size() == 40);
        CHECK(s.test_labels.size() == (s.name == "SFT only" ? 0 : 40));
        CHECK(s.labels.size() == (s.name == "SFT only" ? 0 : s.name == "human labels, all pairs" ? 100 : 60));
        for (const label& l : s.labels) CHECK((l.id >= 40) == (s.name != "human labels, all pairs" || l.id >= 40));
    }
    CHECK(result.teacher_training.steps.size() == 2 * 5); // 40 pairs in batches of 8
    CHECK(result.students[3].labels.at(50) == data.human.at(50));
    CHECK(result.teacher_test_labels.size() == 40);
}

TEST_CASE("the teacher's labels are the signs of its implicit reward, or soft on request") {
    const test::toy_data data(140);
    study_options options = test::toy_options();
    const study_result hard = test::run_toy_study(data, options);
    options.soft_labels = true;
    const study_result soft = test::run_toy_study(data, options);
    std::size_t right = 0;
    for (const label& l : hard.teacher_labels) {
        const double margin = *l.verdict.margin();
        CHECK(margin == *soft.teacher_labels.at(l.id).margin());
        CHECK(soft.teacher_labels.at(l.id).first() == doctest::Approx(sigmoid(margin)));
        CHECK(l.verdict.decision() == (margin > 0 ? choice::first : margin < 0 ? choice::second : choice::tie));
        right += l.verdict.decision() == hard.gold_labels.at(l.id).decision();
    }
    CHECK(right > 40); // it learned from 40 noisy pairs, and the gold reward is easy
}

TEST_CASE("a study gives the same bits again, and when it was stopped at any training step and goes on") {
    const test::toy_data data(140);
    const std::vector<double> whole = numbers_of(test::run_toy_study(data, test::toy_options()));
    CHECK(numbers_of(test::run_toy_study(data, test::toy_options())) == whole);

    const test::folder folder;
    study_options options = test::toy_options();
    options.checkpoints = {.path = folder.path(), .every = 3};
    for (const std::size_t stop : {4UL, 13UL, 30UL, 55UL}) {
        std::size_t steps = 0;
        options.observe = [&](std::string_view) -> training_observer {
            return [&](const training_step&) {
                if (++steps == stop) throw std::runtime_error("stopped");
            };
        };
        CHECK_THROWS_WITH(test::run_toy_study(data, options), "stopped");
    }
    options.observe = {};
    CHECK(numbers_of(test::run_toy_study(data, options)) == whole);
}

TEST_CASE("another seed is another study") {
    const test::toy_data data(140);
    study_options options = test::toy_options();
    const auto first = numbers_of(test::run_toy_study(data, options));
    options.seed = 1;
    CHECK(numbers_of(test::run_toy_study(data, options)) != first);
}

TEST_CASE("an empty part or a missing human label is an error that names it") {
    const test::toy_data data(50);
    const test::toy_policy policy(8);
    const std::span<const token_comparison> pairs(data.pairs);
    const label_set none;
    study_input<test::toy_policy, test::toy_policy, token_comparison> input{.teacher = policy,
                                                                            .student = policy,
                                                                            .labelled = pairs.subspan(0, 20),
                                                                            .unlabelled = pairs.subspan(20, 20),
                                                                            .test = {},
                                                                            .human = data.human};
    CHECK_THROWS_WITH_AS(run_study(input, dpo{}, test::toy_options()), doctest::Contains("20, 20 and 0"),
                         argument_error);
    const study_input<test::toy_policy, test::toy_policy, token_comparison> unlabelled{.teacher = policy,
                                                                                       .student = policy,
                                                                                       .labelled = pairs.subspan(0, 20),
                                                                                       .unlabelled =
                                                                                           pairs.subspan(20, 20),
                                                                                       .test = pairs.subspan(40, 10),
                                                                                       .human = none};
    CHECK_THROWS_WITH_AS(run_study(unlabelled, dpo{}, test::toy_options()), doctest::Contains("pair 40 has no label"),
                         argument_error); // a held-out one; the unlabelled need none
}

TEST_CASE("without a gold reward the study has no gold rows and draws no responses") {
    const test::toy_data data(50);
    const test::toy_policy policy(8);
    const std::span<const token_comparison> pairs(data.pairs);
    const study_input<test::toy_policy, test::toy_policy, token_comparison> input{.teacher = policy,
                                                                                  .student = policy,
                                                                                  .labelled = pairs.subspan(0, 20),
                                                                                  .unlabelled = pairs.subspan(20, 20),
                                                                                  .test = pairs.subspan(40, 10),
                                                                                  .human = data.human};
    const study_result result = run_study(input, dpo{}, test::toy_options());
    CHECK(result.prompts.empty()); // no prompt is no common prompt
    CHECK(result.students.size() == 5);
    CHECK(result.gold_labels.empty());
    for (const student_result& s : result.students) CHECK(s.sample_rewards.empty());
}

TEST_CASE("pairs of one prompt are known by their ids") {
    test::toy_data data(30);
    const std::vector<token_id> one{1, 2}, other{3};
    for (std::size_t i = 0; i < 30; ++i)
        if (i % 3 != 0) data.pairs[i].prompt = i % 3 == 1 ? one : other;
    const test::toy_policy policy(8);
    const std::span<const token_comparison> pairs(data.pairs);
    const study_input<test::toy_policy, test::toy_policy, token_comparison> input{.teacher = policy,
                                                                                  .student = policy,
                                                                                  .labelled = pairs.subspan(0, 10),
                                                                                  .unlabelled = pairs.subspan(10, 10),
                                                                                  .test = pairs.subspan(20, 10),
                                                                                  .human = data.human};
    const study_result result = run_study(input, dpo{}, test::toy_options());
    REQUIRE(result.prompts.size() == 30);
    for (std::size_t i = 0; i < 30; ++i)
        for (std::size_t j = 0; j < i; ++j)
            CHECK((result.prompts.at(i) == result.prompts.at(j)) == (i % 3 == j % 3 && i % 3 != 0));
}
