// Scoring in one type of numbers.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

#include <preflearn/pipeline/scoring/score_file.hpp>
#include <preflearn/policy/any_transformer.hpp>

#include "../command_line/command_line.hpp"
#include "../command_line/work_bar.hpp"
#include "../models/models.hpp"

template <class Scalar>
void score(const preflearn::any_backend<Scalar>& on, const preflearn::score_file_options& options) {
    preflearn::score_file(
        on, options, say_to_user,
        [bar = work_bar(on.name)](std::size_t done, std::size_t total, double tokens, double operations) {
            bar("scoring", done, total, tokens, operations);
        });
}

/// In float.
void score_float(const preflearn::score_file_options& options, const model_choice& on);
void score_double(const preflearn::score_file_options& options);
