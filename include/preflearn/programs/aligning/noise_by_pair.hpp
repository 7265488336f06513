/// \file
/// The noise rate of each label, 1 − P(chosen ≻ rejected), for losses that take probabilities: that of a soft label as
/// it stands, of a hard one by its margin, which `label` writes as calibrated log-odds. A label that was turned on
/// purpose has a negative margin, and a noise rate above 1/2.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include <preflearn/core/numbers/log_space.hpp>
#include <preflearn/core/preference.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/data/preferences/pair_names.hpp>
#include <preflearn/programs/aligning/align_examples.hpp>
#include <preflearn/report/tables/table_text.hpp>

namespace preflearn {

/// What labels have noise rates from.
struct noise_by_pair {
    std::size_t soft = 0, from_margins = 0;
    /// Mean rate, and Σ (1 − 2ε)², the right labels that these are worth.
    double mean = 0, worth = 0;
};

/// Makes hard labels with margins soft. \param names of the examples
/// \throws input_error naming the first that has neither a probability nor a margin
inline noise_by_pair put_noise_by_pair(std::vector<align_example>& examples, const pair_names& names) {
    noise_by_pair found;
    for (align_example& e : examples) {
        double p = e.verdict.half_win();
        if (p == 1 || p == 0) {
            require<input_error>(
                e.margin.has_value(), names.place(e.id),
                ": has neither a probability of its own nor a margin, which says how sure its label is");
            p = sigmoid(p == 1 ? *e.margin : -*e.margin);
            e.verdict = preference(p);
            ++found.from_margins;
        } else {
            ++found.soft;
        }
        found.mean += (1 - p) / static_cast<double>(examples.size());
        found.worth += (2 * p - 1) * (2 * p - 1);
    }
    return found;
}

/// "80 labels have a noise rate of their own, 80 of them by their margins as log-odds: 26.3% on average; they are worth
/// 31 right ones".
inline std::string shown_noise_by_pair(const noise_by_pair& found) {
    return message(found.soft + found.from_margins, " labels have a noise rate of their own, ", found.from_margins,
                   " of them by their margins as log-odds: ", shown(found.mean, 1, notation::percent),
                   " on average; they are worth ", shown(found.worth, found.worth < 10 ? 2 : 0), " right ones");
}

} // namespace preflearn
