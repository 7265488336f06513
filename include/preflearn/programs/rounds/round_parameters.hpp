/// \file
/// Parameters of a loss that change from round to round: SPA extrapolates less the further the student is from its
/// reference, by ½, ¼ and ⅛ in its three rounds (Kim et al. 2025, arXiv:2406.04412, section 5.1), here halved on.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include <preflearn/core/system/error.hpp>
#include <preflearn/loss/by_name/names.hpp>
#include <preflearn/programs/aligning/align_options.hpp>
#include <preflearn/report/tables/table_text.hpp>

namespace preflearn {

/// Those of the options, and λ of the round, from 1, where the loss is `spa` and is told none.
inline std::vector<std::string> parameters_of_round(const align_options& options, std::size_t round) {
    require(round > 0, "rounds are counted from 1");
    std::vector<std::string> parameters = options.loss_parameters;
    const bool told =
        std::ranges::any_of(parameters, [](const std::string& one) { return one.starts_with("lambda="); });
    if (!told && loss_name(options.loss_name) == "spa")
        parameters.push_back("lambda=" +
                             shortest_digits(std::ldexp(1.0, -static_cast<int>(std::min<std::size_t>(round, 1000)))));
    return parameters;
}

} // namespace preflearn
