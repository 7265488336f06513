/// \file
/// Labels that know nothing, each response with probability one half: the floor that any teacher must beat.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include <preflearn/core/comparison.hpp>
#include <preflearn/core/numbers/random.hpp>
#include <preflearn/core/preference.hpp>

namespace preflearn {

/// A Teacher on every comparison: hard labels drawn from (seed, id). The draw names a position and looks at nothing
/// else, so swapping the responses does not mirror the verdict.
struct random_teacher {
    std::uint64_t seed = 0;

    template <Comparison C> preference operator()(const C& c) const {
        return generator(seed, "random teacher", static_cast<std::uint64_t>(c.id)).bernoulli(0.5)
                   ? preference::for_first()
                   : preference::for_second();
    }
};

} // namespace preflearn
