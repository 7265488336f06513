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
#include <string_view>
#include <vector>

#include <preflearn/core/system/parallel.hpp>
#include <preflearn/training/optimisers/optimiser.hpp>
#include <preflearn/training/optimisers/state.hpp>

namespace preflearn {

/// What AdamW remembers between steps.
template <std::floating_point Scalar> struct adamw_moments {
    std::vector<Scalar> first, second;
    /// Steps taken, t.
    std::uint64_t steps = 0;

    adamw_moments() = default;
    explicit adamw_moments(std::size_t parameters) : first(parameters), second(parameters) {}

    [[nodiscard]] std::vector<named_state> state() {
        return {
            {"first_moment", std::span(first)}, {"second_moment", std::span(second)}, {"steps", std::span(&steps, 1)}};
    }
};

/// The optimiser's numbers; PyTorch's defaults.
struct adamw {
    /// The learning rate η at the top of the schedule, ≥ 0.
    double rate = 1e-3;
    /// The decay of the first and the second moment, in [0, 1).
    double beta1 = 0.9, beta2 = 0.999;
    double epsilon = 1e-8;
    /// λ, decoupled: the parameters shrink by η λ per step.
    double weight_decay = 0.01;

    static constexpr std::string_view name = "adamw";

    /// \throws argument_error naming the number that is out of its range.
    void check() const {
        require_not_negative(name, "rate", rate);
        require_share(name, "beta1", beta1);
        require_share(name, "beta2", beta2);
        require_number(epsilon > 0 && std::isfinite(epsilon), name, "epsilon", epsilon, "a positive number");
        require_not_negative(name, "weight_decay", weight_decay);
    }
    template <class Add> void describe(Add&& add) const {
        add("rate", rate);
        add("beta1", beta1);
        add("beta2", beta2);
        add("epsilon", epsilon);
        add("weight_decay", weight_decay);
    }
    template <std::floating_point Scalar> [[nodiscard]] adamw_moments<Scalar> start(flat_range range) const {
        return adamw_moments<Scalar>(range.size());
    }

    /// One step with learning rate `step_rate` (a schedule's value, replacing `rate`) on `factor` · gradients; then the
    /// gradients are zero, ready for the next batch. Each parameter is computed alone, in its own type, so threads
    /// change nothing. \throws argument_error when the three arrays differ in length.
    template <std::floating_point Scalar>
    void update(adamw_moments<Scalar>& moments, std::span<Scalar> parameters, std::span<Scalar> gradients,
                double step_rate, double factor = 1) const {
        require_fitting(name, parameters.size(), gradients.size(), moments.first.size());
        require_fitting(name, parameters.size(), gradients.size(), moments.second.size());
        const double t = static_cast<double>(++moments.steps);
        const auto keep = static_cast<Scalar>(1 - step_rate * weight_decay);
        const auto decay1 = static_cast<Scalar>(beta1), decay2 = static_cast<Scalar>(beta2);
        const auto rest1 = static_cast<Scalar>(1 - beta1), rest2 = static_cast<Scalar>(1 - beta2);
        const auto step = static_cast<Scalar>(step_rate / (1 - std::pow(beta1, t)));
        const auto root = static_cast<Scalar>(1 / std::sqrt(1 - std::pow(beta2, t)));
        const auto small = static_cast<Scalar>(epsilon), scale = static_cast<Scalar>(factor);
        constexpr std::size_t grain = std::size_t{1} << 16;
        parallel_blocks(parameters.size(), grain, [&, step, root](std::size_t begin, std::size_t end) {
            Scalar* __restrict__ const p = parameters.data();
            Scalar* __restrict__ const g = gradients.data();
            Scalar* __restrict__ const m = moments.first.data();
            Scalar* __restrict__ const v = moments.second.data();
            for (std::size_t i = begin; i < end; ++i) {
                const Scalar gradient = scale * g[i];
                m[i] = decay1 * m[i] + rest1 * gradient;
                v[i] = decay2 * v[i] + rest2 * gradient * gradient;
                p[i] = keep * p[i] - step * m[i] / (std::sqrt(v[i]) * root + small);
                g[i] = 0;
            }
        });
    }
};

} // namespace preflearn
