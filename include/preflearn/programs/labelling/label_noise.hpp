/// \file
/// How often the labels that were written are wrong and what they are worth together: by the labelled pairs that
/// calibrated them, else by those that the teacher's folder was held against. Of a rule that keeps the surest labels,
/// and pairs to calibrate by, only those pairs tell that are as sure; labels turned on purpose come on top.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include <preflearn/agreement/labels/accuracy_by_prompt.hpp>
#include <preflearn/agreement/uncertainty/estimate.hpp>
#include <preflearn/core/preference.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/pipeline/noise/noise_estimate.hpp>
#include <preflearn/pipeline/noise/noise_files.hpp>
#include <preflearn/programs/labelling/label_decisions.hpp>
#include <preflearn/report/tables/json_number.hpp>
#include <preflearn/report/tables/table_text.hpp>

namespace preflearn {

struct label_noise {
    /// Of the labels as they are written, against the labels of people.
    noise_estimate labels{};
    /// Whether pairs to calibrate by told it, or the teacher's folder.
    bool from_calibration = false;
    std::size_t written = 0;
    /// Σ (1 − 2ε)² over the labels, each with its own ε; NaN where probabilities are not calibrated.
    double effective_by_pair = undefined;
    /// The noise rate of people, where it is known; 0: their labels are the truth.
    double human = 0;

    /// Against the truth. \throws argument_error as `rate_behind`
    [[nodiscard]] estimate rate() const { return rate_behind(labels.rate, human); }
    /// How many right labels they are worth.
    [[nodiscard]] estimate effective() const { return effective_sample_size(static_cast<double>(written), rate()); }
    /// How many labels of people they are worth.
    [[nodiscard]] estimate human_labels() const {
        const double n = static_cast<double>(written);
        estimate worth = exchange_rate(rate(), human);
        worth.value *= n;
        worth.standard_error *= n;
        worth.bounds = {worth.bounds.low * n, worth.bounds.high * n};
        return worth;
    }
};

/// ε on the labelled pairs whose |margin| is at least `least`.
inline noise_estimate noise_on(std::span<const calibration_pair> pairs, const label_calibration& by, double least = 0) {
    label_set said, truth;
    double expected = 0;
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        if (!(std::abs(pairs[i].margin) >= least)) continue;
        said.add({i, pairs[i].right == 0.5 ? preference::tied() : preference(pairs[i].right)});
        truth.add({i, preference::for_first()});
        expected += 1 - by.probability(std::abs(pairs[i].margin));
    }
    const auto prompt = [&](std::uint64_t i) { return pairs[i].prompt; };
    return noise_of(label_accuracy_by_prompt(said, truth, prompt).rate, said.size(),
                    said.empty() ? undefined : expected / static_cast<double>(said.size()));
}

/// Nothing where nothing is known. \param folder what the teacher's folder says
inline std::optional<label_noise> noise_of_labels(std::span<const label_decision> labels,
                                                  std::span<const record_facts> records, const label_calibration& by,
                                                  const label_rule& rule, const std::optional<noise_estimate>& folder,
                                                  double human) {
    label_noise found{.from_calibration = !by.pairs.empty(), .effective_by_pair = 0, .human = human};
    double least = std::numeric_limits<double>::infinity(), expected = 0;
    std::size_t flipped = 0;
    for (std::size_t i = 0; i < labels.size(); ++i) {
        if (!labels[i].left_out.empty() || records[i].responses != 2) continue;
        ++found.written;
        flipped += labels[i].flipped;
        const double wrong = labels[i].flipped ? labels[i].confidence : 1 - labels[i].confidence;
        expected += wrong;
        found.effective_by_pair += (1 - 2 * wrong) * (1 - 2 * wrong);
        if (labels[i].margin) least = std::min(least, *labels[i].margin * (by.isotonic ? 1 : by.temperature));
    }
    if (found.written == 0 || (!found.from_calibration && !folder)) return std::nullopt;
    const bool selects = rule.kind == label_rule_kind::abstain || rule.kind == label_rule_kind::top;
    // rounding of the written margin leaves no pair out
    found.labels = found.from_calibration ? noise_on(by.pairs, by, selects ? least * (1 - 1e-12) : 0) : *folder;
    const auto n = static_cast<double>(found.written);
    found.labels = with_flips(found.labels, static_cast<double>(flipped) / n);
    found.labels.expected = by.calibrated ? expected / n : undefined;
    if (!by.calibrated) found.effective_by_pair = undefined;
    return found;
}

/// The noise of the labels as `parse_noise` reads it, and what they are worth.
inline nlohmann::ordered_json to_json(const label_noise& noise) {
    nlohmann::ordered_json json = to_json(noise.labels);
    json["from"] = noise.from_calibration ? "calibration" : "teacher";
    json["labels"] = noise.written;
    json["effective_labels"] = detail::bounded_json(noise.effective());
    json["effective_labels_by_pair"] = json_number(noise.effective_by_pair);
    if (noise.human > 0) {
        json["human_noise"] = noise.human;
        json["rate_against_truth"] = detail::bounded_json(noise.rate());
    }
    json["human_labels"] = detail::bounded_json(noise.human_labels());
    return json;
}

/// Lines of text, each ended.
inline std::string to_text(const label_noise& noise) {
    std::string text = "  noise: " + shown_noise(noise.labels.rate) + " of the labels are not what people say, by " +
                       message(noise.labels.pairs) + " labelled pairs\n";
    if (noise.human > 0)
        text += "  people being wrong on " + shown(noise.human, 1, notation::percent) + ", " +
                shown_noise(noise.rate()) + " are wrong\n";
    text += message("  worth ", shown_labels(noise.effective()), " right labels, n (1 - 2e)^2");
    if (noise.human > 0) text += ", or " + shown_labels(noise.human_labels()) + " of people";
    return text + "\n";
}

} // namespace preflearn
