/// \file
/// How a teacher's margins become probabilities that are honest: by one temperature, or by any rising function. The
/// margin that is written is always the log-odds of the probability.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include <preflearn/agreement/labels/recalibration.hpp>
#include <preflearn/agreement/uncertainty/estimate.hpp>
#include <preflearn/core/numbers/log_space.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/pipeline/noise/judged_pairs.hpp>
#include <preflearn/programs/labelling/label_options.hpp>

namespace preflearn {

/// How margins become probabilities.
struct label_calibration {
    double temperature = 1;
    std::optional<isotonic_fit> isotonic{}; ///< in place of the temperature
    /// Whether margins were held against labels, here or when the teacher was made.
    bool calibrated = false;
    /// By which, without those that the teacher learned from; none where the teacher's folder says how.
    std::vector<judged_pair> pairs{};
    /// An isotonic fit is as sure as so many right pairs make it at most, (n + 1) / (n + 2) (Laplace): none is certain.
    std::size_t fitted = 0;
    /// Of the labelled pairs to calibrate by, how many the teacher learned from, and whether it is calibrated by these
    /// because there are no others.
    std::size_t learned_from = 0;
    bool by_learned = false;

    /// P(first ≻ second).
    [[nodiscard]] double probability(double margin) const {
        if (!isotonic) return sigmoid(margin / temperature);
        const double most = 1 - 1 / (static_cast<double>(fitted) + 2);
        return std::clamp((*isotonic)(margin), 1 - most, most);
    }
    /// The margin that is written: the log-odds of `probability`.
    [[nodiscard]] double written(double margin) const {
        if (!isotonic) return margin / temperature;
        const double p = probability(margin);
        return std::log(p / (1 - p));
    }
    /// P of the likelier response of a judged pair, as a label has it before its rule.
    [[nodiscard]] double confidence(const judged_pair& pair) const {
        return std::isfinite(pair.margin) ? std::max(0.5, probability(std::abs(pair.margin))) : 1;
    }
};

/// By margins with known outcomes. An isotonic fit treats both responses alike: each pair counts as itself and as its
/// mirror image. \throws argument_error where no temperature is best, saying why
inline label_calibration calibrate_by(std::span<const double> margins, std::span<const double> outcomes,
                                      calibration_kind kind) {
    label_calibration made{.calibrated = true, .fitted = margins.size()};
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

} // namespace preflearn
