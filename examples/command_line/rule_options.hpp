// How verdicts become labels: the options of the programs that label.
// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

#include <preflearn/programs/labelling/label_options.hpp>

#include "command_line.hpp"

struct rule_choice {
    std::string rule; // --rule; empty: the teacher's own
    std::optional<double> threshold, top;
};

/// \throws usage_error, or preflearn::argument_error for what is no rule
inline std::optional<preflearn::label_rule> chosen_rule(const rule_choice& given) {
    if (!given.rule.empty()) return preflearn::label_rule_named(given.rule, given.threshold, given.top);
    if (given.threshold || given.top) throw usage_error("--threshold belongs to --rule abstain, --top to --rule top");
    return std::nullopt;
}

inline void add_rule_options(command_line& line, rule_choice& given) {
    line.add(
            "--rule", given.rule,
            "hard: the better response, with probability 1; soft: with its calibrated probability; abstain: hard where "
            "that is at least --threshold; top: hard for the --top percent of most confident pairs; default: the "
            "teacher's, which is hard")
        .one_of({"hard", "soft", "abstain", "top"});
    const option threshold = line.add("--threshold", given.threshold, "probability of the likelier response");
    line.add("--top", given.top, "share of the pairs in percent").excludes(threshold);
}
