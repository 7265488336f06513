/// \file
/// What an optimiser, an observer or an objective remembers between steps, as numbers with names that lie where they
/// are used: a keeper can save and restore them without knowing whose they are. Whole numbers and bytes are among them,
/// so that step counts and moments in eight bits are states like any other.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <variant>

namespace preflearn {

/// Numbers in place, of one of the types in which a state is kept.
using state_values =
    std::variant<std::span<float>, std::span<double>, std::span<std::uint64_t>, std::span<std::uint8_t>>;

/// A part of a state; `values` may be read, and is written when a run goes on.
struct named_state {
    std::string name;
    state_values values;
};

/// The numbers begin … end - 1 of the flat vector of a model's parameters.
struct flat_range {
    std::size_t begin = 0, end = 0;

    [[nodiscard]] std::size_t size() const { return end - begin; }
    friend bool operator==(const flat_range&, const flat_range&) = default;
};

} // namespace preflearn
