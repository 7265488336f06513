/// \file
/// Where a text stands in what is read. Many tokenizers mark the start of a text by a space that nobody wrote
/// (SentencePiece's dummy prefix, Metaspace, ByteLevel's add_prefix_space); a text that goes on must not be marked.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

namespace preflearn {

enum class text_position : std::uint8_t {
    start,        ///< it is the first
    after_added,  ///< right behind an added token, which it may be told apart from by a space
    continuation, ///< behind other text, as if both were one: nothing is put in front
};

} // namespace preflearn
