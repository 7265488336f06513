/// \file
/// The end token once: whether a response's text already ends in what ends a turn. Rendered conversations do, and
/// texts that were written with their end token; what learns to stop must not learn a second one.
/// As TRL's data preparation: nothing is added to conversations, and to texts only where it is missing.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

#include <preflearn/text/characters/unicode.hpp>
#include <preflearn/text/tokenizer.hpp>

namespace preflearn {

/// What ends a turn in the formats of common chat models; nobody writes these for anything else.
inline constexpr std::array<std::string_view, 12> end_of_turn_marks = {
    "<|im_end|>",      "<|eot_id|>",      "<|eom_id|>", "<end_of_turn>", "<|end|>", "<|endoftext|>",
    "<|end_of_text|>", "<|end_of_turn|>", "<|return|>", "<turn|>",       "<eos>",   "<|eos|>"};

/// Whether `response` ends, but for white space, in the tokenizer's end token or in another mark that ends a turn.
/// "</s>" counts where the tokenizer has such a token or the text has not opened it as "<s>". Text from strangers
/// (`special_tokens::plain`) has no marks.
inline bool ends_in_end_of_turn(const tokenizer& words, std::string_view response, special_tokens found) {
    if (found == special_tokens::plain) return false;
    const std::string_view text = without_space_at_end(response);
    if (const auto end = words.end_token()) {
        const std::string_view spelled = words.token_text(*end);
        // an ordinary word that serves as end token ends texts as a word
        if (words.added(*end) && !spelled.empty() && text.ends_with(spelled)) return true;
    }
    if (std::ranges::any_of(end_of_turn_marks, [&](std::string_view mark) { return text.ends_with(mark); }))
        return true;
    constexpr std::string_view closing = "</s>";
    return text.ends_with(closing) && (words.find(closing) || text.find("<s>") == std::string_view::npos);
}

} // namespace preflearn
