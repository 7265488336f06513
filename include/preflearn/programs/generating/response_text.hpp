/// \file
/// The text of tokens as they are drawn: stop strings are found in it wherever they lie across tokens, and a text never
/// ends within a character.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <preflearn/core/tokens.hpp>
#include <preflearn/policy/text/encoded_texts.hpp>
#include <preflearn/text/characters/unicode.hpp>
#include <preflearn/text/tokenizer.hpp>

namespace preflearn {

/// The text as UTF-8: without a character that is cut off at its end; other bytes that are none become U+FFFD.
inline std::string whole_characters(std::string_view text) {
    std::string whole;
    for (std::size_t at = 0; at < text.size();) {
        const character found = character_at(text, at);
        if (found.valid) {
            whole += text.substr(at, found.bytes);
            at += found.bytes;
            continue;
        }
        const auto first = static_cast<unsigned char>(text[at]);
        const std::size_t length = first >= 0xF0 && first <= 0xF4   ? 4
                                   : first >= 0xE0 && first <= 0xEF ? 3
                                   : first >= 0xC2 && first <= 0xDF ? 2
                                                                    : 1;
        const std::string_view rest = text.substr(at + 1);
        const bool cut = rest.size() + 1 < length && std::ranges::all_of(rest, [](char c) {
                             return (static_cast<unsigned char>(c) & 0xC0U) == 0x80;
                         });
        if (cut) break;
        append_utf8(whole, 0xFFFD);
        ++at;
    }
    return whole;
}

/// What ends a response beside its length.
struct response_ends {
    std::vector<token_id> tokens{}; ///< no part of the text
    std::vector<std::string> strings{};
};

/// A response as it grows. Refers to its prompt and to what ends it; copies grow apart.
class response_text {
  public:
    /// \param prompt the text that the response goes on behind
    response_text(encoded_texts& texts, std::string_view prompt, const response_ends& ends)
        : texts_(&texts), prompt_(prompt), ends_(&ends) {}

    /// Takes the next token. \returns whether the response has ended with it
    bool add(token_id token) {
        ++tokens_;
        if (std::ranges::find(ends_->tokens, token) != ends_->tokens.end()) return ended_ = true;
        const tokenizer& words = texts_->words();
        if (token < 0 || static_cast<std::size_t>(token) >= words.size()) return false; // padding has no text
        const std::size_t before = text_.size();
        drawn_.push_back(token);
        if (behind_word_)
            text_ += words.decode({&token, 1}, special_text::skip, text_position::continuation);
        else // a space may belong to the added token before it
            text_ = texts_->text_behind(prompt_, drawn_);
        behind_word_ = !words.is_special(token) && words.added(token) == nullptr;
        return find_stop(std::min(before, text_.size()));
    }
    /// Whether it ended by itself: with an end token or a stop string.
    [[nodiscard]] bool ended() const { return ended_; }
    /// How many were drawn, the end token and those of a stop string included.
    [[nodiscard]] std::size_t tokens() const { return tokens_; }
    /// Without what ended it.
    [[nodiscard]] std::string text() const { return whole_characters(text_); }

  private:
    bool find_stop(std::size_t before) {
        std::size_t first = std::string::npos;
        for (const std::string& stop : ends_->strings)
            first = std::min(first, text_.find(stop, before - std::min(before, stop.size() - 1)));
        if (first == std::string::npos) return false;
        text_.resize(first);
        return ended_ = true;
    }

    encoded_texts* texts_;
    std::string_view prompt_;
    const response_ends* ends_;
    std::vector<token_id> drawn_; ///< those that have a text
    std::string text_;
    std::size_t tokens_ = 0;
    bool behind_word_ = false, ended_ = false;
};

} // namespace preflearn
