// SPDX-License-Identifier: MIT
#include "../models/models.hpp"
#include "score.hpp"

void score_float(const preflearn::score_file_options& options, std::string_view type) {
    score(models_of(type), options);
}
