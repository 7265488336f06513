// SPDX-License-Identifier: MIT
#include "score.hpp"

#include "products.hpp"

void score_bfloat16(const preflearn::score_file_options& options) {
    if (const std::string note = about_bfloat16(); !note.empty()) std::fprintf(stderr, "%s\n", note.c_str());
    score<float, bfloat16_backend>(options);
}
