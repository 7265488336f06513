/// \file
/// Accuracy of the labels that a teacher keeps when it may abstain on the least confident ones: selective accuracy
/// against coverage (El-Yaniv & Wiener 2010) and the area under the risk-coverage curve (Geifman & El-Yaniv 2017).
/// Equal confidences enter together, at their mean, so that the order of the pairs changes nothing.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include <preflearn/agreement/uncertainty/estimate.hpp>
#include <preflearn/agreement/uncertainty/proportion.hpp>
#include <preflearn/core/numbers/order.hpp>
#include <preflearn/core/system/error.hpp>

namespace preflearn {

/// All labels at least this confident.
struct coverage_point {
    double confidence = undefined;
    double coverage = 0, accuracy = undefined;
    std::size_t count = 0;
    double correct = 0;
};

/// One point per distinct confidence, from the most confident on. `correct` lies in [0, 1] (½ for a tie).
/// \throws argument_error for lengths that differ or `correct` outside [0, 1]; numeric_error naming the index of a NaN.
inline std::vector<coverage_point> coverage_curve(std::span<const double> confidences,
                                                  std::span<const double> correct) {
    require(confidences.size() == correct.size(), confidences.size(), " confidences and ", correct.size(), " outcomes");
    const ordering order = order_of(confidences);
    const std::size_t n = order.size();
    std::vector<coverage_point> curve;
    double sum = 0;
    for (std::size_t end = n; end > 0;) {
        std::size_t begin = end - 1;
        while (order.tied[begin]) --begin;
        for (std::size_t i = begin; i < end; ++i) {
            const double c = correct[order.index[i]];
            require(c >= 0 && c <= 1, "outcome ", order.index[i], " is ", c, ", a number in [0, 1] was expected");
            sum += c;
        }
        const auto count = static_cast<double>(n - begin);
        curve.push_back({confidences[order.index[begin]], count / static_cast<double>(n), sum / count, n - begin, sum});
        end = begin;
    }
    return curve;
}

/// The accuracy of the most confident share `coverage` of the labels, rounded up to whole labels, with Wilson's
/// interval.
inline estimate selective_accuracy(std::span<const coverage_point> curve, double coverage, double confidence = 0.95) {
    require(coverage > 0 && coverage <= 1, "a coverage in (0, 1] was expected, found ", coverage);
    if (curve.empty()) return estimate::none(estimate_status::empty);
    const auto kept = std::max(1.0, std::ceil(coverage * static_cast<double>(curve.back().count) - 1e-9));
    double count = 0, correct = 0;
    for (const coverage_point& p : curve) {
        const auto size = static_cast<double>(p.count);
        if (size >= kept) {
            correct += (p.correct - correct) * (kept - count) / (size - count);
            break;
        }
        count = size;
        correct = p.correct;
    }
    const double value = correct / kept;
    return {value, std::sqrt(value * (1 - value) / kept), wilson_interval(std::min(correct, kept), kept, confidence),
            static_cast<std::size_t>(kept), estimate_status::ok};
}

/// Mean over k = 1 … n of the error rate of the k most confident labels (AURC).
inline estimate area_under_risk_coverage(std::span<const coverage_point> curve) {
    if (curve.empty()) return estimate::none(estimate_status::empty);
    double sum = 0, correct = 0;
    std::size_t count = 0;
    for (const coverage_point& p : curve) {
        const double rate = (p.correct - correct) / static_cast<double>(p.count - count), from = correct;
        const std::size_t begin = count;
        while (count < p.count) {
            ++count;
            sum += 1 - (from + rate * static_cast<double>(count - begin)) / static_cast<double>(count);
        }
        correct = p.correct;
    }
    return {.value = sum / static_cast<double>(count), .count = count, .status = estimate_status::ok};
}

} // namespace preflearn
