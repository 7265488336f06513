// Scoring in either type of numbers, which have most of their code in common.
// SPDX-License-Identifier: MIT
#include "score.hpp"

#include <cstddef>

#include "../command_line/command_line.hpp"
#include "../command_line/work_bar.hpp"
#include "../models/loading.hpp"

namespace {

template <class Scalar>
void score_on(const preflearn::any_backend<Scalar>& on, const preflearn::score_file_options& options) {
    preflearn::score_file(
        on, options, say_to_user,
        [bar = work_bar(on.name)](std::size_t done, std::size_t total, double tokens, double operations) {
            bar("scoring", done, total, tokens, operations);
        });
}

} // namespace

void score(const preflearn::score_file_options& options, const model_choice& on) {
    if (on.type == "double")
        score_on(double_models(), options);
    else
        score_on(models_of(on), options);
}
