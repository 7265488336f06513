/// \file
/// What every metric of this room returns: a number with its uncertainty, and a status that says why there is no
/// number where there is none. Peers return NaN, 0, 1 or an exception for the same undefined coefficient; here an
/// undefined value is always NaN with a status, and a caller who wants a stand-in says so with `value_or`.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>

#include <preflearn/core/numbers/interval.hpp>

namespace preflearn {

/// Why a metric has a value, or has none. Where several reasons hold, the first of these counts: not_applicable, empty,
/// too_few, and then what the values themselves do not allow.
enum class estimate_status : std::uint8_t {
    ok,              ///< the value exists
    empty,           ///< nothing was observed
    too_few,         ///< observed, but too little for this metric (one rater, one unit, no unit rated twice)
    single_category, ///< a chance-corrected coefficient is 0/0: every observation is of one category
    constant_input,  ///< a correlation or a ratio whose denominator does not vary
    one_class,       ///< the positives or the negatives are missing
    not_applicable,  ///< the metric is not defined for this level or so many raters or categories
    unbounded,       ///< the optimum of a fit lies at infinity (the data are separated)
    not_converged    ///< an iterative fit did not meet its tolerance; the last value is not handed out
};

/// The status as it stands in reports: "ok", "empty", "too_few", …
constexpr std::string_view name_of(estimate_status status) {
    switch (status) {
    case estimate_status::ok:
        return "ok";
    case estimate_status::empty:
        return "empty";
    case estimate_status::too_few:
        return "too_few";
    case estimate_status::single_category:
        return "single_category";
    case estimate_status::constant_input:
        return "constant_input";
    case estimate_status::one_class:
        return "one_class";
    case estimate_status::not_applicable:
        return "not_applicable";
    case estimate_status::unbounded:
        return "unbounded";
    case estimate_status::not_converged:
        return "not_converged";
    }
    return "unknown";
}

inline constexpr double undefined = std::numeric_limits<double>::quiet_NaN();

/// A value, its standard error and its confidence interval. `value` is NaN unless `status` is ok. A value may
/// exist without an error (one observation, say): then `standard_error` and the bounds are NaN.
struct estimate {
    double value = undefined;
    double standard_error = undefined;
    interval bounds{};
    /// The observations that the value rests on: pairs, units or clusters, as the function says.
    std::size_t count = 0;
    estimate_status status = estimate_status::empty;

    [[nodiscard]] bool defined() const { return status == estimate_status::ok; }
    /// Whether the interval is a point, as that of a coefficient of exactly 1 is: all observations say the same, so
    /// that nothing tells how much another sample would differ. It is not certainty.
    [[nodiscard]] bool degenerate() const {
        return defined() && bounds.high - bounds.low <= 1e-14 * std::max(std::abs(bounds.low), std::abs(bounds.high));
    }
    [[nodiscard]] double value_or(double stand_in) const { return defined() ? value : stand_in; }
    /// An estimate that does not exist, and why.
    static estimate none(estimate_status why, std::size_t count = 0) { return {.count = count, .status = why}; }
};

} // namespace preflearn
