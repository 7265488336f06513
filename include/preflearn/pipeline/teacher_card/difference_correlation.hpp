/// \file
/// Correlations of differences: of numbers that change their sign when the two responses of a pair change places, as
/// margins and differences of lengths do. A pair counts as it is and mirrored, so that the order of responses changes
/// nothing: the mean is 0 and not estimated. Errors are those of as many pairs as there are.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include <preflearn/agreement/ranks/correlation.hpp>
#include <preflearn/agreement/uncertainty/estimate.hpp>
#include <preflearn/core/numbers/order.hpp>
#include <preflearn/core/system/error.hpp>

namespace preflearn {

/// Σ xy / √(Σ x² Σ y²), with Fisher's interval. \throws argument_error when the lengths differ, numeric_error for a
/// number that is not finite.
inline estimate pearson_of_differences(std::span<const double> x, std::span<const double> y, double confidence = 0.95) {
    require(x.size() == y.size(), "a correlation of ", x.size(), " and ", y.size(), " differences");
    comoments both;
    for (std::size_t i = 0; i < x.size(); ++i) {
        both.add(x[i], y[i]);
        both.add(-x[i], -y[i]);
    }
    both.count /= 2;
    return pearson(both, confidence);
}

/// The same of the ranks of all values and their mirror images. A side that is 0 throughout: constant_input.
inline estimate spearman_of_differences(std::span<const double> x, std::span<const double> y,
                                        double confidence = 0.95) {
    require(x.size() == y.size(), "a correlation of ", x.size(), " and ", y.size(), " differences");
    const auto ranks = [](std::span<const double> values) {
        std::vector<double> both(values.begin(), values.end());
        for (const double value : values) both.push_back(-value);
        both = midranks(both);
        both.resize(values.size());
        const double middle = static_cast<double>(values.size()) + 0.5; // of twice as many
        for (double& rank : both) rank -= middle;
        return both;
    };
    return pearson_of_differences(ranks(x), ranks(y), confidence);
}

} // namespace preflearn
