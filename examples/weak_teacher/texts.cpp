// Real models and pairs in float32, and the choice between the kinds of products.
// SPDX-License-Identifier: MIT
#include "texts.hpp"

#include "products.hpp"

std::vector<preflearn::study_result> study_texts_in_bfloat16(const arguments&, std::size_t, preflearn::manifest&,
                                                             preflearn::text_study_data&);

std::vector<preflearn::study_result> study_texts(const arguments& given, std::size_t seeds, preflearn::manifest& run,
                                                 preflearn::text_study_data& data) {
    if (given.type == "bfloat16") return study_texts_in_bfloat16(given, seeds, run, data);
    return study_texts_by<float32_backend>(given, seeds, run, data);
}
