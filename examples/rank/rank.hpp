// The parts of `rank`: what is asked for, the rating, what is shown of it. Each is compiled by itself.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <preflearn/pipeline/ranking/study.hpp>

/// The command line.
struct arguments {
    std::string file, separator, left, right, winner, weight, weights = "counts";
    std::string ties = "half", prior = "none", cluster, judge, judge_model = "reliability";
    std::string scale = "logit", anchor, json, csv, markdown, dot_plot, heat_map;
    std::vector<std::string> covariates;
    bool order = false, skip_unusable = false;
    std::optional<double> anchor_score{};
    double confidence = 0.95;
    std::uint64_t seed = 0;
};

/// Reads and rates the file. \throws preflearn::error for a bad file.
preflearn::ranking_study rate_file(const arguments& given, const preflearn::rating_options& options);

/// Prints the report and writes the files that were asked for. \throws preflearn::input_error where they cannot be
/// written.
void show(const preflearn::ranking_study& study, const arguments& given);
