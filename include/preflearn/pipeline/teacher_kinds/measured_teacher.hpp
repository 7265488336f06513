/// \file
/// A teacher measured: held against labelled pairs that it did not learn from. Pairs that it learned from say how well
/// it remembers them; where there are no others, nothing is measured, and that is said.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include <preflearn/agreement/uncertainty/estimate.hpp>
#include <preflearn/core/numbers/random.hpp>
#include <preflearn/core/preference.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/data/preferences/preference_data.hpp>
#include <preflearn/pipeline/noise/judged_pairs.hpp>
#include <preflearn/pipeline/teacher_folder/learned_pairs.hpp>
#include <preflearn/pipeline/teacher_kinds/held_out_report.hpp>
#include <preflearn/pipeline/teacher_kinds/text_teacher.hpp>

namespace preflearn {

/// The labelled pairs that the teacher decides or calls even, one by one. \param truth as `hold_against`
inline std::vector<judged_pair> judged_pairs_of(std::span<const judgement> said, std::span<const text_comparison> pairs,
                                                const label_set& truth) {
    std::vector<judged_pair> all;
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        const std::optional<preference> known = truth.find(pairs[i].id);
        const preference own = decided(said[i]);
        if (!known || known->abstained() || own.abstained()) continue;
        const auto sign = [](const preference& verdict) {
            return verdict.decision() == choice::tie ? 0 : verdict.decision() == choice::first ? 1 : -1;
        };
        const double longer = static_cast<double>(pairs[i].first.size()) - static_cast<double>(pairs[i].second.size());
        all.push_back({.margin = said[i].margin().value_or(std::numeric_limits<double>::infinity()),
                       .right = 0.5 * (1 + sign(*known) * sign(own)),
                       .prompt = hash_of(pairs[i].prompt),
                       .longer = sign(own) * longer});
    }
    return all;
}

/// What a teacher's folder is told of held-out pairs: the report, and the pairs one by one.
struct measured_teacher {
    held_out_report report{};
    std::vector<judged_pair> pairs{};
};

/// As `hold_against`, by the pairs that the teacher did not learn from. \param learned what it learned from
inline measured_teacher measure(std::span<const judgement> said, std::span<const text_comparison> pairs,
                                const label_set& truth, const learned_pairs& learned, bool whole_file_learned) {
    std::vector<judgement> of_others;
    std::vector<text_comparison> others;
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        if (whole_file_learned || learned.has(content_of_pair(pairs[i]))) continue;
        others.push_back(pairs[i]);
        of_others.push_back(said[i]);
    }
    const std::size_t known = pairs.size() - others.size();
    if (known > 0 && others.empty()) {
        measured_teacher made{.report = hold_against(said, pairs, truth)};
        made.report.learned_from = known;
        made.report.remembered = true;
        made.report.noise = {.rate = estimate::none(estimate_status::empty),
                             .why = message("the teacher learned from all ", known,
                                            " pairs that it is held against, and how well it remembers them says "
                                            "nothing of others")};
        return made;
    }
    measured_teacher made{.report = hold_against(of_others, others, truth),
                          .pairs = judged_pairs_of(of_others, others, truth)};
    made.report.learned_from = known;
    return made;
}

} // namespace preflearn
