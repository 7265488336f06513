/// \file
/// A teacher held against labels that it did not learn from: how often it agrees, beside the longer response's share,
/// and the temperature at which its probabilities are honest.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/agreement/labels/accuracy_by_prompt.hpp>
#include <preflearn/agreement/labels/calibration.hpp>
#include <preflearn/agreement/labels/position_bias.hpp>
#include <preflearn/agreement/labels/recalibration.hpp>
#include <preflearn/agreement/uncertainty/estimate.hpp>
#include <preflearn/core/preference.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/data/preferences/preference_data.hpp>
#include <preflearn/data/selection/left_out.hpp>
#include <preflearn/data/selection/split.hpp>
#include <preflearn/pipeline/noise/noise_estimate.hpp>
#include <preflearn/pipeline/noise/noise_files.hpp>
#include <preflearn/pipeline/teacher_kinds/position_report.hpp>
#include <preflearn/pipeline/teacher_kinds/text_teacher.hpp>
#include <preflearn/report/tables/json_number.hpp>
#include <preflearn/report/tables/table_text.hpp>
#include <preflearn/teacher/longer.hpp>
#include <preflearn/teacher/rule.hpp>

namespace preflearn {

/// Told how many pairs are done, how many tokens were computed for the last ones, and how many operations one takes.
using judging_progress = std::function<void(std::size_t done, double tokens, double operations)>;

/// A teacher's judgements of pairs in memory, in blocks. \param split_by the seed by which split_preferences put the
/// two responses of each in order; nothing: they stand as in their file
inline std::vector<judgement> judge_pairs(const text_teacher& teacher, std::span<const text_comparison> pairs,
                                          std::optional<std::uint64_t> split_by = {},
                                          const judging_progress& seen = {}) {
    const std::size_t block = teacher.block;
    std::vector<judgement> all;
    std::vector<shown_texts> shown;
    for (std::size_t begin = 0; begin < pairs.size(); begin += block) {
        shown.clear();
        for (const text_comparison& pair : pairs.subspan(begin, std::min(block, pairs.size() - begin))) {
            const bool swapped = split_by && is_swapped(*split_by, pair.id);
            shown.push_back({pair.id, pair.prompt, {pair.first, pair.second}, {swapped ? 1U : 0U, swapped ? 0U : 1U}});
        }
        if (seen && begin == 0) seen(0, 0, 0);
        judged_block judged = teacher.judge(shown);
        std::ranges::move(judged.all, std::back_inserter(all));
        if (seen) seen(all.size(), static_cast<double>(judged.tokens), teacher.operations_per_token);
    }
    return all;
}

/// The decision of a judgement of two responses, its margin kept; an abstention where there is none.
inline preference decided(const judgement& said) {
    if (said.unfit) return preference::abstention();
    const std::optional<double> margin = said.margin();
    if (margin) return hard_label{}(*margin);
    if (!said.verdict || said.verdict->abstained()) return preference::abstention();
    const choice which = said.verdict->decision();
    return which == choice::tie     ? preference::tied()
           : which == choice::first ? preference::for_first()
                                    : preference::for_second();
}

struct held_out_report {
    std::size_t pairs = 0, unfit = 0;
    /// Why those are unfit, and the first of them in words.
    std::map<left_out_reason, std::size_t> unfit_reasons{};
    std::string first_unfit{};
    /// Shares of pairs, ties half; intervals over prompts.
    estimate accuracy{}, length_only{};
    /// P = σ(margin / temperature); NaN where no temperature is best, which `temperature_status` says.
    temperature_fit calibration{};
    /// Mean −log P of the labels in nats, before and after.
    double loss_before = undefined, loss_after = undefined;
    /// Of its labels, of all these pairs.
    noise_estimate noise{};
    /// Of a judge that was asked in both orders.
    swap_counts positions{};
    /// Pairs that the teacher learned from: left out, unless there are no others; then it is measured by none of what
    /// stands here, and has no noise rate.
    std::size_t learned_from = 0;
    bool remembered = false;
};

namespace detail {

/// A number for each prompt, by the pair's id.
inline std::unordered_map<std::uint64_t, std::size_t> prompt_numbers(std::span<const text_comparison> pairs) {
    std::unordered_map<std::string_view, std::size_t> numbers;
    std::unordered_map<std::uint64_t, std::size_t> of_pair;
    for (const text_comparison& pair : pairs)
        of_pair.emplace(pair.id, numbers.try_emplace(pair.prompt, numbers.size()).first->second);
    return of_pair;
}

/// Of labels over prompts; the decisions of `truth`.
inline estimate agreement_with(const label_set& labels, const label_set& truth,
                               const std::unordered_map<std::uint64_t, std::size_t>& prompts) {
    return label_accuracy_by_prompt(labels, truth, [&](std::uint64_t pair) { return prompts.at(pair); }).rate;
}

} // namespace detail

/// \param truth labels of all pairs, of first and second as they stand there
inline held_out_report hold_against(std::span<const judgement> said, std::span<const text_comparison> pairs,
                                    const label_set& truth) {
    held_out_report report{.pairs = pairs.size()};
    label_set labels, longer;
    std::vector<double> margins, outcomes;
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        const std::optional<preference> known = truth.find(pairs[i].id);
        if (const auto& why = said[i].unfit) {
            ++report.unfit;
            ++report.unfit_reasons[why->reason];
            if (report.first_unfit.empty()) report.first_unfit = why->message;
        }
        if (!known || known->abstained() || said[i].unfit) continue;
        labels.add({pairs[i].id, decided(said[i])});
        longer.add({pairs[i].id, longer_response{}(pairs[i])});
        const std::optional<double> margin = said[i].margin();
        if (!margin || !std::isfinite(*margin)) continue;
        margins.push_back(*margin);
        outcomes.push_back(known->half_win());
    }
    const auto prompts = detail::prompt_numbers(pairs);
    report.accuracy = detail::agreement_with(labels, truth, prompts);
    report.length_only = detail::agreement_with(longer, truth, prompts);
    report.calibration = fit_temperature(margins, outcomes);
    report.loss_before = margin_negative_log_likelihood(margins, outcomes).value;
    report.loss_after = report.calibration.loss;
    double expected = 0; // NaN where no temperature is best
    for (const double margin : margins)
        expected += pair_noise(margin, report.calibration.temperature) / static_cast<double>(margins.size());
    report.positions = positions_of(said);
    report.noise = noise_of(report.accuracy, labels.size(), margins.empty() ? undefined : expected);
    return report;
}

namespace detail {

inline nlohmann::ordered_json json_of_share(const estimate& e) {
    return {{"value", json_number(e.value)},
            {"low", json_number(e.bounds.low)},
            {"high", json_number(e.bounds.high)},
            {"prompts", e.count},
            {"status", name_of(e.status)}};
}

/// "62.5% [45.3%, 77.1%]".
inline std::string shown_share(const estimate& e) {
    if (!e.defined()) return "not defined (" + std::string(name_of(e.status)) + ")";
    const auto percent = [](double share) { return shown(share, 1, notation::percent); };
    return percent(e.value) + " [" + percent(e.bounds.low) + ", " + percent(e.bounds.high) + "]";
}

} // namespace detail

inline nlohmann::ordered_json to_json(const held_out_report& report) {
    auto reasons = nlohmann::ordered_json::object();
    for (const auto& [reason, count] : report.unfit_reasons) reasons[std::string(name_of(reason))] = count;
    nlohmann::ordered_json json{{"pairs", report.pairs},
                                {"left_out", report.unfit},
                                {"left_out_reasons", std::move(reasons)},
                                {"accuracy", detail::json_of_share(report.accuracy)},
                                {"length_only_accuracy", detail::json_of_share(report.length_only)},
                                {"temperature", json_number(report.calibration.temperature)},
                                {"temperature_status", name_of(report.calibration.status)},
                                {"nats_before_calibration", json_number(report.loss_before)},
                                {"nats_after_calibration", json_number(report.loss_after)},
                                {"noise", to_json(report.noise)}};
    if (report.learned_from > 0) {
        json["learned_from"] = report.learned_from;
        json["remembered"] = report.remembered;
    }
    if (report.positions.total() > 0) json["positions"] = to_json(analyse_swaps(report.positions));
    return json;
}

/// Lines of text, each ended.
inline std::string to_text(const held_out_report& report) {
    std::string text = message("held-out pairs: ", report.pairs);
    if (report.unfit > 0) text += message(", of which ", report.unfit, " cannot be judged");
    for (const auto& [reason, count] : report.unfit_reasons)
        text += message("\n  left out: ", count, " ", words_of(reason));
    if (!report.first_unfit.empty()) text += "; the first: " + report.first_unfit;
    if (report.remembered)
        text += message("\n  warning: the teacher learned from all ", report.learned_from,
                        " of them: what follows says how well it remembers, not how often it is wrong, and does not "
                        "calibrate it");
    else if (report.learned_from > 0)
        text += message("\n  warning: ", report.learned_from,
                        " more are pairs that the teacher learned from, and are left out");
    text += "\n  the teacher agrees with their labels on " + detail::shown_share(report.accuracy) +
            "\n  the longer response is the preferred one on " + detail::shown_share(report.length_only) + "\n";
    if (report.calibration.status == estimate_status::ok)
        text += "  temperature " + shown(report.calibration.temperature, 3) + ": " + shown(report.loss_before, 3) +
                " nats a label before, " + shown(report.loss_after, 3) + " after\n";
    else
        text += "  no temperature fits its probabilities to these labels: " +
                (report.calibration.status == estimate_status::empty && report.accuracy.count > 0
                     ? "its verdicts on them are certain, and probabilities of 0 and 1 have no margin"
                     : words_of_no_temperature(report.calibration.status)) +
                "\n";
    if (report.noise.rate.defined())
        text += "  of 1000 labels " + shown_labels(effective_sample_size(1000, report.noise.rate)) +
                " right ones are left: n (1 - 2e)^2, e = " + shown_noise(report.noise.rate) + " against these labels\n";
    return text + to_text(analyse_swaps(report.positions));
}

} // namespace preflearn
