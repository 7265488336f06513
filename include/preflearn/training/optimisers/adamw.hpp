/// \file
/// AdamW: Adam with decoupled weight decay (Loshchilov & Hutter 2019, arXiv:1711.05101, algorithm 2), as PyTorch
/// computes it: θ ← θ (1 − ηλ) − η m̂ / (√v̂ + ε), m̂ = m / (1 − β₁ᵗ), v̂ = v / (1 − β₂ᵗ). One pass over four flat arrays,
/// which is bound by memory; clipping is a factor of the gradient here, and the gradient is zeroed in the same pass.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <preflearn/core/system/error.hpp>
#include <preflearn/core/system/parallel.hpp>

namespace preflearn {

/// The optimiser's numbers; PyTorch's defaults. Weight decay falls on every parameter (they are one flat array).
struct adamw {
    /// The learning rate η at the top of the schedule, ≥ 0.
    double rate = 1e-3;
    /// The decay of the first and the second moment, in [0, 1).
    double beta1 = 0.9, beta2 = 0.999;
    double epsilon = 1e-8;
    /// λ, decoupled: the parameters shrink by η λ per step.
    double weight_decay = 0.01;
};

/// \throws argument_error naming the number that is out of its range.
inline void check(const adamw& numbers) {
    const auto in = [](const char* name, double value, bool good, const char* range) {
        require(good && std::isfinite(value), "adamw: ", name, " is ", value, ", ", range, " was expected");
    };
    in("rate", numbers.rate, numbers.rate >= 0, "a number that is not negative");
    in("beta1", numbers.beta1, numbers.beta1 >= 0 && numbers.beta1 < 1, "a number in [0, 1)");
    in("beta2", numbers.beta2, numbers.beta2 >= 0 && numbers.beta2 < 1, "a number in [0, 1)");
    in("epsilon", numbers.epsilon, numbers.epsilon > 0, "a positive number");
    in("weight_decay", numbers.weight_decay, numbers.weight_decay >= 0, "a number that is not negative");
}

/// What AdamW remembers between steps.
template <std::floating_point Scalar> struct adamw_moments {
    std::vector<Scalar> first, second;
    /// Steps taken, t.
    std::uint64_t steps = 0;

    adamw_moments() = default;
    explicit adamw_moments(std::size_t parameters) : first(parameters), second(parameters) {}
};

/// One step with learning rate `rate` (a schedule's value, replacing `numbers.rate`) on `factor` · gradients; then the
/// gradients are zero, ready for the next batch. Each parameter is computed alone, in its own type, so threads change
/// nothing. \throws argument_error when the three arrays differ in length.
template <std::floating_point Scalar>
void update(const adamw& numbers, adamw_moments<Scalar>& moments, std::span<Scalar> parameters,
            std::span<Scalar> gradients, double rate, double factor = 1) {
    require(parameters.size() == gradients.size() && parameters.size() == moments.first.size() &&
                parameters.size() == moments.second.size(),
            "adamw: ", parameters.size(), " parameters, ", gradients.size(), " gradients and moments of ",
            moments.first.size(), " parameters do not fit together");
    const double t = static_cast<double>(++moments.steps);
    const auto keep = static_cast<Scalar>(1 - rate * numbers.weight_decay);
    const auto beta1 = static_cast<Scalar>(numbers.beta1), beta2 = static_cast<Scalar>(numbers.beta2);
    const auto rest1 = static_cast<Scalar>(1 - numbers.beta1), rest2 = static_cast<Scalar>(1 - numbers.beta2);
    const auto step = static_cast<Scalar>(rate / (1 - std::pow(numbers.beta1, t)));
    const auto root = static_cast<Scalar>(1 / std::sqrt(1 - std::pow(numbers.beta2, t)));
    const auto epsilon = static_cast<Scalar>(numbers.epsilon), scale = static_cast<Scalar>(factor);
    constexpr std::size_t grain = std::size_t{1} << 16;
    parallel_blocks(parameters.size(), grain, [&, step, root](std::size_t begin, std::size_t end) {
        Scalar* __restrict__ const p = parameters.data();
        Scalar* __restrict__ const g = gradients.data();
        Scalar* __restrict__ const m = moments.first.data();
        Scalar* __restrict__ const v = moments.second.data();
        for (std::size_t i = begin; i < end; ++i) {
            const Scalar gradient = scale * g[i];
            m[i] = beta1 * m[i] + rest1 * gradient;
            v[i] = beta2 * v[i] + rest2 * gradient * gradient;
            p[i] = keep * p[i] - step * m[i] / (std::sqrt(v[i]) * root + epsilon);
            g[i] = 0;
        }
    });
}

} // namespace preflearn
