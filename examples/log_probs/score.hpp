// Scoring in one type of numbers; a source file each, since each compiles a language model of its own.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdio>
#include <optional>
#include <string>

#include <preflearn/core/system/progress.hpp>
#include <preflearn/pipeline/score_file.hpp>
#include <preflearn/products/arithmetic_peak.hpp>

template <class Scalar, class Backend> void score(const preflearn::score_file_options& options) {
    std::optional<preflearn::progress> bar;
    preflearn::score_file<Scalar, Backend>(
        options, [](const std::string& told) { std::fprintf(stderr, "%s\n", told.c_str()); },
        [&, use = preflearn::machine_use(preflearn::arithmetic_peak())](std::size_t done, std::size_t total,
                                                                        double tokens, double operations) mutable {
            if (!bar) bar.emplace("scoring", total);
            use.add(tokens, tokens * operations);
            bar->update(done, use.text());
        });
}

void score_float32(const preflearn::score_file_options& options);
void score_bfloat16(const preflearn::score_file_options& options);
void score_double(const preflearn::score_file_options& options);
