/// \file
/// Added tokens (<|im_end|>, </s>, …) are found in the text before anything else cuts it: the leftmost, and of those
/// that begin there the longest. They are kept in a trie, so a text is searched in one pass.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <preflearn/core/tokens.hpp>
#include <preflearn/text/characters/unicode.hpp>

namespace preflearn {

/// A token that is found as it stands, with the flags of tokenizer.json.
struct added_token {
    token_id id = -1;
    std::string text;
    bool special = true;       ///< a control token: not part of what is said
    bool strips_left = false;  ///< takes the white space before it
    bool strips_right = false; ///< takes the white space after it
    bool single_word = false;  ///< found only between characters that are not \w
    bool normalised = false;   ///< searched in the normalised text (and its own text is normalised too)
};

/// Finds the added tokens in texts.
class added_token_search {
  public:
    /// Tokens with an empty text are never found; where texts repeat, the first counts.
    explicit added_token_search(std::vector<added_token> tokens = {}) : tokens_(std::move(tokens)), roots_(256, none) {
        for (std::size_t i = 0; i < tokens_.size(); ++i) insert(static_cast<std::uint32_t>(i));
    }

    /// Calls `on_text(view)` and `on_token(added_token)` for the parts of `text` in order. Special tokens are passed
    /// over as plain text unless `finds_special`.
    template <class OnText, class OnToken>
    void split(std::string_view text, bool finds_special, OnText&& on_text, OnToken&& on_token) const {
        std::size_t done = 0;
        for (std::size_t at = 0; at < text.size();) {
            const added_token* const found = longest_at(text, at);
            if (!found) {
                ++at;
                continue;
            }
            std::size_t begin = at, end = at + found->text.size();
            at = end;
            if (found->special && !finds_special) continue;
            if (found->single_word && touches_word(text, begin, end)) continue;
            if (found->strips_left) {
                while (begin > done) {
                    const std::size_t last = last_character(text.substr(0, begin));
                    if (last < done || !is_space(text, last)) break;
                    begin = last;
                }
            }
            if (found->strips_right) {
                while (end < text.size() && is_space(text, end)) end += character_at(text, end).bytes;
            }
            if (done < begin) on_text(text.substr(done, begin - done));
            on_token(*found);
            done = end;
        }
        if (done < text.size()) on_text(text.substr(done));
    }

    [[nodiscard]] bool empty() const { return tokens_.empty(); }

  private:
    static constexpr std::uint32_t none = ~std::uint32_t{0};
    struct node {
        std::uint32_t token = none;
        std::uint32_t child = none;
        std::uint32_t sibling = none;
        char byte = 0;
    };

    static bool is_space(std::string_view text, std::size_t at) {
        return class_of(character_at(text, at)) == character_class::space;
    }
    static bool touches_word(std::string_view text, std::size_t begin, std::size_t end) {
        const auto word = [&](std::size_t at) {
            const character c = character_at(text, at);
            return c.valid && is_word(c.code);
        };
        return (begin > 0 && word(last_character(text.substr(0, begin)))) || (end < text.size() && word(end));
    }

    [[nodiscard]] std::uint32_t child_of(std::uint32_t parent, char byte) const {
        std::uint32_t at = nodes_[parent].child;
        while (at != none && nodes_[at].byte != byte) at = nodes_[at].sibling;
        return at;
    }
    void insert(std::uint32_t token) {
        const std::string& text = tokens_[token].text;
        if (text.empty()) return;
        std::uint32_t& root = roots_[static_cast<unsigned char>(text[0])];
        if (root == none) {
            root = static_cast<std::uint32_t>(nodes_.size());
            nodes_.push_back({none, none, none, text[0]});
        }
        std::uint32_t at = root;
        for (const char byte : std::string_view(text).substr(1)) {
            std::uint32_t next = child_of(at, byte);
            if (next == none) {
                next = static_cast<std::uint32_t>(nodes_.size());
                nodes_.push_back({none, none, nodes_[at].child, byte});
                nodes_[at].child = next;
            }
            at = next;
        }
        if (nodes_[at].token == none) nodes_[at].token = token;
    }
    [[nodiscard]] const added_token* longest_at(std::string_view text, std::size_t at) const {
        const added_token* best = nullptr;
        for (std::uint32_t here = roots_[static_cast<unsigned char>(text[at])]; here != none;) {
            if (nodes_[here].token != none) best = &tokens_[nodes_[here].token];
            if (++at == text.size()) break;
            here = child_of(here, text[at]);
        }
        return best;
    }

    std::vector<added_token> tokens_;
    std::vector<std::uint32_t> roots_; ///< by first byte
    std::vector<node> nodes_;
};

} // namespace preflearn
