/// \file
/// How far each member of an ensemble can be trusted, found without any human label: Dawid & Skene's model of votes
/// about pairs, in which every member is right with a probability of its own and, given the truth, errs independently
/// of the others. A pair counts as itself and as its mirror image, so that no position is favoured. A vote then weighs
/// the log-odds of its member's reliability, and the sum of the votes is the log-odds that the first response is
/// better. Members that share their errors (one model, one set of data) are trusted too much: temperature on labelled
/// pairs corrects the size of the sum, nothing its direction.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include <preflearn/agreement/raters/dawid_skene.hpp>
#include <preflearn/agreement/ratings/ratings.hpp>
#include <preflearn/agreement/uncertainty/estimate.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/pipeline/teacher_kinds/text_teacher.hpp>

namespace preflearn {

/// 1 for the first of two responses, −1 for the second, 0 where a member says neither.
inline int vote_of(const judgement& said) {
    if (said.unfit) return 0;
    if (const std::optional<double> margin = said.margin()) return *margin > 0 ? 1 : *margin < 0 ? -1 : 0;
    if (!said.verdict || said.verdict->abstained()) return 0;
    const double first = said.verdict->half_win();
    return first > 0.5 ? 1 : first < 0.5 ? -1 : 0;
}

/// Members whose votes were looked at, and how often each is right as the votes tell.
struct member_reliabilities {
    std::vector<double> right{};
    /// Pairs on which a member voted at all.
    std::size_t pairs = 0;
};

/// \param votes of every pair, one a member; EM starts at the majority, which the result takes for right
/// \throws argument_error for fewer than three members, whose reliabilities no votes tell, and where no pair has a
/// vote; numeric_error where the fit does not converge.
inline member_reliabilities fit_reliabilities(std::span<const std::vector<int>> votes, std::size_t members) {
    require(members >= 3, "reliabilities without labels need three members, which ", members, " are not");
    rating_counts ratings(members, 2);
    member_reliabilities found;
    std::vector<category> row(members), mirrored(members);
    for (const std::vector<int>& pair : votes) {
        require(pair.size() == members, "a pair has ", pair.size(), " votes of ", members, " members");
        for (std::size_t m = 0; m < members; ++m) {
            row[m] = pair[m] == 0 ? no_rating : static_cast<category>(pair[m] > 0 ? 0 : 1);
            mirrored[m] = pair[m] == 0 ? no_rating : static_cast<category>(1 - row[m]);
        }
        if (std::ranges::all_of(pair, [](int vote) { return vote == 0; })) continue;
        ++found.pairs;
        ratings.add(row);
        ratings.add(mirrored);
    }
    require(found.pairs > 0, "the members vote on none of the pairs");
    // one right and one wrong vote are added to each member's, so that none is certain
    const dawid_skene_fit fit = fit_dawid_skene(ratings, {.smoothing = 1});
    require<numeric_error>(fit.status == estimate_status::ok, "the members' reliabilities have no fixed point (",
                           name_of(fit.status), ")");
    for (std::size_t m = 0; m < members; ++m)
        found.right.push_back((fit.confusion[4 * m] + fit.confusion[4 * m + 3]) / 2);
    return found;
}

/// Σ vote · ln(r / (1 − r)), r a member's reliability.
inline double weighted_votes(std::span<const int> votes, std::span<const double> reliabilities) {
    require(votes.size() == reliabilities.size(), votes.size(), " votes of ", reliabilities.size(), " members");
    double sum = 0;
    for (std::size_t m = 0; m < votes.size(); ++m)
        sum += votes[m] * std::log(reliabilities[m] / (1 - reliabilities[m]));
    return sum;
}

} // namespace preflearn
