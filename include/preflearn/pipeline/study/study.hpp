/// \file
/// The experiment of Tao & Li (2025) for one seed: a weak teacher learns from a few labelled pairs (step 1), labels the
/// unlabelled ones by its implicit reward (step 2), and students are aligned to these labels (step 3), and to others
/// for comparison. Generic over the domain: token worlds with small transformers, or texts with real language models.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <preflearn/core/comparison.hpp>
#include <preflearn/core/concepts.hpp>
#include <preflearn/core/many.hpp>
#include <preflearn/core/preference.hpp>
#include <preflearn/core/requirements.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/data/selection/prompt_groups.hpp>
#include <preflearn/pipeline/align.hpp>
#include <preflearn/pipeline/learning/learning_run.hpp>
#include <preflearn/pipeline/learning/learning_steps.hpp>
#include <preflearn/pipeline/study/study_options.hpp>
#include <preflearn/reward/implicit.hpp>
#include <preflearn/teacher/from_reward.hpp>
#include <preflearn/teacher/random.hpp>
#include <preflearn/teacher/rule.hpp>
#include <preflearn/training/files/reference_cache.hpp>
#include <preflearn/training/loop/metrics.hpp>
#include <preflearn/training/loop/options.hpp>

namespace preflearn {

/// Stands for a gold reward where none is known.
struct no_gold {};

/// A student, or the untrained model that the students start from.
struct student_result {
    std::string name;
    /// What it was aligned to; empty for the model before alignment.
    label_set labels{};
    training_history training{};
    /// Its implicit reward's verdict on each test pair, with the margin, first minus second; empty before alignment.
    label_set test_labels{};
    /// The gold reward of its own response to each test prompt; empty without a gold reward.
    std::vector<double> sample_rewards{};
};

/// What one seed gave. Label sets cover the unlabelled and the test part.
struct study_result {
    std::uint64_t seed = 0;
    std::size_t labelled = 0, unlabelled = 0, test = 0;
    training_history teacher_training{};
    /// The teacher's margins are kept in its labels.
    label_set teacher_labels{}, teacher_test_labels{};
    label_set human_labels{}, human_test_labels{};
    /// Empty without a gold reward.
    label_set gold_labels{}, gold_test_labels{};
    std::vector<student_result> students{};
    /// A number for the prompt of every pair, by the pair's id: errors of pairs of one prompt are not independent.
    /// Empty where no two pairs share a prompt.
    std::unordered_map<std::uint64_t, std::size_t> prompts{};
    /// What the study's runs and its cache have to say, sentences for people.
    std::vector<std::string> notes{};
};

/// Takes what a study makes while it is there: a model is dropped when it has been judged; `{}`: nobody does.
template <class TeacherPolicy, class StudentPolicy> struct study_products {
    /// The weak teacher, with what is known by then: its training and its labels.
    std::function<void(const TeacherPolicy& weak, const study_result& so_far)> teacher{};
    /// The student of a row; and the model that the students start from.
    std::function<void(const StudentPolicy& student, const student_result& row)> student{};
};

/// What is studied; views everything. The two policies are the fine-tuned models before any preference training: each
/// is its own reference. Both may be one object.
template <class TeacherPolicy, class StudentPolicy, class C, class Gold = no_gold> struct study_input {
    const TeacherPolicy& teacher;
    const StudentPolicy& student;
    /// Disjoint parts; the human labels cover `labelled` and `test`. Those of `unlabelled` are hidden from the weak
    /// teacher, and where some are missing there are no students of them.
    std::span<const C> labelled, unlabelled, test;
    const label_set& human;
    /// A RewardModel, for evaluation and for the students of gold labels; `no_gold` leaves both out.
    Gold gold{};
    study_products<TeacherPolicy, StudentPolicy> made{};
};

/// The names of the rows, in their order.
namespace row_name {
inline constexpr std::string_view before = "SFT only", random = "random labels", weak = "weak teacher",
                                  human = "human labels", human_all = "human labels, all pairs", gold = "gold labels",
                                  human_labelled = "human labels, labelled pairs";
}

namespace detail {

/// The labels of these comparisons alone.
template <class C> label_set labels_of_comparisons(std::span<const C> comparisons, const label_set& all) {
    label_set some;
    for (const C& c : comparisons)
        some.add({static_cast<std::uint64_t>(c.id), all.at(static_cast<std::uint64_t>(c.id))});
    return some;
}
/// Those that there are.
template <class C> label_set known_labels_of(std::span<const C> comparisons, const label_set& all) {
    label_set some;
    for (const C& c : comparisons)
        if (const auto known = all.find(static_cast<std::uint64_t>(c.id)))
            some.add({static_cast<std::uint64_t>(c.id), *known});
    return some;
}

/// One seed's study while it runs.
template <class TeacherPolicy, class StudentPolicy, class C, class Gold, class Loss> class study {
  public:
    study(const study_input<TeacherPolicy, StudentPolicy, C, Gold>& input, const Loss& loss,
          const study_options& options)
        : input_(input), loss_(loss), options_(options), run_(options), cache_(options.cache) {
        require(!input.labelled.empty() && !input.unlabelled.empty() && !input.test.empty(),
                "a study needs labelled, unlabelled and test pairs, found ", input.labelled.size(), ", ",
                input.unlabelled.size(), " and ", input.test.size());
        all_.assign(input.labelled.begin(), input.labelled.end());
        all_.insert(all_.end(), input.unlabelled.begin(), input.unlabelled.end());
    }

    study_result run() {
        result_.seed = options_.seed;
        result_.labelled = input_.labelled.size();
        result_.unlabelled = input_.unlabelled.size();
        result_.test = input_.test.size();
        number_prompts();
        result_.human_labels = known_labels_of(input_.unlabelled, input_.human);
        result_.human_test_labels = labels_of_comparisons(input_.test, input_.human);
        if constexpr (has_gold) {
            const reward_teacher gold{input_.gold, hard_label{}};
            result_.gold_labels = label_all(input_.unlabelled, gold);
            result_.gold_test_labels = label_all(input_.test, gold);
        }
        references_ = score(input_.student, "student");
        teach();
        result_.students.push_back({.name = std::string(row_name::before)});
        sample(input_.student, result_.students.back());
        if (input_.made.student) input_.made.student(input_.student, result_.students.back());
        const std::span<const double> references(references_.learning);
        const auto unlabelled = references.subspan(2 * input_.labelled.size());
        add_student(row_name::random, input_.unlabelled, unlabelled,
                    label_all(input_.unlabelled, random_teacher{.seed = options_.seed}));
        add_student(row_name::weak, input_.unlabelled, unlabelled, result_.teacher_labels);
        add_students_of_humans(references);
        if constexpr (has_gold) add_student(row_name::gold, input_.unlabelled, unlabelled, result_.gold_labels);
        result_.notes.insert(result_.notes.end(), cache_.notes().begin(), cache_.notes().end());
        return std::move(result_);
    }

  private:
    static constexpr bool has_gold = !std::same_as<Gold, no_gold>;

    void number_prompts() {
        using prompt = prompt_of<C>;
        if constexpr (OrderedPrompt<prompt> || std::equality_comparable<prompt>) {
            std::vector<C> pairs(all_);
            pairs.insert(pairs.end(), input_.test.begin(), input_.test.end());
            const auto groups = group_by_prompt(std::span<const C>(pairs));
            bool shared = false;
            std::size_t next = 0;
            for (const std::vector<std::size_t>& group : groups) {
                bool own = false; // pairs without a prompt share nothing
                if constexpr (std::ranges::input_range<const prompt>)
                    own = std::ranges::begin(pairs[group[0]].prompt) == std::ranges::end(pairs[group[0]].prompt);
                shared = shared || (group.size() > 1 && !own);
                for (const std::size_t i : group) {
                    result_.prompts.emplace(static_cast<std::uint64_t>(pairs[i].id), next);
                    next += own;
                }
                next += !own;
            }
            if (!shared) result_.prompts.clear();
        }
    }

    /// Log-probs of the frozen policy that a run starts from, two per pair: of the labelled and then the unlabelled
    /// pairs, and of the test pairs.
    struct frozen_scores {
        std::vector<double> learning, test;
    };
    template <class P> [[nodiscard]] frozen_scores score(const P& policy, std::string_view name) {
        return {score_pairs_of(policy, std::span<const C>(all_), cache_, run_, message(name, ", reference")),
                score_pairs_of(policy, input_.test, cache_, run_, message(name, ", reference, test pairs"))};
    }

    /// Steps 1 and 2. A teacher that is the student as well is not scored again.
    void teach() {
        if constexpr (std::same_as<TeacherPolicy, StudentPolicy>)
            if (&input_.teacher == &input_.student) return teach(references_);
        teach(score(input_.teacher, "weak teacher"));
    }
    void teach(const frozen_scores& references) {
        const std::span<const double> all(references.learning);
        const std::size_t labelled = 2 * input_.labelled.size();
        TeacherPolicy weak = copy_of(input_.teacher);
        result_.teacher_training =
            learn_pairs(weak, pair_lesson<C>{input_.labelled, input_.human, all.first(labelled)}, loss_,
                        {options_.teacher_optimiser, options_.teacher_training, run_, "weak teacher"});
        add_notes("weak teacher", result_.teacher_training);
        const auto verdict = [&](double margin) {
            return options_.soft_labels ? soft_label{}(margin) : hard_label{}(margin);
        };
        result_.teacher_labels =
            implicit_labels(weak, input_.unlabelled, all.subspan(labelled), verdict, "weak teacher");
        result_.teacher_test_labels =
            implicit_labels(weak, input_.test, references.test, verdict, "weak teacher, test pairs");
        if (input_.made.teacher) input_.made.teacher(weak, result_);
    }

    /// The verdicts of a policy's implicit reward.
    template <class P, class Verdict>
    [[nodiscard]] label_set implicit_labels(const P& policy, std::span<const C> pairs,
                                            std::span<const double> references, const Verdict& verdict,
                                            const std::string& title) {
        const std::vector<double> rewards =
            implicit_rewards(score_pairs_of(policy, pairs, cache_, run_, title), references, options_.beta);
        label_set labels;
        for (std::size_t i = 0; i < pairs.size(); ++i)
            labels.add({static_cast<std::uint64_t>(pairs[i].id), verdict(rewards[2 * i] - rewards[2 * i + 1])});
        return labels;
    }

    /// Step 3, for any labels.
    void add_student(std::string_view name, std::span<const C> pairs, std::span<const double> references,
                     label_set labels) {
        StudentPolicy student = copy_of(input_.student);
        student_result row{.name = std::string(name), .labels = std::move(labels)};
        row.training =
            learn_pairs(student, pair_lesson<C>{pairs, row.labels, references}, loss_,
                        {options_.student_optimiser, options_.student_training, run_, message("student of ", name)});
        add_notes(row.name, row.training);
        row.test_labels = implicit_labels(student, input_.test, references_.test, preference::from_margin,
                                          message("student of ", name, ", test pairs"));
        sample(student, row);
        if (input_.made.student) input_.made.student(student, row);
        result_.students.push_back(std::move(row));
    }

    /// Of the unlabelled pairs where humans said something of every one of them, else of the labelled pairs alone.
    void add_students_of_humans(std::span<const double> references) {
        const std::size_t labelled = 2 * input_.labelled.size();
        const std::size_t missing = input_.unlabelled.size() - result_.human_labels.size();
        if (missing == 0) {
            add_student(row_name::human, input_.unlabelled, references.subspan(labelled), result_.human_labels);
            add_student(row_name::human_all, std::span<const C>(all_), references,
                        labels_of_comparisons(std::span<const C>(all_), input_.human));
            return;
        }
        result_.notes.push_back(message("there is no student of human labels of the unlabelled pairs: ", missing,
                                        " of ", input_.unlabelled.size(), " have none; that of \"",
                                        row_name::human_labelled, "\" learns from the ", input_.labelled.size(),
                                        " labelled ones"));
        add_student(row_name::human_labelled, input_.labelled, references.first(labelled),
                    labels_of_comparisons(input_.labelled, input_.human));
    }

    void sample(const StudentPolicy& policy, student_result& row) const {
        if constexpr (has_gold) {
            std::vector<prompt_of<C>> prompts;
            for (const C& c : input_.test) prompts.push_back(c.prompt);
            const auto responses = sample_all(policy, std::span<const prompt_of<C>>(prompts), options_.sampling,
                                              options_.seed, "student responses");
            for (std::size_t i = 0; i < prompts.size(); ++i)
                row.sample_rewards.push_back(static_cast<double>(input_.gold(prompts[i], responses[i])));
        }
    }

    void add_notes(const std::string& who, const training_history& history) {
        for (const std::string& note : history.notes) result_.notes.push_back(message(who, ": ", note));
    }

    study_input<TeacherPolicy, StudentPolicy, C, Gold> input_;
    Loss loss_;
    study_options options_;
    learning_run run_;
    std::vector<C> all_;
    reference_cache cache_;
    frozen_scores references_; // of the student
    study_result result_;
};

} // namespace detail

/// Runs the study: 1 teacher, 4 students (5 with a gold reward; one fewer where humans did not label all).
/// Deterministic: the same input and options give the same bits, also when it was stopped and goes on from its
/// checkpoints. \throws argument_error for an empty part or a missing human label; and what training throws.
template <class TeacherPolicy, class StudentPolicy, class C, class Gold, class Loss>
study_result run_study(const study_input<TeacherPolicy, StudentPolicy, C, Gold>& input, const Loss& loss,
                       const study_options& options) {
    check_comparison<C>();
    check_policy<TeacherPolicy, C>();
    check_policy<StudentPolicy, C>();
    if constexpr (!std::same_as<Gold, no_gold>) {
        check_reward_model<Gold, C>();
        check_generative_policy<StudentPolicy, C>();
    }
    return detail::study<TeacherPolicy, StudentPolicy, C, Gold, Loss>(input, loss, options).run();
}

} // namespace preflearn
