/// \file
/// The learning rate over a run: a linear warm-up to the full rate, then constant, linear to zero, half a cosine
/// (Loshchilov & Hutter 2017, arXiv:1608.03983), or a function of one's own. Steps are counted from 0. Unlike in
/// transformers no step is spent at rate zero: the first of w warm-up steps has 1/w of the rate, the last has all of
/// it.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <numbers>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <preflearn/core/system/error.hpp>
#include <preflearn/training/loop/fingerprint.hpp>

namespace preflearn {

/// What follows the warm-up.
enum class schedule : std::uint8_t { constant, linear, cosine };

constexpr std::string_view name_of(schedule shape) {
    switch (shape) {
    case schedule::constant:
        return "constant";
    case schedule::linear:
        return "linear";
    case schedule::cosine:
        return "cosine";
    }
    return "unknown";
}

/// The number of warm-up steps: `warm_up` below 1 is a share of all steps (rounded up), otherwise a number of steps.
/// \throws argument_error when it is negative or not finite.
inline std::size_t warm_up_steps(double warm_up, std::size_t steps) {
    require(warm_up >= 0 && std::isfinite(warm_up), "warm_up is ", warm_up,
            ", a share of the steps below 1 or a number of steps was expected");
    const double wanted = warm_up < 1 ? std::ceil(warm_up * static_cast<double>(steps)) : std::floor(warm_up);
    return static_cast<std::size_t>(std::min(wanted, static_cast<double>(steps)));
}

/// The factor of the learning rate at `step` of `steps`, in (0, 1]: (step + 1) / w during the warm-up; then, with
/// progress p = (step − w) / (steps − w), 1, 1 − p, or (1 + cos πp) / 2.
inline double rate_factor(schedule shape, std::size_t step, std::size_t steps, std::size_t warm_up) {
    if (step < warm_up) return static_cast<double>(step + 1) / static_cast<double>(warm_up);
    if (shape == schedule::constant || step >= steps) return shape == schedule::constant ? 1 : 0;
    const double progress = static_cast<double>(step - warm_up) / static_cast<double>(steps - warm_up);
    return shape == schedule::linear ? 1 - progress : (1 + std::cos(std::numbers::pi * progress)) / 2;
}

template <class F> consteval void check_schedule() {
    static_assert(std::copy_constructible<F> && std::is_invocable_r_v<double, const F&, double>,
                  "a schedule is preflearn::schedule::constant, linear or cosine, or a callable, const, from the share "
                  "of the steps that are done, a double in [0, 1), to the factor of the learning rate");
}

/// One of the shapes above, or any callable from p to a factor, which is not negative.
class rate_schedule {
  public:
    rate_schedule(schedule shape = schedule::constant) : shape_(shape) {}
    template <class F>
        requires(!std::same_as<F, rate_schedule>)
    rate_schedule(F factor_of_progress) { // any, so that what it lacks is said
        check_schedule<F>();
        if constexpr (std::is_invocable_r_v<double, const F&, double>) own_ = std::move(factor_of_progress);
    }

    /// As `rate_factor`. \throws argument_error when a callable gives something else than a factor.
    [[nodiscard]] double factor(std::size_t step, std::size_t steps, std::size_t warm_up) const {
        if (!own_ || step < warm_up) return rate_factor(shape_, step, steps, warm_up);
        return own_factor(static_cast<double>(step - warm_up) / static_cast<double>(steps - warm_up));
    }
    /// The shape's name; a callable is known by its factors at every 64th of the way.
    [[nodiscard]] std::string name() const {
        if (!own_) return std::string(name_of(shape_));
        fingerprint factors;
        for (int i = 0; i < 64; ++i) factors.add(own_factor(i / 64.0));
        return "own " + factors.text();
    }

  private:
    [[nodiscard]] double own_factor(double progress) const {
        const double factor = own_(progress);
        require(factor >= 0 && std::isfinite(factor), "the schedule gives a factor of ", factor, " at ", progress,
                " of the way, a number that is not negative was expected");
        return factor;
    }

    schedule shape_ = schedule::constant;
    std::function<double(double)> own_;
};

} // namespace preflearn
