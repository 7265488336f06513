/// \file
/// Are a teacher's probabilities right, and in what order should its labels be trusted? P that its decision is right
/// against how often it is: Brier score, negative log-likelihood, calibration error in bins of equal width; the same
/// after a temperature and after any rising function, both fitted on these pairs; and accuracy against coverage.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <preflearn/agreement/labels/calibration.hpp>
#include <preflearn/agreement/labels/recalibration.hpp>
#include <preflearn/agreement/labels/selective.hpp>
#include <preflearn/agreement/uncertainty/estimate.hpp>
#include <preflearn/core/numbers/log_space.hpp>
#include <preflearn/core/preference.hpp>
#include <preflearn/pipeline/teacher_card/card_pairs.hpp>

namespace preflearn {

/// Where probabilities come from: verdicts that are not all certain; else σ(margin); else there are none.
enum class forecast_source : std::uint8_t { none, probability, margin };

constexpr std::string_view name_of(forecast_source source) {
    constexpr std::array<std::string_view, 3> names{"none", "probability", "sigma(margin)"};
    return names[static_cast<std::size_t>(source)];
}

/// How right a set of probabilities is.
struct forecast_quality {
    estimate brier{}, log_loss{}, calibration_error{}, largest_error{};
};

struct card_calibration {
    forecast_source from = forecast_source::none;
    forecast_quality as_given{}, by_temperature{}, by_isotonic{};
    /// Of confidences in [½, 1] by `bins_of_confidence` of [0, 1], as given; below ½ where a label was turned against
    /// its margin.
    std::vector<reliability_bin> bins{};
    /// P = σ(evidence / T).
    temperature_fit temperature{};
    isotonic_fit isotonic{};
    /// Decisions from the surest on, by |evidence|, as far as it is known; and its area.
    std::vector<coverage_point> coverage{};
    estimate risk_area{};
};

inline constexpr std::size_t bins_of_confidence = 20;

namespace detail {

/// One forecast about a decision, or about the first response where there is none.
struct scored_forecast {
    double confidence, correct;
};

inline forecast_quality forecast_quality_of(std::span<const scored_forecast> forecasts, double confidence,
                                            std::vector<reliability_bin>* bins = nullptr) {
    std::vector<double> p, y;
    reliability_table table(bins_of_confidence);
    for (const scored_forecast& one : forecasts) {
        p.push_back(one.confidence);
        y.push_back(one.correct);
        table.add(one.confidence, one.correct);
    }
    if (bins != nullptr) bins->assign(table.bins().begin(), table.bins().end());
    return {brier_score(p, y, confidence), negative_log_likelihood(p, y, confidence), expected_calibration_error(table),
            maximum_calibration_error(table)};
}

inline forecast_source source_of(std::span<const card_pair> pairs) {
    bool margins = false;
    for (const card_pair& pair : pairs) {
        if (pair.said.abstained()) continue;
        const double p = pair.said.half_win();
        if (p > 0 && p < 1 && pair.said.decision() != choice::tie) return forecast_source::probability;
        margins = margins || evidence_of(pair.said).has_value();
    }
    return margins ? forecast_source::margin : forecast_source::none;
}

/// Every pair with evidence, as it is and mirrored, so that the fit has P(-x) = 1 - P(x) but for points between.
inline isotonic_fit symmetric_isotonic(std::span<const double> evidence, std::span<const double> gold) {
    std::vector<double> x(evidence.begin(), evidence.end()), y(gold.begin(), gold.end());
    for (std::size_t i = 0; i < evidence.size(); ++i) x.push_back(-evidence[i]), y.push_back(1 - gold[i]);
    return fit_isotonic(x, y);
}

} // namespace detail

inline card_calibration calibration_of(std::span<const card_pair> pairs, double confidence = 0.95) {
    card_calibration found{.from = detail::source_of(pairs)};
    std::vector<detail::scored_forecast> given, scaled, isotonic;
    std::vector<double> evidence, gold, correct, sizes;
    for (const card_pair& pair : pairs) {
        if (!is_judged(pair)) continue;
        const auto known = evidence_of(pair.said);
        const int said = detail::direction(pair.said);
        const double right = agreement_score(pair.said, pair.gold), truth = (detail::direction(pair.gold) + 1) / 2.0;
        const auto about = [&](double p) { // of the decision; of a tie: that of the first
            return detail::scored_forecast{said < 0 ? 1 - p : p, said < 0 ? 1 - truth : truth};
        };
        if (found.from == forecast_source::probability) given.push_back(about(pair.said.half_win()));
        if (!known) continue;
        if (found.from == forecast_source::margin) given.push_back(about(sigmoid(*known)));
        evidence.push_back(*known);
        gold.push_back(truth);
        sizes.push_back(std::abs(*known));
        correct.push_back(right);
    }
    found.as_given = detail::forecast_quality_of(given, confidence, &found.bins);
    found.temperature = fit_temperature(evidence, gold);
    found.isotonic = detail::symmetric_isotonic(evidence, gold);
    const double scale = found.temperature.status == estimate_status::ok ? found.temperature.temperature : undefined;
    for (std::size_t i = 0; i < evidence.size(); ++i) {
        const auto about = [&](double p) {
            return detail::scored_forecast{evidence[i] < 0 ? 1 - p : p, evidence[i] < 0 ? 1 - gold[i] : gold[i]};
        };
        if (!std::isnan(scale)) scaled.push_back(about(sigmoid(evidence[i] / scale)));
        isotonic.push_back(about(std::clamp(found.isotonic(evidence[i]), 0.0, 1.0)));
    }
    found.by_temperature = detail::forecast_quality_of(scaled, confidence);
    found.by_isotonic = detail::forecast_quality_of(isotonic, confidence);
    found.coverage = coverage_curve(sizes, correct);
    found.risk_area = area_under_risk_coverage(found.coverage);
    return found;
}

} // namespace preflearn
