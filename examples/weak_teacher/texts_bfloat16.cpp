// SPDX-License-Identifier: MIT
#include "texts.hpp"

#include "products.hpp"

std::vector<preflearn::study_result> study_texts_in_bfloat16(const arguments& given, std::size_t seeds,
                                                             preflearn::manifest& run,
                                                             preflearn::text_study_data& data) {
    if (const std::string note = about_bfloat16(); !note.empty()) std::fprintf(stderr, "%s\n", note.c_str());
    return study_texts_by<bfloat16_backend>(given, seeds, run, data);
}
