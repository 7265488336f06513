// SPDX-License-Identifier: MIT
#include <preflearn/backend/cpu.hpp>
#include <preflearn/policy/any_backend.hpp>

#include "models.hpp"

preflearn::any_backend<float> cpu_models() { return preflearn::any_backend_of<float, preflearn::cpu_backend>(); }
