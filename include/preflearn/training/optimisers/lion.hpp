/// \file
/// Lion (Chen et al. 2023, arXiv:2302.06675, algorithm 2): the sign of an interpolation of momentum and gradient, with
/// decoupled weight decay: θ ← θ − η (sign(β₁m + (1 − β₁)g) + λθ), m ← β₂m + (1 − β₂)g. One moment instead of two;
/// every parameter moves by η, so rates are 3 to 10 times smaller than AdamW's, and weight decay as many times larger.
// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include <preflearn/core/system/parallel.hpp>
#include <preflearn/training/optimisers/optimiser.hpp>
#include <preflearn/training/optimisers/state.hpp>

namespace preflearn {

/// What Lion remembers between steps.
template <std::floating_point Scalar> struct lion_moment {
    std::vector<Scalar> moment;

    [[nodiscard]] std::vector<named_state> state() { return {{"moment", std::span(moment)}}; }
};

/// The optimiser's numbers; the paper's defaults.
struct lion {
    /// The learning rate η at the top of the schedule, ≥ 0.
    double rate = 1e-4;
    /// Of the interpolation whose sign is taken, and of the moment; in [0, 1).
    double beta1 = 0.9, beta2 = 0.99;
    /// λ, decoupled: the parameters shrink by η λ per step.
    double weight_decay = 0;

    static constexpr std::string_view name = "lion";

    /// \throws argument_error naming the number that is out of its range.
    void check() const {
        require_not_negative(name, "rate", rate);
        require_share(name, "beta1", beta1);
        require_share(name, "beta2", beta2);
        require_not_negative(name, "weight_decay", weight_decay);
    }
    template <class Add> void describe(Add&& add) const {
        add("rate", rate);
        add("beta1", beta1);
        add("beta2", beta2);
        add("weight_decay", weight_decay);
    }
    template <std::floating_point Scalar> [[nodiscard]] lion_moment<Scalar> start(flat_range range) const {
        return {std::vector<Scalar>(range.size())};
    }

    /// One step with learning rate `step_rate` on `factor` · gradients, which are zero afterwards. A direction of
    /// exactly 0 moves nothing. \throws argument_error when the three arrays differ in length.
    template <std::floating_point Scalar>
    void update(lion_moment<Scalar>& memory, std::span<Scalar> parameters, std::span<Scalar> gradients,
                double step_rate, double factor = 1) const {
        require_fitting(name, parameters.size(), gradients.size(), memory.moment.size());
        const auto step = static_cast<Scalar>(step_rate), keep = static_cast<Scalar>(1 - step_rate * weight_decay);
        const auto decay1 = static_cast<Scalar>(beta1), decay2 = static_cast<Scalar>(beta2);
        const auto rest1 = static_cast<Scalar>(1 - beta1), rest2 = static_cast<Scalar>(1 - beta2);
        const auto scale = static_cast<Scalar>(factor);
        parallel_blocks(parameters.size(), std::size_t{1} << 16, [&](std::size_t begin, std::size_t end) {
            for (std::size_t i = begin; i < end; ++i) {
                const Scalar gradient = scale * gradients[i];
                Scalar& moment = memory.moment[i];
                const Scalar direction = decay1 * moment + rest1 * gradient;
                const auto sign = static_cast<Scalar>((direction > 0 ? 1 : 0) - (direction < 0 ? 1 : 0));
                parameters[i] = keep * parameters[i] - step * sign;
                moment = decay2 * moment + rest2 * gradient;
                gradients[i] = 0;
            }
        });
    }
};

} // namespace preflearn
