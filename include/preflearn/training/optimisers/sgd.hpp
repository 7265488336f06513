/// \file
/// Stochastic gradient descent with momentum (Polyak 1964; Sutskever et al. 2013 for Nesterov's form), as PyTorch
/// computes it: g ← g + λθ, b ← μb + g, θ ← θ − ηb, or θ ← θ − η (g + μb) in Nesterov's form.
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

/// What SGD remembers between steps.
template <std::floating_point Scalar> struct sgd_velocity {
    std::vector<Scalar> velocity;

    [[nodiscard]] std::vector<named_state> state() { return {{"velocity", std::span(velocity)}}; }
};

struct sgd {
    /// The learning rate η at the top of the schedule, ≥ 0.
    double rate = 1e-3;
    /// μ in [0, 1); 0: plain gradient descent.
    double momentum = 0.9;
    bool nesterov = false;
    /// λ, as PyTorch has it: added to the gradient (after clipping), so momentum carries it, too.
    double weight_decay = 0;

    static constexpr std::string_view name = "sgd";

    /// \throws argument_error naming the number that is out of its range.
    void check() const {
        require_not_negative(name, "rate", rate);
        require_share(name, "momentum", momentum);
        require_not_negative(name, "weight_decay", weight_decay);
    }
    template <class Add> void describe(Add&& add) const {
        add("rate", rate);
        add("momentum", momentum);
        add("nesterov", nesterov);
        add("weight_decay", weight_decay);
    }
    template <std::floating_point Scalar> [[nodiscard]] sgd_velocity<Scalar> start(flat_range range) const {
        return {std::vector<Scalar>(range.size())};
    }

    /// One step with learning rate `step_rate` on `factor` · gradients, which are zero afterwards.
    /// \throws argument_error when the three arrays differ in length.
    template <std::floating_point Scalar>
    void update(sgd_velocity<Scalar>& memory, std::span<Scalar> parameters, std::span<Scalar> gradients,
                double step_rate, double factor = 1) const {
        require_fitting(name, parameters.size(), gradients.size(), memory.velocity.size());
        const auto step = static_cast<Scalar>(step_rate), carried = static_cast<Scalar>(momentum);
        const auto decay = static_cast<Scalar>(weight_decay), scale = static_cast<Scalar>(factor);
        parallel_blocks(parameters.size(), std::size_t{1} << 16, [&](std::size_t begin, std::size_t end) {
            for (std::size_t i = begin; i < end; ++i) {
                const Scalar gradient = scale * gradients[i] + decay * parameters[i];
                Scalar& velocity = memory.velocity[i];
                velocity = carried * velocity + gradient;
                parameters[i] -= step * (nesterov ? gradient + carried * velocity : velocity);
                gradients[i] = 0;
            }
        });
    }
};

} // namespace preflearn
