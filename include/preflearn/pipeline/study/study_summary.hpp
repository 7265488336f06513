/// \file
/// A study's numbers over all its seeds. With one seed an interval says how well the pairs and prompts at hand
/// determine a number (over prompts where several pairs share one); with several it is Student's 95% interval of the
/// seeds' values, which holds the variation of splits, annotators, initial weights and training as well.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <preflearn/agreement/labels/accuracy.hpp>
#include <preflearn/agreement/labels/accuracy_by_prompt.hpp>
#include <preflearn/agreement/labels/margin_bins.hpp>
#include <preflearn/agreement/labels/mismatch.hpp>
#include <preflearn/agreement/policies/win_rate.hpp>
#include <preflearn/agreement/uncertainty/estimate.hpp>
#include <preflearn/agreement/uncertainty/moments.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/pipeline/study/study.hpp>

namespace preflearn {

/// One row of the study's table. An estimate that does not apply (labels of the untrained model, gold without a gold
/// reward) has the status `empty`.
struct study_row {
    std::string name;
    /// Accuracy of the labels it learned from, on the pairs it learned from that gold and humans judge.
    estimate labels_against_gold{}, labels_against_human{};
    /// Mean gold reward of its own responses to the test prompts.
    estimate gold_reward{};
    /// Its responses against those of the student of human labels (unlabelled part), by gold reward, ties half.
    estimate win_rate{};
    /// Accuracy of its implicit reward on the test pairs.
    estimate test_against_gold{}, test_against_human{};
};

struct study_summary {
    std::size_t seeds = 0, labelled = 0, unlabelled = 0, test = 0;
    std::vector<study_row> rows{};
    /// The weak teacher's own accuracy: its labels of the unlabelled part, and its implicit reward on the test part.
    estimate teacher_against_gold{}, teacher_against_human{}, teacher_test_against_gold{}, teacher_test_against_human{};
    /// Human labels of the unlabelled part against gold.
    estimate human_against_gold{};
    /// Teacher and human labels of the unlabelled part against gold, counted over all seeds; empty without gold.
    mismatch_result mismatch{};
    /// Share of pairs on which teacher and human disagree, counted over all seeds.
    estimate disagreement{};
    /// Accuracy of the teacher's labels by |margin|, over all seeds.
    std::vector<margin_bin> by_margin_against_human{}, by_margin_against_gold{};
};

namespace detail {

/// `of_seed` gives one seed's estimate, in which its observations are pairs or prompts.
template <class OfSeed> estimate over_seeds(std::span<const study_result> results, const OfSeed& of_seed) {
    if (results.size() == 1) return of_seed(results.front());
    moments values;
    for (const study_result& result : results) {
        const estimate one = of_seed(result);
        if (!one.defined()) return estimate::none(one.status);
        values.add(one.value);
    }
    return mean_estimate(values);
}

} // namespace detail

/// \param results of the same study for different seeds. \throws argument_error when there are none, or their rows
/// differ.
inline study_summary summarise(std::span<const study_result> results, std::size_t bins = 8) {
    require(!results.empty(), "a summary needs the result of at least one seed");
    const study_result& model = results.front();
    for (const study_result& result : results)
        require(result.students.size() == model.students.size(), "seed ", result.seed, " has ", result.students.size(),
                " students, seed ", model.seed, " has ", model.students.size());

    const auto accuracy = [](const study_result& r, const label_set& labels, const label_set& truth) {
        if (r.prompts.empty()) return label_accuracy(labels, truth, tie_rule::half).rate;
        const auto prompt_of = [&](std::uint64_t pair) { return r.prompts.at(pair); };
        return label_accuracy_by_prompt(labels, truth, prompt_of, tie_rule::half).rate;
    };
    study_summary summary{
        .seeds = results.size(), .labelled = model.labelled, .unlabelled = model.unlabelled, .test = model.test};
    std::size_t human = 0;
    while (human < model.students.size() && model.students[human].name != row_name::human) ++human;

    for (std::size_t s = 0; s < model.students.size(); ++s) {
        const auto estimated = [&](const auto& of_student) {
            return detail::over_seeds(results, [&](const study_result& r) { return of_student(r, r.students[s]); });
        };
        study_row row{.name = model.students[s].name};
        row.labels_against_gold = estimated(
            [&](const study_result& r, const student_result& st) { return accuracy(r, st.labels, r.gold_labels); });
        row.labels_against_human = estimated(
            [&](const study_result& r, const student_result& st) { return accuracy(r, st.labels, r.human_labels); });
        row.gold_reward =
            estimated([](const study_result&, const student_result& st) { return mean_estimate(st.sample_rewards); });
        row.win_rate = estimated([&](const study_result& r, const student_result& st) {
            if (human == r.students.size()) return estimate::none(estimate_status::empty); // no student of human labels
            return win_rate(st.sample_rewards, r.students[human].sample_rewards);
        });
        row.test_against_gold = estimated([&](const study_result& r, const student_result& st) {
            return accuracy(r, st.test_labels, r.gold_test_labels);
        });
        row.test_against_human = estimated([&](const study_result& r, const student_result& st) {
            return accuracy(r, st.test_labels, r.human_test_labels);
        });
        summary.rows.push_back(std::move(row));
    }

    const auto estimated = [&](const auto& of_seed) { return detail::over_seeds(results, of_seed); };
    summary.teacher_against_gold =
        estimated([&](const study_result& r) { return accuracy(r, r.teacher_labels, r.gold_labels); });
    summary.teacher_against_human =
        estimated([&](const study_result& r) { return accuracy(r, r.teacher_labels, r.human_labels); });
    summary.teacher_test_against_gold =
        estimated([&](const study_result& r) { return accuracy(r, r.teacher_test_labels, r.gold_test_labels); });
    summary.teacher_test_against_human =
        estimated([&](const study_result& r) { return accuracy(r, r.teacher_test_labels, r.human_test_labels); });
    summary.human_against_gold =
        estimated([&](const study_result& r) { return accuracy(r, r.human_labels, r.gold_labels); });

    mismatch_counts counts;
    outcomes agreed;
    std::vector<judged_margin> against_human, against_gold;
    for (const study_result& r : results) {
        counts += count_mismatches(r.teacher_labels, r.human_labels, r.gold_labels);
        agreed += label_accuracy(r.teacher_labels, r.human_labels, tie_rule::half).counts;
        for (const judged_margin& pair : judged_margins(r.teacher_labels, r.human_labels))
            against_human.push_back(pair);
        for (const judged_margin& pair : judged_margins(r.teacher_labels, r.gold_labels)) against_gold.push_back(pair);
    }
    summary.mismatch = analyse_mismatch(counts);
    summary.disagreement = proportion(agreed.losses, agreed.wins + agreed.losses);
    summary.by_margin_against_human = accuracy_by_margin(against_human, bins);
    summary.by_margin_against_gold = accuracy_by_margin(against_gold, bins);
    return summary;
}

} // namespace preflearn
