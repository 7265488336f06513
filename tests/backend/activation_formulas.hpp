/// \file
/// The activations of an MLP as formulas in double.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>

#include <preflearn/backend/operands.hpp>
#include <preflearn/core/numbers/log_space.hpp>

#include "../numbers.hpp"

namespace test {

inline constexpr preflearn::activation_kind activation_kinds[] = {
    preflearn::activation_kind::silu, preflearn::activation_kind::gelu, preflearn::activation_kind::gelu_tanh,
    preflearn::activation_kind::relu};

inline double activation_by_formula(preflearn::activation_kind kind, double x) {
    using preflearn::activation_kind;
    switch (kind) {
    case activation_kind::silu:
        return x * preflearn::sigmoid(x);
    case activation_kind::gelu:
        return x * std::erfc(-x / std::sqrt(2)) / 2;
    case activation_kind::gelu_tanh:
        return x * (1 + std::tanh(std::sqrt(2 / std::acos(-1.0)) * (x + 0.044715 * x * x * x))) / 2;
    case activation_kind::relu:
        return x < 0 ? 0 : x; // NaN stays
    }
    return not_a_number;
}

} // namespace test
