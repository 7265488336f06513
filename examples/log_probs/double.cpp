// SPDX-License-Identifier: MIT
#include "score.hpp"

void score_double(const preflearn::score_file_options& options) { score<double, preflearn::cpu_backend>(options); }
