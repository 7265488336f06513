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
#include <utility>
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

/// What the optimisers of this rule share. `Numbers` has rate, beta1, beta2, epsilon, weight_decay and a name.
template <class Numbers> void check_adamw(const Numbers& numbers) {
    constexpr std::string_view name = Numbers::name;
    require_not_negative(name, "rate", numbers.rate);
    require_share(name, "beta1", numbers.beta1);
    require_share(name, "beta2", numbers.beta2);
    require_number(numbers.epsilon > 0 && std::isfinite(numbers.epsilon), name, "epsilon", numbers.epsilon,
                   "a positive number");
    require_not_negative(name, "weight_decay", numbers.weight_decay);
}
template <class Numbers, class Add> void describe_adamw(const Numbers& numbers, Add&& add) {
    add("rate", numbers.rate);
    add("beta1", numbers.beta1);
    add("beta2", numbers.beta2);
    add("epsilon", numbers.epsilon);
    add("weight_decay", numbers.weight_decay);
}

/// The rule's step number `steps` ≥ 1, in the parameters' own type.
template <std::floating_point Scalar> struct adamw_step {
    template <class Numbers>
    adamw_step(const Numbers& numbers, std::uint64_t steps, double step_rate, double factor)
        : decay1_(static_cast<Scalar>(numbers.beta1)), decay2_(static_cast<Scalar>(numbers.beta2)),
          rest1_(static_cast<Scalar>(1 - numbers.beta1)), rest2_(static_cast<Scalar>(1 - numbers.beta2)),
          step_(static_cast<Scalar>(step_rate / (1 - std::pow(numbers.beta1, static_cast<double>(steps))))),
          root_(static_cast<Scalar>(1 / std::sqrt(1 - std::pow(numbers.beta2, static_cast<double>(steps))))),
          keep_(static_cast<Scalar>(1 - step_rate * numbers.weight_decay)),
          small_(static_cast<Scalar>(numbers.epsilon)), scale_(static_cast<Scalar>(factor)) {}

    /// Of `count` parameters p, by gradients g, which become zero, and moments m and v.
    void operator()(std::size_t count, Scalar* __restrict__ p, Scalar* __restrict__ g, Scalar* __restrict__ m,
                    Scalar* __restrict__ v) const {
        const adamw_step one = *this; // in registers, whatever is written
        for (std::size_t i = 0; i < count; ++i) {
            const Scalar gradient = one.scale_ * g[i];
            m[i] = one.decay1_ * m[i] + one.rest1_ * gradient;
            v[i] = one.decay2_ * v[i] + one.rest2_ * gradient * gradient;
            p[i] = one.keep_ * p[i] - one.step_ * m[i] / (std::sqrt(v[i]) * one.root_ + one.small_);
            g[i] = 0;
        }
    }

  private:
    Scalar decay1_, decay2_, rest1_, rest2_, step_, root_, keep_, small_, scale_;
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
    void check() const { check_adamw(*this); }
    template <class Add> void describe(Add&& add) const { describe_adamw(*this, std::forward<Add>(add)); }
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
        const adamw_step<Scalar> step(*this, ++moments.steps, step_rate, factor);
        constexpr std::size_t grain = std::size_t{1} << 16;
        parallel_blocks(parameters.size(), grain, [&](std::size_t begin, std::size_t end) {
            step(end - begin, &parameters[begin], &gradients[begin], &moments.first[begin], &moments.second[begin]);
        });
    }
};

} // namespace preflearn
