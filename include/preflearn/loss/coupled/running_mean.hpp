/// \file
/// The mean that a loss carries from batch to batch (BCO's reward shift): two numbers, which a checkpoint can keep. The
/// caller owns it: it goes into the state of a batch as `before` and comes out as `after()`.
// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>

namespace preflearn {

struct running_mean {
    double mean = 0, count = 0;
    /// `n` more values whose mean is `value`.
    void add(double value, double n = 1) {
        if (n <= 0) return;
        count += n;
        mean += (value - mean) * (n / count);
    }
    friend bool operator==(const running_mean&, const running_mean&) = default;
};

/// The state of a loss that carries a running mean from batch to batch.
template <class State>
concept CarriesRunningMean = requires(State& state, const State& constant) {
    { state.before } -> std::same_as<running_mean&>;
    { constant.after() } -> std::same_as<running_mean>;
};

} // namespace preflearn
