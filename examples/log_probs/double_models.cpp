// The reference, a language model of its own.
// SPDX-License-Identifier: MIT
#include <preflearn/backend/cpu.hpp>
#include <preflearn/policy/any_backend.hpp>

#include "score.hpp"

preflearn::any_backend<double> double_models() { return preflearn::any_backend_of<double, preflearn::cpu_backend>(); }
