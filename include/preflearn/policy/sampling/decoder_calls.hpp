/// \file
/// What `cached_decoder` does, whatever its model and backend: for loops that are compiled once.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <span>

#include <preflearn/core/matrix_view.hpp>
#include <preflearn/core/tokens.hpp>

namespace preflearn {

/// The members of `cached_decoder` of the same names.
template <class Scalar> struct decoder_calls {
    virtual ~decoder_calls() = default;
    [[nodiscard]] virtual std::span<const std::size_t> live() const = 0;
    [[nodiscard]] virtual matrix_view<const Scalar> logits() const = 0;
    [[nodiscard]] virtual bool has_room(std::size_t i) const = 0;
    virtual void keep(std::span<const std::size_t> rows) = 0;
    virtual void branch(std::span<const std::size_t> rows) = 0;
    virtual void advance(std::span<const token_id> tokens) = 0;
};

} // namespace preflearn
