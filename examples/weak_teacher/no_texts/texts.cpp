// In the program that is the main job alone.
// SPDX-License-Identifier: MIT
#include "../../command_line/command_line.hpp"
#include "../arguments.hpp"

std::vector<preflearn::study_result> study_texts(const arguments& /*given*/, std::size_t /*seeds*/,
                                                 preflearn::manifest& /*run*/, preflearn::text_study_data& /*data*/) {
    throw usage_error("--data", "this program has the generated world alone; weak_teacher has real models, too");
}
