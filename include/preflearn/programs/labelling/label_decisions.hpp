/// \file
/// From a teacher's judgements to labels: calibrated probabilities, a rule that keeps or leaves out, weights, and
/// labels turned on purpose. Nothing here reads a text or knows a model.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <preflearn/agreement/labels/recalibration.hpp>
#include <preflearn/core/numbers/log_space.hpp>
#include <preflearn/core/numbers/random.hpp>
#include <preflearn/core/preference.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/data/selection/left_out.hpp>
#include <preflearn/pipeline/teacher_kinds/text_teacher.hpp>
#include <preflearn/programs/labelling/judged_file.hpp>
#include <preflearn/programs/labelling/label_options.hpp>
#include <preflearn/teacher/annotator_temperature.hpp>

namespace preflearn {

/// What is known of a record without its texts. `human` is about the responses in their order in the file.
struct record_facts {
    std::uint64_t id = 0, prompt = 0; ///< of the prompt a hash
    std::size_t line = 0, responses = 0;
    std::vector<std::size_t> lengths{}; ///< of the responses, in bytes
    bool identical = false;
    std::optional<preference> human{};
};

inline record_facts facts_of(const label_record& record) {
    std::vector<std::size_t> lengths;
    for (const std::string& response : record.responses) lengths.push_back(response.size());
    return {.id = record.id,
            .prompt = hash_of(record.prompt),
            .line = record.line,
            .responses = record.responses.size(),
            .lengths = std::move(lengths),
            .identical = record.responses.size() == 2 && record.responses[0] == record.responses[1],
            .human = record.human};
}

/// A labelled pair that probabilities were calibrated by.
struct calibration_pair {
    double margin = 0;        ///< the teacher's own
    double right = 0;         ///< whether it agrees with people; of a tie half
    std::uint64_t prompt = 0; ///< a hash
};

/// How margins become probabilities.
struct label_calibration {
    double temperature = 1;
    std::optional<isotonic_fit> isotonic{}; ///< in place of the temperature
    /// Whether margins were held against labels, here or when the teacher was made.
    bool calibrated = false;
    /// By which; none where the teacher's folder says how.
    std::vector<calibration_pair> pairs{};

    /// P(first ≻ second).
    [[nodiscard]] double probability(double margin) const {
        return isotonic ? (*isotonic)(margin) : sigmoid(margin / temperature);
    }
    /// The margin that is written.
    [[nodiscard]] double written(double margin) const { return isotonic ? margin : margin / temperature; }
};

/// By margins with known outcomes. An isotonic fit treats both responses alike: each pair counts as itself and as its
/// mirror image. \throws argument_error where no temperature is best, saying why
inline label_calibration calibrate_by(std::span<const double> margins, std::span<const double> outcomes,
                                      calibration_kind kind) {
    label_calibration made{.calibrated = true};
    if (kind == calibration_kind::isotonic) {
        require(!margins.empty(), "there are no labelled pairs to calibrate by");
        std::vector<double> both(margins.begin(), margins.end()), truth(outcomes.begin(), outcomes.end());
        for (std::size_t i = 0; i < margins.size(); ++i) {
            both.push_back(-margins[i]);
            truth.push_back(1 - outcomes[i]);
        }
        made.isotonic = fit_isotonic(both, truth);
        return made;
    }
    const temperature_fit fit = fit_temperature(margins, outcomes);
    require(fit.status == estimate_status::ok, "no temperature fits the teacher's probabilities to the ",
            margins.size(), " labelled pairs: ", words_of_no_temperature(fit.status));
    made.temperature = fit.temperature;
    return made;
}

/// What becomes of a record.
struct label_decision {
    /// Empty: it is written. Else a word: tie, abstained, below_top, or a left_out_reason's name.
    std::string_view left_out{};
    std::string why{};
    /// Which response of the file is the chosen one, of two.
    std::size_t chosen = 0;
    /// P(chosen ≻ rejected) as it is written, and before the rule, calibrated.
    double probability = 1, confidence = 1;
    std::optional<double> margin{}; ///< chosen minus rejected as it is written, before a flip
    double weight = 1;
    bool flipped = false;
    /// Of more than two responses, in the file's order.
    std::vector<double> scores{};
};

namespace detail {

/// The verdict on two responses, before any rule.
inline label_decision verdict_on_two(const record_facts& record, const judgement& said,
                                     const label_calibration& calibration, const label_options& options) {
    label_decision made;
    if (record.identical) return {.left_out = name_of(left_out_reason::identical_responses)};
    const std::optional<double> margin = said.margin();
    require<numeric_error>(!margin || !std::isnan(*margin), "pair ", record.id, ": the margin is ", margin.value_or(0));
    if (!margin && (!said.verdict || said.verdict->abstained())) return {.left_out = "abstained"};
    const double first = margin ? calibration.probability(*margin) : said.verdict->half_win();
    const bool tie = margin ? *margin == 0 : first == 0.5;
    if (tie) return {.left_out = "tie"};
    const bool second = margin ? *margin < 0 : first < 0.5;
    made.chosen = shown_order(options.seed, record.id, 2)[second ? 1 : 0];
    // of |margin|, so that the order in which they were shown leaves no trace, not in the last bit either
    made.confidence = margin ? calibration.probability(std::abs(*margin)) : second ? 1 - first : first;
    if (margin) made.margin = std::abs(calibration.written(*margin));
    if (made.margin && !std::isfinite(*made.margin)) made.margin.reset(); // JSON cannot say it
    const double own = margin ? sigmoid(std::abs(*margin)) : made.confidence;
    made.weight = options.weight == label_weight::none         ? 1
                  : options.weight == label_weight::confidence ? 2 * (own - 0.5)
                                                               : 2 * made.confidence - 1;
    return made;
}

inline label_decision scores_of_many(const record_facts& record, const judgement& said,
                                     const label_calibration& calibration, const label_options& options) {
    if (said.scores.size() != record.responses)
        return {.left_out = name_of(left_out_reason::no_label), .why = "the teacher compares two responses"};
    label_decision made;
    made.scores.resize(record.responses);
    const std::vector<std::size_t> order = shown_order(options.seed, record.id, record.responses);
    for (std::size_t k = 0; k < order.size(); ++k) made.scores[order[k]] = calibration.written(said.scores[k]);
    return made;
}

/// Keeps the share of the labels with the largest |margin|; of equal ones those that stand first.
inline void keep_top(std::span<label_decision> labels, std::span<const record_facts> records, double percent) {
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < labels.size(); ++i)
        if (labels[i].left_out.empty() && records[i].responses == 2) order.push_back(i);
    const auto evidence = [&](std::size_t i) {
        return labels[i].margin.value_or(std::numeric_limits<double>::infinity());
    };
    std::ranges::sort(order, [&](std::size_t a, std::size_t b) {
        const double of_a = evidence(a), of_b = evidence(b);
        return of_a != of_b ? of_a > of_b : a < b;
    });
    const auto kept = static_cast<std::size_t>(std::ceil(percent / 100 * static_cast<double>(order.size()) - 1e-9));
    for (std::size_t k = kept; k < order.size(); ++k) labels[order[k]].left_out = "below_top";
}

/// Turns labels that are written. \throws argument_error where the rate cannot be met
inline void flip_labels(std::span<label_decision> labels, std::span<const record_facts> records,
                        const label_flips& flips, std::uint64_t seed) {
    std::vector<std::size_t> written;
    for (std::size_t i = 0; i < labels.size(); ++i)
        if (labels[i].left_out.empty() && records[i].responses == 2) written.push_back(i);
    if (written.empty() || flips.rate == 0) return;
    const auto turn = [&](std::size_t i, double rate) {
        if (!generator(seed, "label noise", records[i].id).bernoulli(rate)) return;
        labels[i].chosen = 1 - labels[i].chosen;
        labels[i].flipped = true;
    };
    if (flips.kind == flip_kind::uniform) {
        for (const std::size_t i : written) turn(i, flips.rate);
    } else if (flips.kind == flip_kind::margin) {
        std::vector<double> margins;
        for (const std::size_t i : written) {
            require(labels[i].margin.has_value(), "pair ", records[i].id, " has no margin to flip it by");
            margins.push_back(*labels[i].margin);
        }
        const double temperature = temperature_for_agreement(margins, 1 - flips.rate);
        for (const std::size_t i : written) turn(i, sigmoid(-*labels[i].margin / temperature));
    } else {
        const auto shorter = [&](std::size_t i) {
            return records[i].lengths[labels[i].chosen] < records[i].lengths[1 - labels[i].chosen];
        };
        const auto can = static_cast<double>(std::ranges::count_if(written, shorter));
        const double wanted = flips.rate * static_cast<double>(written.size());
        require(wanted <= can, "flips by length at a rate of ", flips.rate, " are more than the ", can, " of ",
                written.size(), " labels whose chosen response is the shorter one");
        for (const std::size_t i : written)
            if (shorter(i)) turn(i, wanted / can);
    }
}

} // namespace detail

/// \throws argument_error for a rule, a weight or flips that the teacher or the labels have no numbers for.
inline std::vector<label_decision> decide_labels(std::span<const record_facts> records, std::span<const judgement> said,
                                                 const label_calibration& calibration, const label_rule& rule,
                                                 const label_options& options) {
    std::vector<label_decision> labels;
    labels.reserve(records.size());
    for (std::size_t i = 0; i < records.size(); ++i) {
        if (said[i].unfit)
            labels.push_back({.left_out = name_of(said[i].unfit->reason), .why = said[i].unfit->message});
        else if (records[i].responses == 2)
            labels.push_back(detail::verdict_on_two(records[i], said[i], calibration, options));
        else
            labels.push_back(detail::scores_of_many(records[i], said[i], calibration, options));
        label_decision& label = labels.back();
        if (!label.left_out.empty() || records[i].responses != 2) continue;
        if (rule.kind == label_rule_kind::abstain && label.confidence < rule.amount) label.left_out = "abstained";
        if (rule.kind == label_rule_kind::soft) {
            label.probability = label.confidence;
            if (label.confidence == 0.5) label.left_out = "tie";
        }
    }
    if (rule.kind == label_rule_kind::top) detail::keep_top(labels, records, rule.amount);
    if (options.flips) detail::flip_labels(labels, records, *options.flips, options.seed);
    return labels;
}

} // namespace preflearn
