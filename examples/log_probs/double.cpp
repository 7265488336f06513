// The reference, a language model of its own.
// SPDX-License-Identifier: MIT
#include <preflearn/backend/cpu.hpp>
#include <preflearn/policy/any_backend.hpp>

#include "score.hpp"

void score_double(const preflearn::score_file_options& options) {
    score(preflearn::any_backend_of<double, preflearn::cpu_backend>(), options);
}
