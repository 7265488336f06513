// SPDX-License-Identifier: MIT
#include "../models.hpp"

preflearn::any_backend<float> float32_models() { return cpu_models(); }
