/// \file
/// What became of a student: on held-out examples that it did not learn from, by its labels and by what humans said,
/// and the run's steps.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/agreement/ranks/auc.hpp>
#include <preflearn/agreement/uncertainty/estimate.hpp>
#include <preflearn/core/preference.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/pipeline/learning/training_report.hpp>
#include <preflearn/pipeline/teacher_kinds/held_out_report.hpp>
#include <preflearn/programs/aligning/align_examples.hpp>
#include <preflearn/programs/aligning/learn_student.hpp>
#include <preflearn/programs/aligning/told_noise.hpp>
#include <preflearn/report/tables/json_number.hpp>
#include <preflearn/report/tables/table_text.hpp>
#include <preflearn/training/loop/metrics.hpp>

namespace preflearn {

struct student_report {
    std::string loss{}; ///< its identity
    std::size_t learned = 0, held_out = 0;
    std::optional<told_noise> noise{};
    /// Of held-out examples; nothing where there are none.
    std::optional<double> held_out_loss{};
    /// How often its reward of the chosen response is the larger one, over prompts, ties half; and how often it sides
    /// with a human's verdict. Of single completions the accuracy is the probability that a desirable one has a larger
    /// reward than an undesirable one (the area under the ROC curve).
    std::optional<estimate> accuracy{}, human_accuracy{};
    bool of_singles = false;
    std::size_t human_verdicts = 0;
    /// Of the held-out examples, those that are learned from, too.
    std::size_t learned_too = 0;
    training_history fine_tuning{}, preferences{};
};

/// \param scores see student_learned
inline void judge_student(student_report& report, const std::vector<align_example>& held,
                          std::span<const double> scores) {
    if (scores.empty()) return;
    report.of_singles = held.front().responses.size() == 1;
    if (report.of_singles) {
        report.accuracy = auc(scores, singles_of(held).desirable);
        return;
    }
    std::vector<text_comparison> pairs;
    for (const align_example& e : held)
        pairs.push_back({e.id, e.prompt, e.responses.front(), e.responses.size() > 1 ? e.responses[1] : ""});
    const auto prompts = detail::prompt_numbers(pairs);
    const label_set labels = labels_of(held, false);
    label_set said, said_of_humans, human;
    for (std::size_t i = 0; i < held.size(); ++i) {
        const preference choice_of_student = scores[i] == 0.5  ? preference::tied()
                                             : scores[i] > 0.5 ? preference::for_first()
                                                               : preference::for_second();
        said.add({held[i].id, choice_of_student});
        if (!held[i].human || held[i].human->abstained()) continue;
        said_of_humans.add({held[i].id, choice_of_student});
        human.add({held[i].id, *held[i].human});
    }
    report.accuracy = detail::agreement_with(said, labels, prompts);
    report.human_verdicts = human.size();
    if (!human.empty()) report.human_accuracy = detail::agreement_with(said_of_humans, human, prompts);
}

inline nlohmann::ordered_json to_json(const student_report& report) {
    nlohmann::ordered_json held{{"examples", report.held_out}};
    if (report.learned_too > 0) held["learned_too"] = report.learned_too;
    if (report.held_out_loss) held["loss"] = json_number(*report.held_out_loss);
    if (report.accuracy) held[report.of_singles ? "auc" : "accuracy"] = detail::json_of_share(*report.accuracy);
    if (report.human_accuracy) {
        held["human_accuracy"] = detail::json_of_share(*report.human_accuracy);
        held["human_verdicts"] = report.human_verdicts;
    }
    nlohmann::ordered_json json{{"loss", report.loss}, {"examples", report.learned}, {"held_out", std::move(held)}};
    if (report.noise) json["noise"] = to_json(*report.noise, report.learned);
    json["stopped_early"] = report.preferences.stopped;
    json["fine_tuning"] = json_of_steps(report.fine_tuning);
    json["preferences"] = json_of_steps(report.preferences);
    return json;
}

/// Lines of text, each ended.
inline std::string to_text(const student_report& report) {
    std::string text =
        message("learned from ", report.learned, " examples by ", report.loss, " in ", report.preferences.steps.size(),
                " steps", report.preferences.stopped ? ", stopped when it no longer improved" : "", "\n");
    if (report.noise) text += shown_worth(*report.noise, report.learned) + "\n";
    if (report.held_out == 0) return text;
    if (report.learned_too == report.held_out)
        text += message("examples that it learned from: ", report.held_out, ", none is held out");
    else
        text += message("held-out examples: ", report.held_out);
    if (report.learned_too > 0 && report.learned_too < report.held_out)
        text += message(" (it learned from ", report.learned_too, " of them, too)");
    if (report.held_out_loss) text += ", loss " + shown(*report.held_out_loss, 4);
    if (report.accuracy)
        text += (report.of_singles ? "\n  a desirable one has a larger reward than an undesirable one on "
                                   : "\n  the student's reward agrees with their labels on ") +
                detail::shown_share(*report.accuracy);
    if (report.human_accuracy)
        text += message("\n  and with ", report.human_verdicts, " human verdicts on ",
                        detail::shown_share(*report.human_accuracy));
    return text + "\n";
}

} // namespace preflearn
