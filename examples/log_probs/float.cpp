// SPDX-License-Identifier: MIT
#include "../models/models.hpp"
#include "score.hpp"

void score_float(const preflearn::score_file_options& options, const model_choice& on) {
    score(models_of(on), options);
}
