/// \file
/// Token ids of texts, each encoded once: a training run asks for the same prompts and responses in every epoch, and
/// views of ids that stay in place are what a language model takes.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <preflearn/core/tokens.hpp>
#include <preflearn/text/tokenizer.hpp>

namespace preflearn {

/// Keeps every text that was asked for, until it is destroyed; views of ids stay valid as long. Safe from several
/// threads.
class encoded_texts {
  public:
    explicit encoded_texts(tokenizer words, special_tokens found = special_tokens::parse)
        : words_(std::move(words)), found_(found) {}
    encoded_texts(const encoded_texts&) = delete;
    encoded_texts& operator=(const encoded_texts&) = delete;

    /// The text's tokens alone.
    [[nodiscard]] token_span plain(std::string_view text) { return begun(text).subspan(begins()); }
    /// After the begin token, where the tokenizer's file asks for one.
    [[nodiscard]] token_span begun(std::string_view text) {
        const token_span ids = framed(text);
        return ids.first(ids.size() - ends());
    }
    /// Before the end token, where the tokenizer has one.
    [[nodiscard]] token_span ended(std::string_view text) { return framed(text).subspan(begins()); }

    [[nodiscard]] const tokenizer& words() const { return words_; }

  private:
    struct hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
    };

    [[nodiscard]] std::size_t begins() const { return words_.begin_token() ? 1 : 0; }
    [[nodiscard]] std::size_t ends() const { return words_.end_token() ? 1 : 0; }

    /// One entry serves as prompt and as response: begin token, text, end token.
    token_span framed(std::string_view text) {
        {
            const std::scoped_lock lock(guard_);
            if (const auto known = ids_.find(text); known != ids_.end()) return known->second;
        }
        const std::vector<token_id> inner = words_.encode(text, found_);
        std::vector<token_id> ids;
        ids.reserve(inner.size() + 2);
        if (const auto begin = words_.begin_token()) ids.push_back(*begin);
        ids.insert(ids.end(), inner.begin(), inner.end());
        if (const auto end = words_.end_token()) ids.push_back(*end);
        const std::scoped_lock lock(guard_);
        return ids_.try_emplace(std::string(text), std::move(ids)).first->second;
    }

    tokenizer words_;
    special_tokens found_;
    std::mutex guard_;
    std::unordered_map<std::string, std::vector<token_id>, hash, std::equal_to<>> ids_;
};

} // namespace preflearn
