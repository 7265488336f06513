// Scoring in one type of numbers.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdio>
#include <optional>
#include <string>

#include <preflearn/core/system/progress.hpp>
#include <preflearn/pipeline/score_file.hpp>
#include <preflearn/policy/any_transformer.hpp>
#include <preflearn/products/arithmetic_peak.hpp>

#include "../models/models.hpp"

template <class Scalar>
void score(const preflearn::any_backend<Scalar>& on, const preflearn::score_file_options& options) {
    std::optional<preflearn::progress> bar;
    const double peak = on.name.starts_with("cuda") ? 0 : preflearn::arithmetic_peak(); // the processor's
    preflearn::score_file(
        on, options, [](const std::string& told) { std::fprintf(stderr, "%s\n", told.c_str()); },
        [&, use = preflearn::machine_use(peak)](std::size_t done, std::size_t total, double tokens,
                                                double operations) mutable {
            if (!bar) bar.emplace("scoring", total);
            use.add(tokens, tokens * operations);
            bar->update(done, use.text());
        });
}

/// In float.
void score_float(const preflearn::score_file_options& options, const model_choice& on);
void score_double(const preflearn::score_file_options& options);
