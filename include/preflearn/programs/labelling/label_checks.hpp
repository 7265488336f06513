/// \file
/// Which of the options of `label` go together, and which of them a file has records for.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include <preflearn/core/system/error.hpp>
#include <preflearn/programs/labelling/label_decision.hpp>
#include <preflearn/programs/labelling/label_options.hpp>
#include <preflearn/programs/labelling/surveyed_file.hpp>

namespace preflearn {

namespace detail {

/// \throws argument_error for options that do not go together.
inline void check_label_options(const label_options& options) {
    require(options.human_noise >= 0 && options.human_noise < 0.5, "the noise rate of human labels is ",
            options.human_noise, ", a share from 0 to below 1/2 was expected");
    require(options.out.extension() != ".gz", options.out.string(), ": labels are written as plain JSONL");
    require(options.merge.empty() || (options.shard.whole() && !options.judge_only),
            "judgements of all shards are merged into labels of the whole: without a shard of its own");
    require(!options.judge_only || options.calibrate.empty(),
            "judging alone calibrates nothing: that belongs to the run that merges");
}

/// The options that are of labels of two responses, as the command line has them; empty where none is given.
inline std::string options_of_pairs(const label_options& options, const label_rule& rule) {
    std::string named;
    const auto add = [&](bool given, const std::string& option) {
        if (given) named += (named.empty() ? "" : ", ") + option;
    };
    add(options.rule.has_value() && rule.kind != label_rule_kind::hard, "--rule " + std::string(name_of(rule.kind)));
    add(options.flips.has_value(), "--flip");
    add(options.weight != label_weight::none, "--weight " + std::string(name_of(options.weight)));
    add(!options.calibrate.empty() && options.calibration == calibration_kind::isotonic, "--calibration isotonic");
    return named;
}

/// Refuses options of pairs for records of which none is a pair. \throws argument_error naming option and record
inline void check_has_pairs(const label_options& options, const label_rule& rule, const surveyed_file& file) {
    const std::string named = options_of_pairs(options, rule);
    if (named.empty() || options.judge_only) return;
    for (const record_facts& record : file.records)
        if (record.responses == 2) return;
    const record_facts& first = file.records.front();
    throw argument_error(message(named, ": a label of two responses has this, and no record of ", options.data.string(),
                                 " is of two: ", file.names.place(first.id), " has ", first.responses,
                                 " responses, which get scores"));
}

} // namespace detail

} // namespace preflearn
