/// \file
/// The noise rate of each label, 1 − P(chosen ≻ rejected), for losses that take probabilities: that of a soft label as
/// it stands, of a hard one by its margin, which `label` writes as the log-odds of that probability. A negative margin
/// is that of a label which is more likely wrong than right. Of labels that `label --flip` turned on purpose, margin
/// and probability say what the teacher said before: as sure of the wrong response as it was of the other.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstddef>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/checkpoint/json_file.hpp>
#include <preflearn/core/numbers/log_space.hpp>
#include <preflearn/core/preference.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/data/preferences/pair_names.hpp>
#include <preflearn/pipeline/output/output_run.hpp>
#include <preflearn/programs/aligning/align_examples.hpp>
#include <preflearn/report/tables/table_text.hpp>

namespace preflearn {

/// What labels have noise rates from.
struct noise_by_pair {
    std::size_t soft = 0, from_margins = 0, flipped = 0;
    /// Mean rate, and Σ (1 − 2ε)², the right labels that these are worth.
    double mean = 0, worth = 0;
};

/// Makes hard labels with margins soft. \param names of the examples
/// \throws input_error naming the first that has neither a probability nor a margin
inline noise_by_pair put_noise_by_pair(std::vector<align_example>& examples, const pair_names& names) {
    noise_by_pair found;
    for (align_example& e : examples) {
        found.flipped += e.flipped;
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

/// What makes these rates others than the labels have, in sentences. \param labels the file, and the manifest beside it
inline std::vector<std::string> cautions_of_pairs(const noise_by_pair& found, const std::filesystem::path& labels) {
    std::vector<std::string> all;
    if (found.flipped > 0)
        all.push_back(message(found.flipped, " labels were turned on purpose (column flipped), of which their margins "
                                             "and probabilities know nothing: they are wrong more often than is said"));
    const std::filesystem::path place = beside(labels, ".manifest.json");
    std::error_code ignored;
    if (found.from_margins == 0 || !std::filesystem::exists(place, ignored)) return all;
    const nlohmann::json told = read_json_file(place);
    const nlohmann::json& calibrated =
        member_or_null(member_or_null(member_or_null(told, "settings"), "result"), "calibrated");
    if (calibrated == false)
        all.push_back(message(place.string(), " says that the margins were not calibrated by labelled pairs: they are "
                                              "taken as log-odds as the teacher has them"));
    return all;
}

} // namespace preflearn
