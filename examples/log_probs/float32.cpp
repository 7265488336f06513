// SPDX-License-Identifier: MIT
#include "score.hpp"

#include "products.hpp"

void score_float32(const preflearn::score_file_options& options) { score<float, float32_backend>(options); }
