// The steps that each are compiled by themselves.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/pipeline/scoring/score_file.hpp>
#include <preflearn/policy/any_transformer.hpp>

#include "../models/models.hpp"

/// In float, or in double where that is chosen.
void score(const preflearn::score_file_options& options, const model_choice& on);

/// By the processor's own products.
preflearn::any_backend<double> double_models();
