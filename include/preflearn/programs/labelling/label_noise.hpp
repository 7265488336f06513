/// \file
/// How often the labels that were written are wrong and what they are worth together: by the labelled pairs that
/// calibrated them, else by those that the teacher's folder was held against; by those of them that the rule keeps, as
/// it keeps labels, and by none that the teacher learned from. Labels turned on purpose come on top: pair by pair where
/// flips look at the pair. Where no such pair is known there is no rate, and why is said.
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
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/agreement/labels/accuracy_by_prompt.hpp>
#include <preflearn/agreement/uncertainty/clustered.hpp>
#include <preflearn/agreement/uncertainty/estimate.hpp>
#include <preflearn/core/preference.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/pipeline/noise/judged_pairs.hpp>
#include <preflearn/pipeline/noise/noise_estimate.hpp>
#include <preflearn/pipeline/noise/noise_files.hpp>
#include <preflearn/programs/labelling/label_calibration.hpp>
#include <preflearn/programs/labelling/label_decision.hpp>
#include <preflearn/programs/labelling/label_flipping.hpp>
#include <preflearn/programs/labelling/label_options.hpp>
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

/// What a rule keeps of judged pairs as it keeps labels, and how likely it then turns each on purpose.
struct kept_labels {
    label_rule rule{};
    /// Of `top`: the least |margin|, not calibrated, of the labels that it keeps.
    double least = 0;
    std::optional<flip_odds> flips{}; ///< by margin or length

    [[nodiscard]] bool has(const judged_pair& pair, const label_calibration& by) const {
        if (pair.margin == 0) return false; // a tie is no label
        switch (rule.kind) {
        case label_rule_kind::soft:
            return by.confidence(pair) != 0.5;
        case label_rule_kind::abstain:
            return by.confidence(pair) >= rule.amount;
        case label_rule_kind::top:
            return std::abs(pair.margin) >= least;
        case label_rule_kind::hard:
            break;
        }
        return true;
    }
};

/// ε on those of the judged pairs that are kept, each turned with its own probability: e + f − 2ef, pair by pair.
inline noise_estimate noise_on(std::span<const judged_pair> pairs, const label_calibration& by,
                               const kept_labels& kept = {}) {
    label_set said, truth;
    std::vector<double> right;
    std::vector<std::uint64_t> prompts;
    double expected = 0;
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        if (!kept.has(pairs[i], by)) continue;
        const double margin = std::isfinite(pairs[i].margin) ? by.written(std::abs(pairs[i].margin)) : pairs[i].margin;
        const double flip = kept.flips ? (*kept.flips)(margin, pairs[i].longer) : 0;
        const auto turned = [flip](double share) { return share + flip - 2 * share * flip; };
        said.add({i, pairs[i].right == 0.5 ? preference::tied() : preference(pairs[i].right)});
        truth.add({i, preference::for_first()});
        right.push_back(std::clamp(turned(pairs[i].right), 0.0, 1.0));
        prompts.push_back(pairs[i].prompt);
        expected += turned(1 - by.confidence(pairs[i]));
    }
    const estimate rate =
        kept.flips ? clustered_share(std::span<const double>(right), std::span<const std::uint64_t>(prompts))
                   : label_accuracy_by_prompt(said, truth, [&](std::uint64_t i) { return pairs[i].prompt; }).rate;
    return noise_of(rate, said.size(), said.empty() ? undefined : expected / static_cast<double>(said.size()));
}

/// What the teacher's folder says: of all its held-out pairs, and pair by pair where it has these.
struct folder_noise {
    noise_estimate all{};
    std::vector<judged_pair> pairs{};
};

namespace detail {

inline noise_estimate no_rate(std::string why) {
    return {.rate = estimate::none(estimate_status::empty), .why = std::move(why)};
}

/// Of the labels that are kept, before flips that are alike for all.
inline noise_estimate noise_of_kept(const label_calibration& by, const kept_labels& kept,
                                    const std::optional<folder_noise>& folder) {
    const bool calibrated_here = !by.pairs.empty() || by.by_learned;
    if (by.by_learned)
        return no_rate(message("the teacher learned from all ", by.learned_from,
                               " labelled pairs that it is calibrated by, and how well it remembers them says nothing "
                               "of other labels; pairs that it did not learn from tell it"));
    if (!calibrated_here && !folder->all.why.empty()) return no_rate(folder->all.why);
    const std::span<const judged_pair> pairs = calibrated_here ? by.pairs : folder->pairs;
    const bool selects = kept.rule.kind == label_rule_kind::abstain || kept.rule.kind == label_rule_kind::top;
    if (pairs.empty()) {
        if (!selects && !kept.flips) return folder->all;
        return no_rate(message("the teacher's folder says how often it is wrong on all its held-out pairs, not on ",
                               selects ? "those that the rule " : "each, by which flips by ",
                               selects ? name_of(kept.rule.kind) : name_of(kept.flips->kind),
                               selects ? " keeps" : " are told", "; labelled pairs (--calibrate) tell it"));
    }
    noise_estimate found = noise_on(pairs, by, kept);
    if (found.pairs == 0)
        found.why = message("none of the ", pairs.size(), " held-out pairs is one that the rule ",
                            name_of(kept.rule.kind), " keeps");
    return found;
}

} // namespace detail

/// Nothing where nothing is known. \param folder what the teacher's folder says \param flips those that were made
inline std::optional<label_noise> noise_of_labels(std::span<const label_decision> labels,
                                                  std::span<const record_facts> records, const label_calibration& by,
                                                  const label_rule& rule, const std::optional<folder_noise>& folder,
                                                  double human, const std::optional<label_flips>& flips = {}) {
    label_noise found{.from_calibration = !by.pairs.empty() || by.by_learned, .effective_by_pair = 0, .human = human};
    double expected = 0;
    kept_labels kept{.rule = rule, .least = std::numeric_limits<double>::infinity()};
    std::size_t flipped = 0;
    for (std::size_t i = 0; i < labels.size(); ++i) {
        if (!labels[i].left_out.empty() || records[i].responses != 2) continue;
        ++found.written;
        flipped += labels[i].flipped;
        const double wrong = labels[i].flipped ? labels[i].confidence : 1 - labels[i].confidence;
        expected += wrong;
        found.effective_by_pair += (1 - 2 * wrong) * (1 - 2 * wrong);
        kept.least = std::min(kept.least, labels[i].evidence);
    }
    if (found.written == 0 || (!found.from_calibration && !folder)) return std::nullopt;
    if (flips && flips->rate > 0 && flips->kind != flip_kind::uniform)
        kept.flips = flip_odds_of(labels, records, *flips);
    found.labels = detail::noise_of_kept(by, kept, folder);
    const auto n = static_cast<double>(found.written);
    if (!kept.flips) found.labels = with_flips(found.labels, static_cast<double>(flipped) / n);
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
    if (!noise.labels.rate.defined())
        return message("  noise: not measured", noise.labels.why.empty() ? "" : ": ", noise.labels.why, "\n");
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
