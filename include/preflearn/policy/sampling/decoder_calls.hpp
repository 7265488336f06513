/// \file
/// What `cached_decoder` and `continued_scores` do, whatever their model and backend: for loops that are compiled once.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <span>
#include <vector>

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

/// The members of `continued_scores` of the same names.
struct continued_calls {
    virtual ~continued_calls() = default;
    [[nodiscard]] virtual std::vector<double> log_probs(std::span<const token_completion> completions) = 0;
    [[nodiscard]] virtual std::size_t computed() const = 0;
};

} // namespace preflearn
