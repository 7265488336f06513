// SPDX-License-Identifier: MIT
#include "models.hpp"

#include <cstdio>

preflearn::any_backend<float> models_of(std::string_view type) {
    if (type != "bfloat16") return float32_models();
    if (const std::string note = about_bfloat16(); !note.empty()) std::fprintf(stderr, "%s\n", note.c_str());
    return bfloat16_models();
}
