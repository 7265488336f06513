/// \file
/// Token ids and views of token sequences.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>

#include <preflearn/core/comparison.hpp>

namespace preflearn {

using token_id = std::int32_t;

/// A view of token ids owned by someone else (a data set's ragged array, a caller's vector).
using token_span = std::span<const token_id>;

using token_completion = completion<token_span>;
using token_comparison = comparison<token_span>;

} // namespace preflearn
