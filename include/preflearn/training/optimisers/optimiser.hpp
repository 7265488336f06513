/// \file
/// What an optimiser is: an aggregate of its numbers that knows how a step is made. It knows nothing of models, groups
/// of parameters, schedules or files: it is given a range of the flat vector at a time, with the learning rate of the
/// step, and names what it remembers of the range. A new one is one small file beside adamw.hpp.
// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include <preflearn/core/system/error.hpp>
#include <preflearn/training/optimisers/state.hpp>

namespace preflearn {

namespace detail {

/// What `describe` of an optimiser is called with.
struct any_number {
    template <class T> void operator()(std::string_view /*name*/, const T& /*value*/) const {}
};

} // namespace detail

/// \li `o.name`, which may be static, and `o.rate`, the learning rate η at the top of the schedule;
/// \li `o.check()` throws argument_error naming a number that is out of its range;
/// \li `o.describe(add)` calls `add(name, value)` for every number but what a state holds: a checkpoint belongs to
///     these;
/// \li `o.start<Scalar>(range)` is the memory of a range of parameters before the first step; its `state()` names what
///     it holds, in place and always in the same order;
/// \li `o.update(memory, parameters, gradients, rate, factor)` makes one step with learning rate `rate` on factor ·
///     gradients, and leaves the gradients at zero.
///
/// Semantics: deterministic, with the same bits for any number of threads; o.rate plays no part in `update`. Where it
/// has a number `weight_decay`, groups of parameters may have others.
template <class O, class Scalar = float>
concept Optimiser = std::copy_constructible<O> && requires(const O& o, flat_range range) {
    { o.name } -> std::convertible_to<std::string_view>;
    { o.rate } -> std::convertible_to<double>;
    o.check();
    o.describe(detail::any_number{});
    o.template start<Scalar>(range);
    requires requires(decltype(o.template start<Scalar>(range))& memory, std::span<Scalar> values) {
        { memory.state() } -> std::same_as<std::vector<named_state>>;
        o.update(memory, values, values, double{}, double{});
    };
};

template <class O, class Scalar> consteval void check_optimiser() {
    static_assert(Optimiser<O, Scalar>,
                  "an Optimiser has a `name`, a number `rate`, const check(), describe(add), start<Scalar>(flat_range) "
                  "that returns a memory with state(), and update(memory, parameters, gradients, rate, factor), as "
                  "preflearn::adamw has them");
}

/// \throws argument_error naming the optimiser and the number unless `good`.
inline void require_number(bool good, std::string_view optimiser, std::string_view name, double value,
                           std::string_view expected) {
    require(good, optimiser, ": ", name, " is ", value, ", ", expected, " was expected");
}

/// The range of a step size, a decay or the like. \throws argument_error as `require_number`.
inline void require_not_negative(std::string_view optimiser, std::string_view name, double value) {
    require_number(value >= 0 && value <= 1e300, optimiser, name, value, "a number that is not negative");
}

/// The range of the decay of a mean. \throws argument_error as `require_number`.
inline void require_share(std::string_view optimiser, std::string_view name, double value) {
    require_number(value >= 0 && value < 1, optimiser, name, value, "a number in [0, 1)");
}

/// \throws argument_error when a step's arrays do not belong together.
inline void require_fitting(std::string_view optimiser, std::size_t parameters, std::size_t gradients,
                            std::size_t remembered) {
    require(parameters == gradients && parameters == remembered, optimiser, ": ", parameters, " parameters, ",
            gradients, " gradients and a memory of ", remembered, " parameters do not fit together");
}

} // namespace preflearn
