/// \file
/// How likely each label is turned on purpose: all alike, close calls more often, or those whose chosen response is the
/// shorter one. Found on the labels that are written; told of any pair, so that its own error and the flip are combined
/// pair by pair.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

#include <preflearn/core/numbers/log_space.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/programs/labelling/label_decision.hpp>
#include <preflearn/programs/labelling/label_options.hpp>
#include <preflearn/teacher/annotator_temperature.hpp>

namespace preflearn {

struct flip_odds {
    flip_kind kind = flip_kind::uniform;
    double rate = 0;
    double temperature = 1; ///< by margin
    double of_shorter = 0;  ///< by length, where the chosen response is the shorter one

    /// P(flip). \param margin as it is written \param longer by how much the chosen response is the longer one
    [[nodiscard]] double operator()(double margin, double longer) const {
        if (rate == 0 || kind == flip_kind::uniform) return rate;
        return kind == flip_kind::margin ? sigmoid(-std::abs(margin) / temperature) : longer < 0 ? of_shorter : 0;
    }
};

/// By how many bytes the response that the teacher chose, before a flip, is the longer one.
inline double longer_by(const label_decision& label, const record_facts& record) {
    const std::size_t chosen = label.flipped ? 1 - label.chosen : label.chosen;
    return record.lengths.size() != 2
               ? 0
               : static_cast<double>(record.lengths[chosen]) - static_cast<double>(record.lengths[1 - chosen]);
}

/// Of the labels that are written, turned or not. \throws argument_error where the rate cannot be met
inline flip_odds flip_odds_of(std::span<const label_decision> labels, std::span<const record_facts> records,
                              const label_flips& flips) {
    flip_odds odds{.kind = flips.kind, .rate = flips.rate};
    if (flips.rate == 0 || flips.kind == flip_kind::uniform) return odds;
    std::vector<double> margins;
    double can = 0, written = 0;
    for (std::size_t i = 0; i < labels.size(); ++i) {
        if (!labels[i].left_out.empty() || records[i].responses != 2) continue;
        ++written;
        can += longer_by(labels[i], records[i]) < 0;
        if (flips.kind != flip_kind::margin) continue;
        require(labels[i].margin.has_value(), "pair ", records[i].id, " has no margin to flip it by");
        margins.push_back(*labels[i].margin);
    }
    if (written == 0) return odds;
    if (flips.kind == flip_kind::margin) {
        odds.temperature = temperature_for_agreement(margins, 1 - flips.rate);
        return odds;
    }
    const double wanted = flips.rate * written;
    require(wanted <= can, "flips by length at a rate of ", flips.rate, " are more than the ", can, " of ", written,
            " labels whose chosen response is the shorter one");
    odds.of_shorter = can > 0 ? wanted / can : 0;
    return odds;
}

} // namespace preflearn
