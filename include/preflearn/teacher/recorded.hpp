/// \file
/// Labels that were given before, by people or by another teacher, as a teacher: found by the pair's id.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>

#include <preflearn/core/comparison.hpp>
#include <preflearn/core/preference.hpp>

namespace preflearn {

/// A Teacher on every comparison. A label is about the pair as it was shown when it was recorded: an id is all it
/// knows, so swapping the responses of a comparison does not mirror its verdict.
struct recorded_labels {
    label_set labels;
    /// Whether a pair without a label is an abstention; else it is an error.
    bool missing_abstains = false;

    /// \throws argument_error naming the pair that has no label, unless missing_abstains.
    template <Comparison C> preference operator()(const C& c) const {
        const auto id = static_cast<std::uint64_t>(c.id);
        return missing_abstains ? labels.find(id).value_or(preference::abstention()) : labels.at(id);
    }
};

} // namespace preflearn
